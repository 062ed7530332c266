"""An extension's number, presented on a trunk, is no way round a block (docs/security.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .scene import Scene


@pytest.fixture
def refusing(scene: Scene) -> Iterator[None]:
    """The administrator lets no extension's number in from a trunk."""
    assert "+OK" in scene.lab.api("global_setvar fluxcc_refuse_internal=^[0-9]{2,6}$")
    yield
    scene.lab.api("global_setvar fluxcc_refuse_internal=")


def test_as_delivered_the_call_ends_and_the_audit_says_what_it_was(scene: Scene) -> None:
    """Contract, section 1: internal numbers are never blocked, the number can call again at
    once."""
    call = scene.talk("4321")
    reply = scene.board.prank("1000")
    assert reply.code == "not-blocked-internal"
    assert scene.are_gone(call.customer, call.agent_leg)
    assert not scene.is_refused("4321")
    row = scene.daemon.audited(reply.request)
    assert (row["number"], row["subject"]) == ("4321", "internal-number-on-trunk")


def test_who_presents_an_agents_number_is_not_that_agent(scene: Scene) -> None:
    """Else 1000's own request would be ambiguous, and act on the liar's call."""
    call = scene.talk(scene.number, "1000")
    liars = scene.talk("1000", "1001")
    reply = scene.board.ask("hangup", "1000", call=liars.customer)
    assert (reply.status, reply.code) == ("refused", "not-your-call")
    assert liars.is_up
    reply = scene.board.prank("1000")
    assert (reply.code, reply.call) == ("blocked", call.customer)


@pytest.mark.usefixtures("refusing")
def test_the_gate_refuses_them_where_the_administrator_says_so(scene: Scene) -> None:
    for number in ("1000", "4321", "55"):
        assert scene.is_refused(number)
    assert not scene.is_refused(scene.number)
    # Telephones come in on another context.
    caller = scene.lab.call("1001", "1000", from_phones=True)
    caller.wait_answered()
    caller.hang_up()


@pytest.mark.usefixtures("refusing")
def test_the_gate_refuses_them_also_while_the_daemon_is_down(scene: Scene) -> None:
    scene.daemon.stop()
    assert scene.is_refused("1000")
