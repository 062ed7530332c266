"""``conference``: customer and agent move to the agent's own room (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions import agent_leg
from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllJoined,
    BringMediaBack,
    Detain,
    DisarmSurvey,
    Effect,
    EndLeg,
    MoveLeg,
    MovePair,
    Plan,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.media import Media
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Move both to the agent's room. Raises ``RefusedError`` where the agent has none, where
    another person is in it, and where the call's media cannot go there."""
    agent_leg.check_movable(call)
    if not call.agent_leg:
        raise RefusedError(Code.NO_LIVE_CALL, call=call.customer)
    room = rules.find_room(call.agent)
    if room is None:
        raise RefusedError(Code.ROOM_NOT_PROVISIONED, call=call.customer)
    # How the PBX names its own rooms is not known, so nothing can be asked about them.
    destination, name = rules.room_of(call.agent, room)
    context = rules.context_for(rules.room_context, call)
    occupants = rules.room_members(name) if name else frozenset()
    if not occupants <= call.legs:
        raise RefusedError(Code.ROOM_OCCUPIED, call=call.customer)
    are_there = occupants == call.legs
    return Plan(
        effects=(
            *_media_back(call, rules),
            *agent_leg.end_consultation(call),
            DisarmSurvey(call.customer),
            *(EndLeg(leg, causes.NORMAL) for leg in call.consulted),
            *(() if are_there else _moves(call, destination, context)),
        ),
        code=Code.CONFERENCE_JOINED,
        confirmation=None if are_there else AllJoined(call.legs, name, room.wait),
        outcome=Outcome.CONFERENCE,
    )


def _moves(call: Conversation, destination: str, context: str) -> tuple[Effect, ...]:
    """A bridged pair goes in one command: the agent's leg would end if the customer's left alone.

    Where a wire is between the two, it collapses as soon as one has left, and FreeSWITCH would end
    the other: the customer's leg is made to wait. Legs that are not bridged now (in another room)
    are moved one by one.
    """
    if call.is_bridged or call.consulted_inside:
        return (MovePair(call.customer, call.agent_leg, destination, context),)
    agent = MoveLeg(call.agent_leg, destination, context)
    customer = MoveLeg(call.customer, destination, context)
    if not call.wire:
        return customer, agent
    return Detain(call.customer, True), agent, customer, Detain(call.customer, False)


def _media_back(call: Conversation, rules: Rules) -> tuple[Effect, ...]:
    """First of all: where it fails, nothing was done yet. Raises ``RefusedError``."""
    # During a consultation inside the bridge, and in a room, media run here.
    media = rules.media_of(call.originatee) if call.is_bridged else Media.HERE
    if media is Media.PROXIED:
        # Both would be in the room, and out of it 20 ms later.
        raise RefusedError(Code.CONFERENCE_NOT_JOINED, call=call.customer)
    return (BringMediaBack(call.originatee),) if media is Media.PAST else ()
