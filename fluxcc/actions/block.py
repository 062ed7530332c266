"""``block``: an operator blocks a number without a call."""

from __future__ import annotations

from fluxcc.actions.blocking import enforce_block
from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(request: Request, rules: Rules) -> Plan:
    """Block the number. Raises ``RefusedError`` for an internal, unusable or protected one."""
    number = rules.numbers.read(request.number)
    if rules.numbers.is_internal(number.seen):
        raise RefusedError(Code.NUMBER_INTERNAL, number=number.canonical)
    if not number.is_usable:
        raise RefusedError(Code.NUMBER_UNUSABLE, number=number.canonical)
    if rules.is_protected(number.canonical):
        raise RefusedError(Code.NUMBER_PROTECTED, number=number.canonical)
    effect, code = enforce_block(number, request.domain, request, rules, duration=request.duration)
    return Plan(
        effects=(effect,),
        code=code,
        number=number.canonical,
        is_private=effect.block.is_private,
        domain=request.domain,
        blocked=True,
    )
