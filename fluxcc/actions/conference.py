"""``conference``: customer and agent move to the agent's own room (contract, sections 1 and 1a)."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllJoined,
    BringMediaBack,
    DisarmSurvey,
    Effect,
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
    room = rules.find_room(call.agent)
    if room is None:
        raise RefusedError(Code.ROOM_NOT_PROVISIONED, call=call.customer)
    if not call.agent_leg:
        raise RefusedError(Code.NO_LIVE_CALL, call=call.customer)
    # How the PBX names its own rooms is not known, so nothing can be asked about them.
    name = "" if room.is_served_by_pbx else room.extension
    occupants = rules.room_members(name) if name else frozenset()
    if not occupants <= call.legs:
        raise RefusedError(Code.ROOM_OCCUPIED, call=call.customer)
    is_there = occupants == call.legs
    return Plan(
        effects=(DisarmSurvey(call.customer),) if is_there else _moves(call, rules),
        code=Code.CONFERENCE_JOINED,
        confirmation=None if is_there else AllJoined(call.legs, name),
        outcome=Outcome.CONFERENCE,
    )


def _moves(call: Conversation, rules: Rules) -> tuple[Effect, ...]:
    """A bridged pair goes in one command: the agent's leg would end if the customer's left alone.
    Legs that are not bridged now (in another room, for instance) are moved one by one."""
    destination, context = rules.room.format(agent=call.agent), rules.room_context
    if not call.is_bridged:
        return (
            DisarmSurvey(call.customer),
            MoveLeg(call.customer, destination, context),
            MoveLeg(call.agent_leg, destination, context),
        )
    media = rules.media_of(call.originatee)
    if media is Media.PROXIED:
        # Both would be in the room, and out of it 20 ms later.
        raise RefusedError(Code.CONFERENCE_NOT_JOINED, call=call.customer)
    back = (BringMediaBack(call.originatee),) if media is Media.PAST else ()
    return (
        *back,
        DisarmSurvey(call.customer),
        MovePair(call.originatee, destination, context),
    )
