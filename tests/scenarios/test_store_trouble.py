"""The store cannot be written: the job is done all the same, and its record follows
(contract, sections 1 to 4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.waiting import until

from .pbx import empty_gate
from .people import STRANGERS, Person
from .scene import Scene
from .tap import Tap


@contextmanager
def locked(daemon: Daemon) -> Iterator[None]:
    """Somebody else holds the file's lock."""
    connection = sqlite3.connect(daemon.database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


def test_a_prank_is_carried_out_and_its_record_follows(scene: Scene) -> None:
    """The call ends, the number is refused, the reply and ``status`` say that a record waits."""
    call = scene.talk(scene.number)
    with scene.daemon.board() as board, locked(scene.daemon):
        reply = board.prank("1000")
        assert (reply.code, reply.number, reply.blocked) == ("blocked", scene.number, True)
        assert reply.headers["Fluxcc-Record"] == "pending"
        assert scene.are_gone(*call.call["legs"])
        assert scene.is_refused(scene.person.other_spellings[0])
        assert scene.daemon.block_of(scene.number) is None

        status = until(lambda: _failing(scene.daemon), "status tells of it")
        assert status["records_pending"] > 0
        assert "locked" in status["store_failure"]
        assert "CANNOT be written" in scene.daemon.cli("status").stdout

    block = until(lambda: scene.daemon.block_of(scene.number), "the block is written")
    assert (block.by, block.until) == ("agent:1000", reply.expires)
    until(lambda: scene.daemon.block_of(scene.number).attempts == 1, "the attempt is written")
    (row,) = until(
        lambda: scene.daemon.store.audit(number=scene.number, limit=9),
        "the audit is written",
    )
    assert (row.request, row.code) == (reply.request, "blocked")
    until(lambda: not scene.daemon.status()["records_pending"], "nothing waits any more")
    assert scene.daemon.status()["store_failure"] == ""
    with scene.daemon.board() as board:
        assert "Fluxcc-Record" not in board.prank("1000").headers


def test_an_operators_block_too(scene: Scene) -> None:
    """Contract, section 4: exit code 0, and the sentence says that the record is pending."""
    with locked(scene.daemon):
        printed = scene.daemon.cli("--json", "block", scene.number)
        assert (printed.code, printed.json["record_pending"]) == (0, True)
        assert scene.is_refused(scene.number)
    block = until(lambda: scene.daemon.block_of(scene.number), "the block is written")
    assert block.until == printed.json["expires"]


def test_boards_are_told_of_attempts_meanwhile(scene: Scene, tap: Tap) -> None:
    """Notices do not wait for the store."""
    assert scene.daemon.cli("block", scene.number).code == 0
    with locked(scene.daemon):
        assert scene.is_refused(scene.number)
        tap.wait(lambda event: event.get("Event-Subclass") == "fluxcc::attempt", "the notice")


def test_a_daemon_that_finds_the_store_locked_takes_over_what_it_holds_later(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person
) -> None:
    """It works without the store; what the store knows is enforced once it is back."""
    somebody_else = next(STRANGERS)
    daemon = make_daemon()
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    daemon.kill()
    empty_gate(lab)
    with locked(daemon):
        daemon.start()
        printed = daemon.cli("--json", "block", somebody_else.number)
        assert (printed.code, printed.json["record_pending"]) == (0, True)
        assert is_refused(lab, somebody_else.number)
    until(lambda: daemon.block_of(somebody_else.number), "the block is written")
    until(lambda: daemon.status()["blocks"] == 2, "the old block is known")
    until(
        lambda: lab.api(f"hash select/fluxcc_block/{person.number}").isdigit(),
        "the old block is enforced",
    )


def _failing(daemon: Daemon) -> dict | None:
    status = daemon.status()
    return status if status["store_failure"] else None
