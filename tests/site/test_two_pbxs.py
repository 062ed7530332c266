"""Two PBXs, each with its daemon, and a PostgreSQL that they share: who is marked on one is refused
on both (contract, section 9)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest

from fluxcc.core.site.recording import LAG
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.simulated import SimulatedLab
from tests.scenarios.people import STRANGERS, Person
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.postgresql import stopped_server
from tests.testing.waiting import until

HISTORY_SOON = 5.0
"""Seconds within which history is everywhere (contract, section 9)."""
SOON = 10.0
"""Seconds for which the other PBX is waited for; it takes a tenth of one."""


class Pair(NamedTuple):
    """Two nodes of one site."""

    here: Daemon
    there: Daemon


@pytest.fixture(scope="module")
def labs() -> Iterator[tuple[Lab, Lab]]:
    """Two PBXs with the kit."""
    with SimulatedLab() as one, SimulatedLab() as other:
        for lab in (one, other):
            lab.install_kit(find_kit())
        yield one, other


@pytest.fixture
def pair(labs: tuple[Lab, Lab], site_url: str, tmp_path: Path) -> Iterator[Pair]:
    """A site of two nodes, which run."""
    daemons = []
    with ExitStack() as opened:
        for number, lab in enumerate(labs, 1):
            folder = tmp_path / f"pbx{number}"
            folder.mkdir()
            settings = {"FLUXCC_SITE_URL": site_url, "FLUXCC_PBX_NODE": f"pbx{number}"}
            daemons.append(Daemon(lab, folder, settings))
            opened.callback(daemons[-1].close)
            daemons[-1].start()
        yield Pair(*daemons)


@pytest.fixture
def person() -> Person:
    """A caller who never called before."""
    return next(STRANGERS)


def blocked(daemon: Daemon, number: str) -> list[dict[str, object]]:
    """The number's blocks, as the daemon tells them."""
    return [each for each in daemon.operate("blocks")["reading"] if each["number"] == number]


def wait_blocked(daemon: Daemon, number: str) -> dict[str, object]:
    """The number's one block, as soon as the daemon has it."""
    told = "it is blocked there too; the log:\n"
    (block,) = until(lambda: blocked(daemon, number), lambda: told + daemon.log, SOON)
    return block


def wait_free(daemon: Daemon, number: str) -> None:
    """Return once the number is not blocked."""
    until(lambda: not blocked(daemon, number), "it is free there too", SOON)


def test_who_is_marked_on_one_is_refused_on_both_and_freed_on_both(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    assert not is_refused(there.lab, person.number)
    here.lab.call(person.number, "1000").wait_answered()
    here.wait_talking(person.number)
    with here.board() as board:
        reply = board.prank("1000")
        assert (reply.code, reply.blocked) == ("blocked", True)
    block = wait_blocked(there, person.number)
    assert (block["origin"], block["by"], block["until"]) == ("pbx1", "agent:1000", reply.expires)
    until(lambda: is_refused(there.lab, person.number), "refused on the other", SOON)
    assert is_refused(here.lab, person.number)

    assert there.cli("unblock", person.number).code == 0
    wait_free(here, person.number)
    until(lambda: not is_refused(here.lab, person.number), "let in on the first", SOON)
    assert not is_refused(there.lab, person.number)


def test_boards_on_each_are_told_of_a_mark_on_another(pair: Pair, person: Person) -> None:
    here, there = pair
    with there.board(notices=True) as board:
        assert here.cli("block", person.number, "--for", "90s").code == 0
        wait_blocked(there, person.number)
        notice = next(board.notices(SOON))
    assert (notice["Fluxcc-Change"], notice["Fluxcc-Number"]) == ("blocked", person.number)


def is_told(daemon: Daemon) -> bool:
    """Whether the site has everything that the daemon has to tell."""
    with closing(sqlite3.connect(daemon.database)) as store:
        return not store.execute("SELECT * FROM outbox").fetchall()


def test_a_block_runs_out_on_both_and_one_row_of_the_audit_says_so(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    assert here.cli("block", person.number, "--for", "3s").code == 0
    wait_blocked(there, person.number)
    for daemon in pair:
        wait_free(daemon, person.number)
        assert not is_refused(daemon.lab, person.number)

    def ends() -> list[dict[str, object]]:
        # Each shows the rows of both.
        rows = audited(here)
        return [r for r in rows if r["action"] == "expire" and r["number"] == person.number]

    until(ends, "a row says so", SOON)
    until(lambda: all(map(is_told, pair)), "both asked whether to write it", SOON)
    (row,) = ends()
    assert (row["by"], row["status"]) == ("time", "ok")


def test_attempts_on_both_are_summed(pair: Pair, person: Person) -> None:
    here, there = pair
    assert here.cli("block", person.number).code == 0
    wait_blocked(there, person.number)
    for lab in (here.lab, there.lab, there.lab):
        assert is_refused(lab, person.number)

    def attempts() -> list[object]:
        return [wait_blocked(daemon, person.number)["attempts"] for daemon in pair]

    until(lambda: attempts() == [3, 3], lambda: f"all are counted on both: {attempts()}", SOON)


def test_what_was_marked_while_one_was_down_is_refused_there_when_it_is_back(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    there.kill()
    assert here.cli("block", person.number).code == 0
    assert not is_refused(there.lab, person.number)
    there.start()
    wait_blocked(there, person.number)
    until(lambda: is_refused(there.lab, person.number), "refused there", SOON)


def audited(daemon: Daemon, *options: str) -> list[dict[str, object]]:
    """Rows of the whole site's audit, as asked for beside that daemon."""
    found: list[dict[str, object]] = json.loads(daemon.cli("audit", "--json", *options).stdout)
    return found


def test_what_was_done_on_one_is_read_beside_the_other_within_seconds(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    assert here.cli("block", person.number, "--for", "2s").code == 0

    def rows() -> list[tuple[object, object]]:
        found = audited(there, "--number", person.number)
        return sorted((row["action"], row["node"]) for row in found)

    until(lambda: ("block", "pbx1") in rows(), lambda: there.log, HISTORY_SOON)
    # Both let it run out, and one of them says so.
    until(lambda: len(rows()) == 2, lambda: here.log + there.log, 2 + HISTORY_SOON)
    time.sleep(2 * LAG)
    assert [action for action, _ in rows()] == ["block", "expire"]


def test_history_of_an_outage_follows_and_an_erasure_too(
    pair: Pair, person: Person, postgresql_server: str
) -> None:
    here, there = pair
    assert here.cli("block", person.number, "--for", "1s").code == 0
    until(lambda: audited(there, "--number", person.number), lambda: here.log, HISTORY_SOON)
    until(lambda: not blocked(here, person.number), "it has run out", SOON)
    with stopped_server(postgresql_server):
        assert here.cli("check", person.number).code == 0
        erased = json.loads(here.cli("db", "purge", "--number", person.number, "--json").stdout)
        assert "site" in erased["left"]
        here.kill()
    here.start()
    # What the other one has in its own store, as the row that it ran out, is not reached.
    until(
        lambda: not audited(there, "--number", person.number, "--node", "pbx1"),
        lambda: here.log,
        SOON + HISTORY_SOON,
    )


def test_without_its_database_each_goes_on_and_tells_later(
    pair: Pair, person: Person, postgresql_server: str
) -> None:
    here, there = pair
    with stopped_server(postgresql_server):
        began = time.monotonic()
        assert here.cli("block", person.number).code == 0
        assert time.monotonic() - began < 3
        assert is_refused(here.lab, person.number)
        here.kill()
        assert not blocked(there, person.number)
    here.start()
    wait_blocked(there, person.number)


def test_a_daemon_can_be_ended_while_its_database_does_not_answer(
    pair: Pair, postgresql_server: str
) -> None:
    with stopped_server(postgresql_server):
        began = time.monotonic()
        assert pair.here.stop() == 0
        assert time.monotonic() - began < 3
