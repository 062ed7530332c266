"""An extension's number, presented on a trunk, is no way round a block (docs/security.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon

from .conftest import Talk, are_gone, is_refused, is_talking
from .people import Person


@pytest.fixture
def refusing(lab: Lab, daemon: Daemon) -> Iterator[None]:
    """The administrator lets no extension's number in from a trunk."""
    assert "+OK" in lab.api("global_setvar fluxcc_refuse_internal=^[0-9]{2,6}$")
    yield
    lab.api("global_setvar fluxcc_refuse_internal=")


def test_as_delivered_the_call_ends_and_the_audit_says_what_it_was(
    lab: Lab, daemon: Daemon, board: Board, talk: Callable[..., Talk]
) -> None:
    """Contract, section 1: internal numbers are never blocked, the number can call again at
    once."""
    call = talk("4321")
    reply = board.prank("1000")
    assert reply.code == "not-blocked-internal"
    assert are_gone(lab, call.customer, call.agent_leg)
    assert not is_refused(lab, "4321")
    row = daemon.audited(reply.request)
    assert (row["number"], row["subject"]) == ("4321", "internal-number-on-trunk")


def test_who_presents_an_agents_number_is_not_that_agent(
    lab: Lab, board: Board, number: str, talk: Callable[..., Talk]
) -> None:
    """Else 1000's own request would be ambiguous, and act on the liar's call."""
    call = talk(number, "1000")
    liars = talk("1000", "1001")
    reply = board.ask("hangup", "1000", call=liars.customer)
    assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert is_talking(lab, liars)
    reply = board.prank("1000")
    assert (reply.code, reply.call) == ("blocked", call.customer)


@pytest.mark.usefixtures("refusing")
def test_the_gate_refuses_them_where_the_administrator_says_so(
    lab: Lab, daemon: Daemon, person: Person
) -> None:
    for number in ("1000", "4321", "55"):
        assert is_refused(lab, number)
    assert not is_refused(lab, person.number)
    # Telephones come in on another context.
    caller = lab.call("1001", "1000", from_phones=True)
    caller.wait_answered()
    caller.hang_up()


@pytest.mark.usefixtures("refusing")
def test_the_gate_refuses_them_also_while_the_daemon_is_down(lab: Lab, daemon: Daemon) -> None:
    daemon.stop()
    assert is_refused(lab, "1000")
