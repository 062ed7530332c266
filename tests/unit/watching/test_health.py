"""Whether the daemon is alive, whether it is ready, and why not."""

from __future__ import annotations

from fluxcc.watching.health import STUCK

from .conftest import Watched


def test_all_is_well(watched: Watched) -> None:
    assert watched.get("/healthz") == watched.get("/readyz") == ("200 OK", "ok\n")
    assert watched.value("fluxcc_ready") == 1


def test_without_a_link_it_lives_and_is_not_ready(watched: Watched) -> None:
    watched.world.pbx.lose()
    assert watched.get("/healthz")[0] == "200 OK"
    assert watched.get("/readyz") == (
        "503 Service Unavailable",
        "no link to FreeSWITCH: reading failed\n",
    )
    assert watched.value("fluxcc_ready") == 0


def test_every_reason_is_told(watched: Watched) -> None:
    watched.world.pbx.lose()
    watched.world.store.failure = "the disk is full"
    watched.world.caller_dials()
    watched.world.journal.flush()
    page = watched.get("/readyz")[1]
    assert page.splitlines() == [
        "no link to FreeSWITCH: reading failed",
        "the store cannot be written: the disk is full",
    ]


def test_a_store_that_nobody_writes_to_is_found_out(watched: Watched) -> None:
    watched.world.store.failure = "the disk is full"
    assert not watched.world.journal.wait_for_work()
    watched.world.journal.check_store()
    assert watched.get("/readyz")[0].startswith("503")
    watched.world.store.failure = ""
    watched.world.journal.check_store()
    assert watched.get("/readyz")[0] == "200 OK"


def test_a_loop_that_does_not_turn_is_ill(watched: Watched) -> None:
    watched.world.clock.step(STUCK + 1)
    assert watched.get("/healthz") == (
        "503 Service Unavailable",
        "the loop has been stuck for 61 s\n",
    )
    watched.turned = watched.world.clock.monotonic()
    assert watched.get("/healthz")[0] == "200 OK"
