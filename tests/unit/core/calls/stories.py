"""What tells of calls in this folder's tests, beside ``tests.builders.World``."""

from __future__ import annotations

import pytest

from fluxcc.domain.agents import read_agent
from fluxcc.domain.calls import Call, CallRecord, Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from tests.builders import OTHER, World, an_event

PARTNER = "+5531966665555"
"""Somebody outside to whom a customer is passed on."""


def history(world: World) -> list[CallRecord]:
    """What the store knows of calls, the oldest first."""
    world.journal.flush()
    return sorted(world.store.calls.values(), key=lambda call: call.id)


def the_call(world: World) -> Call:
    """The only one that is live."""
    (call,) = world.tracker.calls.values()
    return call


def the_row(world: World) -> CallRecord:
    """The only one in history."""
    (row,) = history(world)
    return row


def station_dials(world: World, leg: str = "telephone", agent: str = "1000") -> None:
    """A telephone picks up and dials something."""
    world.caller_dials(leg, agent, OTHER, Caller_Context="default", variable_user_name=agent)


def outsider_rings(world: World, leg: str, number: str, origin: str = "", **more: str) -> None:
    """The PBX dials a number outside, for the sake of a leg or by itself."""
    if origin:
        more |= {"Other_Type": "originator", "Other_Leg_Unique_ID": origin}
    world.hear(
        "CHANNEL_CREATE",
        leg,
        Call_Direction="outbound",
        Caller_Caller_ID_Number="1000",
        Caller_Destination_Number=number,
        **more,
    )


def join_room(world: World, *legs: str) -> None:
    """These enter the room 1000, one after the other."""
    for leg in legs:
        world.tracker.leg_joined(an_event("CUSTOM", leg, Conference_Name="1000"))


def leave_room(world: World, leg: str) -> None:
    """It leaves that room."""
    world.tracker.leg_left(an_event("CUSTOM", leg, Conference_Name="1000"))


def parks(world: World, *, application: str = "park", after: float = 0) -> None:
    """The customer leaves the agent, and is parked."""
    world.unbridged("customer", "telephone")
    world.clock.step(after)
    world.hear("CHANNEL_PARK", "customer", variable_current_application=application)


def meant(world: World, agent: str = "1000", call: str = "") -> Call:
    """The call that this agent's request is about."""
    return world.views.find(read_agent(agent), call, by_operator=False)[0]


def seen(world: World, agent: str = "1000", call: str = "") -> Conversation:
    """How the agent sees it."""
    return world.views.find(read_agent(agent), call, by_operator=False)[1]


def refusal(world: World, agent: str = "1000", call: str = "") -> Code:
    """Why this agent's request is refused."""
    with pytest.raises(RefusedError) as refused:
        world.views.find(read_agent(agent), call, by_operator=False)
    return refused.value.code


def talks_to_colleague(world: World, agent: str = "1000", colleague: str = "1001") -> Call:
    """The agent dials a colleague on a second line, who answers."""
    station_dials(world, "second line", agent)
    world.telephone_rings("colleague", colleague, "second line")
    world.bridged("second line", "colleague")
    return world.call_of("colleague")


def consults_inside(world: World) -> Call:
    """Agent 1000 asks colleague 1001 within the bridge to the customer (``att_xfer``)."""
    call = world.received_call()
    world.telephone_rings("colleague", "1001", "telephone")
    world.bridged("telephone", "colleague", variable_soft_holding_uuid="customer")
    return call
