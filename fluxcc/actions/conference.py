"""``conference``: customer and agent move to the agent's own room (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions import agent_leg
from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllJoined, DisarmSurvey, Effect, EndLeg, MoveLeg, MovePair, Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Move both to the agent's room. Raises ``RefusedError`` where the agent has none.

    A bridged pair goes in one command: the agent's leg would end if the customer's left alone.
    Legs that are not bridged now (in a room already, for instance) are moved one by one.
    """
    agent_leg.refuse_consulted(call)
    room = rules.find_room(call.agent)
    if not call.agent_leg:
        raise RefusedError(Code.NO_LIVE_CALL, call=call.customer)
    if room is None:
        raise RefusedError(Code.ROOM_NOT_PROVISIONED, call=call.customer)
    destination = rules.room.format(agent=call.agent)
    moves: tuple[Effect, ...]
    if call.is_bridged or call.consulted_inside:
        moves = (MovePair(call.customer, call.agent_leg, destination, rules.room_context),)
    else:
        moves = tuple(
            MoveLeg(leg, destination, rules.room_context) for leg in (call.customer, call.agent_leg)
        )
    return Plan(
        effects=(
            *agent_leg.end_consultation(call),
            DisarmSurvey(call.customer),
            *(EndLeg(leg, causes.NORMAL) for leg in call.consulted),
            *moves,
        ),
        code=Code.CONFERENCE_JOINED,
        confirmation=AllJoined(
            frozenset({call.customer, call.agent_leg}),
            "" if room.is_served_by_pbx else call.agent,
        ),
        outcome=Outcome.CONFERENCE,
    )
