"""``conference``: customer and agent move to the agent's own room (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions import agent_leg
from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllJoined,
    Detain,
    DisarmSurvey,
    Effect,
    EndLeg,
    MoveLeg,
    MovePair,
    Plan,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Move both to the agent's room. Raises ``RefusedError`` where the agent has none."""
    agent_leg.check_movable(call)
    room = rules.find_room(call.agent)
    if not call.agent_leg:
        raise RefusedError(Code.NO_LIVE_CALL, call=call.customer)
    if room is None:
        raise RefusedError(Code.ROOM_NOT_PROVISIONED, call=call.customer)
    name = "" if room.is_served_by_pbx else call.agent
    are_there = bool(name) and call.room == name
    return Plan(
        effects=(
            *agent_leg.end_consultation(call),
            DisarmSurvey(call.customer),
            *(EndLeg(leg, causes.NORMAL) for leg in call.consulted),
            *(() if are_there else _moves(call, rules)),
        ),
        code=Code.CONFERENCE_JOINED,
        confirmation=(
            None if are_there else AllJoined(frozenset({call.customer, call.agent_leg}), name)
        ),
        outcome=Outcome.CONFERENCE,
    )


def _moves(call: Conversation, rules: Rules) -> tuple[Effect, ...]:
    """A bridged pair goes in one command: the agent's leg would end if the customer's left alone.

    Where a wire is between the two, it collapses as soon as one has left, and FreeSWITCH would end
    the other: the customer's leg is made to wait. Legs that are not bridged now (in another room)
    are moved one by one.
    """
    destination, context = rules.room.format(agent=call.agent), rules.room_context
    if call.is_bridged or call.consulted_inside:
        return (MovePair(call.customer, call.agent_leg, destination, context),)
    agent = MoveLeg(call.agent_leg, destination, context)
    customer = MoveLeg(call.customer, destination, context)
    if not call.wire:
        return customer, agent
    return Detain(call.customer, True), agent, customer, Detain(call.customer, False)
