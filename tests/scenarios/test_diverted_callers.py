"""``[blocks] divert``: a blocked caller goes elsewhere in place of being refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .people import Person

DIVERTED = "9999"
"""An extension of the trunk's context that answers and parks."""


@pytest.fixture
def daemon(make_daemon) -> Daemon:
    """One that diverts."""
    daemon: Daemon = make_daemon(FLUXCC_BLOCKS_DIVERT=DIVERTED)
    daemon.start()
    return daemon


@pytest.fixture
def without_kit(lab: Lab, daemon: Daemon) -> Iterator[None]:
    """The daemon stands in for the gate."""
    lab.install_kit(None)
    yield
    lab.install_kit(find_kit())


def is_diverted(lab: Lab, number: str) -> bool:
    """Whether a call to agent 1000 goes to ``DIVERTED``."""
    caller = lab.call(number, "1000")
    caller.wait_answered()
    try:
        until(lambda: "9999" in lab.api("show channels"), "the call is where it goes")
    finally:
        rows = lab.api("show channels")
        caller.hang_up()
    return "sofia/internal/1000" not in rows


def test_the_gate_diverts_also_while_the_daemon_is_down(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    """The destination is in the context of the gate, which lets the caller pass to it."""
    assert daemon.cli("block", person.number).code == 0
    assert is_diverted(lab, person.number)
    until(lambda: daemon.block_of(person.number).attempts == 1, "the attempt is counted")
    daemon.kill()
    assert is_diverted(lab, person.other_spellings[1])


@pytest.mark.usefixtures("without_kit")
def test_the_daemon_diverts_where_it_stands_in_for_the_gate(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    """In the context in which the call came in."""
    assert daemon.cli("block", person.number).code == 0
    assert is_diverted(lab, person.number)


def test_without_it_callers_are_refused_again(lab: Lab, make_daemon, person: Person) -> None:
    """The gate forgets the destination when the daemon is started without it."""
    daemon = make_daemon()
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    assert lab.call(person.number, "1000").wait_ended() == 603
