"""``prank`` (trote): the call ends at once, and the customer's number is refused for a while.

Contract, section 1. The block comes first and the hangup after it, so that a caller who redials
in the same second is refused already; the survey is disarmed before the hangup, so that it never
starts.
"""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllEnded, BlockNumber, DisarmSurvey, Effect, EndLeg, Plan
from fluxcc.domain.requests import Request

CUSTOMER_CAUSE = "CALL_REJECTED"
AGENT_CAUSE = "NORMAL_CLEARING"


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """End both legs; block the number where it is one that may be blocked."""
    number = rules.numbers.read(call.number)
    ending: list[Effect] = [DisarmSurvey(call.customer), EndLeg(call.customer, CUSTOMER_CAUSE)]
    if call.agent_leg:
        # Bridged, it would follow by itself; in a conference room, or where the dialplan lets it
        # go on after the bridge, it would not.
        ending.append(EndLeg(call.agent_leg, AGENT_CAUSE))
    gone = AllEnded(frozenset(leg for leg in (call.customer, call.agent_leg) if leg))
    block: tuple[Effect, ...] = ()
    if rules.numbers.is_internal(number.seen):
        code = Code.NOT_BLOCKED_INTERNAL
    elif not number.is_usable:
        code = Code.NOT_BLOCKED_WITHHELD
    else:
        block = (BlockNumber(number, rules.block_duration),)
        code = Code.RENEWED if rules.find_block(number) else Code.BLOCKED
    return Plan((*block, *ending), code, gone, number=number.canonical, blocked=bool(block))
