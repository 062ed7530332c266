"""The store cannot be written: the job is done all the same, and its record follows
(contract, sections 1 to 4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import Talk, are_gone, empty_gate, is_refused
from .people import Person
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


def test_a_prank_is_carried_out_and_its_record_follows(
    lab: Lab, daemon: Daemon, person: Person, talk: Callable[..., Talk]
) -> None:
    """The call ends, the number is refused, the reply and ``status`` say that a record waits."""
    call = talk(person.number)
    with daemon.board() as board, locked(daemon):
        reply = board.prank("1000")
        assert (reply.code, reply.number, reply.blocked) == ("blocked", person.number, True)
        assert reply.headers["Fluxcc-Record"] == "pending"
        assert are_gone(lab, *call.call["legs"])
        assert is_refused(lab, person.other_spellings[0])
        assert daemon.block_of(person.number) is None

        status = until(lambda: _failing(daemon), "status tells of it")
        assert status["records_pending"] > 0
        assert "locked" in status["store_failure"]
        assert "CANNOT be written" in daemon.cli("status").stdout

    block = until(lambda: daemon.block_of(person.number), "the block is written")
    assert (block.by, block.until) == ("agent:1000", reply.expires)
    until(lambda: daemon.block_of(person.number).attempts == 1, "the attempt is written")
    (row,) = until(
        lambda: daemon.store.audit(number=person.number, limit=9), "the audit is written"
    )
    assert (row.request, row.code) == (reply.request, "blocked")
    until(lambda: not daemon.status()["records_pending"], "nothing waits any more")
    assert daemon.status()["store_failure"] == ""
    with daemon.board() as board:
        assert "Fluxcc-Record" not in board.prank("1000").headers


def test_an_operators_block_too(lab: Lab, daemon: Daemon, person: Person) -> None:
    """Contract, section 4: exit code 0, and the sentence says that the record is pending."""
    with locked(daemon):
        printed = daemon.cli("--json", "block", person.number)
        assert (printed.code, printed.json["record_pending"]) == (0, True)
        assert is_refused(lab, person.number)
    block = until(lambda: daemon.block_of(person.number), "the block is written")
    assert block.until == printed.json["expires"]


def test_boards_are_told_of_attempts_meanwhile(
    lab: Lab, daemon: Daemon, tap: Tap, person: Person
) -> None:
    """Notices do not wait for the store."""
    assert daemon.cli("block", person.number).code == 0
    with locked(daemon):
        assert is_refused(lab, person.number)
        tap.wait(lambda event: event.get("Event-Subclass") == "fluxcc::attempt", "the notice")


def test_a_daemon_that_finds_the_store_locked_takes_over_what_it_holds_later(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person, somebody_else: Person
) -> None:
    """It works without the store; what the store knows is enforced once it is back."""
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
