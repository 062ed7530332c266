"""An action where the agent's telephone stays connected between calls (contract, section 1a): only
the customer's leg is touched, and the telephone must be seen to have left it."""

from __future__ import annotations

import pytest

from fluxcc.core.requests.confirmation import ASK_AFTER, CONFIRMATION_TIMEOUT
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from tests.builders import World, a_request
from tests.unit.core.requests.moves import BILLING, go_to_survey, set_up


@pytest.fixture
def standing(world: World) -> World:
    """A call that talks, with an agent whose telephone stays connected."""
    set_up(world, BILLING)
    world.hear("CHANNEL_ANSWER", "telephone", variable_fluxcc_standing="true")
    return world


def ends(world: World, *, is_told: bool = True) -> None:
    """The customer's leg hangs up; and FreeSWITCH tells that the bridge has ended."""

    def end(leg: str, cause: str) -> None:
        if is_told:
            world.unbridged("customer", "telephone")
        world.hung_up(leg, cause)

    world.pbx.on_end = end


@pytest.mark.parametrize(
    ("action", "code"), [(Action.HANGUP, Code.ENDED), (Action.PRANK, Code.BLOCKED)]
)
def test_only_the_customer_is_hung_up(standing: World, action: Action, code: Code) -> None:
    ends(standing)
    reply = standing.ask(a_request(action))
    assert (reply.status, reply.code) == (Status.OK, code)
    assert len([line for line in standing.story if line.startswith("end")]) == 1
    assert list(standing.tracker.legs) == ["telephone"]
    assert standing.tracker.calls == {}
    assert standing.tracker.watchers.count == 0


def test_after_a_transfer_the_telephone_is_not_hung_up(standing: World) -> None:
    go_to_survey(standing)
    reply = standing.ask(a_request(Action.TRANSFER, service="billing"))
    assert reply.code is Code.TRANSFERRED
    assert not [line for line in standing.story if line.startswith("end")]
    assert standing.agent_calls("1000") == []


@pytest.mark.parametrize("order", [("telephone", "customer"), ("customer", "telephone")])
def test_both_must_be_seen(standing: World, order: tuple[str, str]) -> None:
    """The customer's end and the telephone's parting, whichever is told first."""
    standing.pbx.on_end = lambda leg, cause: None
    told = list(order)
    at: list[float] = []

    def flush_events() -> None:
        at.append(standing.clock.monotonic())
        if len(at) not in (2, 4):
            return
        if told.pop(0) == "customer":
            standing.hear("CHANNEL_HANGUP", "customer")
        else:
            standing.unbridged("customer", "telephone")

    standing.pbx.on_flush = flush_events
    assert standing.ask(a_request(Action.HANGUP)).code is Code.ENDED
    assert len(at) == 4


def test_a_telephone_that_hangs_up_all_the_same_has_left_it_too(standing: World) -> None:
    def end(leg: str, cause: str) -> None:
        standing.hung_up(leg, cause)
        standing.hung_up("telephone")

    standing.pbx.on_end = end
    assert standing.ask(a_request(Action.HANGUP)).code is Code.ENDED


def test_a_parting_whose_event_was_dropped_is_asked_for(standing: World) -> None:
    """Under overload. The telephone lives on; that the customer has gone says enough."""
    ends(standing, is_told=False)
    standing.pbx.legs = {"customer", "telephone"}
    standing.runtime.meanwhile.append(lambda: standing.pbx.legs.discard("customer"))
    began = standing.clock.monotonic()
    assert standing.ask(a_request(Action.HANGUP)).code is Code.ENDED
    assert ASK_AFTER <= standing.clock.monotonic() - began < ASK_AFTER + 0.2


def test_a_customer_who_hangs_up_before_the_first_command_needs_no_second_parting(
    standing: World,
) -> None:
    """That was told while the audit's row was on its way to the disk."""
    hung_up: list[bool] = []

    def hang_up() -> None:
        if not hung_up:
            hung_up.append(True)
            standing.unbridged("customer", "telephone")
            standing.hung_up("customer")

    standing.runtime.meanwhile.append(hang_up)
    standing.pbx.on_end = lambda leg, cause: None
    began = standing.clock.monotonic()
    assert standing.ask(a_request(Action.HANGUP)).code is Code.ENDED
    assert standing.clock.monotonic() - began < ASK_AFTER


def test_a_customer_who_stays_is_a_failure(standing: World) -> None:
    standing.pbx.on_end = lambda leg, cause: None
    began = standing.clock.monotonic()
    reply = standing.ask(a_request(Action.HANGUP))
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
    assert CONFIRMATION_TIMEOUT <= standing.clock.monotonic() - began < 5
