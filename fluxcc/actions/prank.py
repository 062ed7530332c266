"""``prank`` (trote): the call ends at once, and the customer's number is refused for a while.

Contract, section 1. The block comes first and the hangup after it, so that a caller who redials
in the same second is refused already; the survey is disarmed before the hangup, so that it never
starts.
"""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.actions import agent_leg
from fluxcc.actions.blocking import enforce_block
from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.audit import PRESENTED_ON_TRUNK
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import DisarmSurvey, EndLeg, Plan
from fluxcc.domain.requests import Request

ON_TRUNK = (
    "a caller on a trunk presents an internal number, which is never blocked: see"
    " fluxcc_refuse_internal in docs/kit.md"
)
"""The log line of such a prank."""


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """End both legs; block the number unless it is internal, unusable or protected."""
    number = rules.numbers.read(call.number, call.homes)
    if call.is_consulted:
        plan = agent_leg.leave(call, Code.NOT_BLOCKED_INTERNAL)
        return replace(plan, number=number.canonical, blocked=False)
    plan = Plan(
        effects=(
            DisarmSurvey(call.customer),
            EndLeg(call.customer, causes.REJECTED),
            *agent_leg.end(call),
        ),
        code=Code.NOT_BLOCKED_WITHHELD,
        confirmation=agent_leg.all_ended(call),
        number=number.canonical,
        is_private=call.is_private,
        blocked=False,
        outcome=Outcome.PRANK,
    )
    if rules.numbers.is_internal(number.seen):
        plan = replace(plan, code=Code.NOT_BLOCKED_INTERNAL)
        if call.is_on_trunk:
            plan = replace(plan, subject=PRESENTED_ON_TRUNK, warning=ON_TRUNK)
        return plan
    if not number.is_usable or _presents_what_was_dialled(call, rules):
        return plan
    if rules.is_protected(number.canonical):
        return replace(plan, code=Code.NOT_BLOCKED_PROTECTED)
    domain = rules.scope(call.agent.domain or call.domain)
    effect, code = enforce_block(
        number, domain, request, rules, call=call.customer, is_private=call.is_private
    )
    block = effect.block
    return replace(
        plan,
        effects=(effect, *plan.effects),
        code=code,
        blocked=True,
        domain=domain,
        is_private=block.is_private,
        subject=block.name if block.is_private else "",
    )


def _presents_what_was_dialled(call: Conversation, rules: Rules) -> bool:
    """Whether the trunk presents the site's own number: many do for callers who withhold theirs."""
    dialled = rules.numbers.read(call.dialled)
    return dialled.is_usable and dialled.canonical == rules.numbers.read(call.number).canonical
