"""Calls as a real FreeSWITCH's event socket told them, replayed into the tracker.

``tests/streams/`` has the whole frames, one file a scenario.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.pbx import events
from tests.builders import DECODER, STREAMS, World, recorded_bodies

CUSTOMER, SECOND_CUSTOMER = "5511988887777", "5521977776666"

# scenario → number, agent, group, outcome, cause
CALLS = {
    "direct_agent_hangs_up": (CUSTOMER, "1000", "sales", "answered", "NORMAL_CLEARING"),
    "direct_caller_killed": (CUSTOMER, "1000", "sales", "answered", "CALL_REJECTED"),
    "never_answered": (SECOND_CUSTOMER, "", "", "unanswered", "MANAGER_REQUEST"),
    "queue_call": (f"+{CUSTOMER}", "1000", "sales", "answered", "NORMAL_CLEARING"),
    "queue_to_service": (SECOND_CUSTOMER, "1001", "sales", "answered", "MANAGER_REQUEST"),
    "survey_after_agent_leaves": (SECOND_CUSTOMER, "1000", "sales", "answered", "MANAGER_REQUEST"),
    "transfer_to_nowhere": (SECOND_CUSTOMER, "1000", "sales", "answered", "NO_ROUTE_DESTINATION"),
}
EVENTS = {
    scenario: [DECODER.event(body) for body in recorded_bodies(scenario)] for scenario in CALLS
}


def kept(world: World) -> CallRecord:
    """The one call that history has."""
    world.journal.flush()
    (call,) = world.store.calls.values()
    return call


def test_every_recorded_scenario_is_replayed_here() -> None:
    assert {path.name.removesuffix(".esl.gz") for path in STREAMS.glob("*.esl.gz")} == set(CALLS)


@pytest.mark.parametrize("scenario", CALLS)
def test_a_recorded_call_is_understood_and_leaves_nothing_behind(
    world: World, scenario: str
) -> None:
    for event in EVENTS[scenario]:
        world.handle(event)
    call = kept(world)
    assert (call.number, str(call.agent), call.group, call.outcome, call.cause) == CALLS[scenario]
    assert call.direction == "received"
    assert call.ended is not None
    assert not world.tracker.legs
    assert not world.tracker.calls


@pytest.mark.parametrize("scenario", [name for name in CALLS if name != "never_answered"])
def test_while_they_talk_the_agent_has_exactly_this_call(world: World, scenario: str) -> None:
    agent = CALLS[scenario][1]
    for event in EVENTS[scenario]:
        world.handle(event)
        if event.name == "CHANNEL_BRIDGE":
            (call,) = world.agent_calls(agent)
            view = world.views.seen_by(call, Agent(agent))
            assert (view.customer, view.agent_leg) == (event.bridge_a, event.bridge_b)
            assert (view.number, view.group) == (CALLS[scenario][0], "sales")
            assert view.is_bridged
    assert world.agent_calls(agent) == []


@pytest.mark.parametrize("scenario", [name for name in CALLS if name.startswith("queue")])
def test_a_queues_call_is_one_call_while_the_telephone_rings_and_nobodys_yet(
    world: World, scenario: str
) -> None:
    for event in EVENTS[scenario]:
        world.handle(event)
        if event.name == "CHANNEL_CREATE" and event.direction == "outbound":
            break
    (call,) = world.tracker.calls.values()
    assert {leg.uuid for leg in call.legs} == set(world.tracker.legs)
    with pytest.raises(RefusedError) as refused:
        world.views.find(Agent(CALLS[scenario][1]), "", by_operator=False)
    assert refused.value.code is Code.NO_LIVE_CALL


def test_the_customer_who_goes_on_after_the_agent_left_still_has_the_call(world: World) -> None:
    """The survey comes after the agent's leg has gone."""
    for event in EVENTS["survey_after_agent_leaves"]:
        if event.name == events.HEARTBEAT:
            (call,) = world.tracker.calls.values()
            assert call.customer is not None
            assert call.agent_leg is None
            assert world.agent_calls("1000") == []
        world.handle(event)


def is_clean(world: World) -> bool:
    """Whether nothing of any leg or call is left."""
    tracker = world.tracker
    return not (tracker.legs or tracker.calls or world.agent_calls("1000"))


@settings(max_examples=60)
@given(data=st.data())
def test_recorded_events_in_any_order_doubled_or_missing_leave_nothing_once_the_legs_ended(
    data: st.DataObject,
) -> None:
    scenarios = data.draw(st.lists(st.sampled_from(sorted(CALLS)), min_size=1, max_size=3))
    events = [event for scenario in scenarios for event in EVENTS[scenario]]
    mixed = data.draw(st.lists(st.sampled_from(events), max_size=40))
    ends = [event for event in events if event.name in ("CHANNEL_HANGUP", "CHANNEL_DESTROY")]
    world = World()
    for event in mixed + data.draw(st.permutations(ends)):
        world.handle(event)
    assert is_clean(world)
    world.journal.flush()
    assert all(call.ended is not None for call in world.store.calls.values())
