"""``block``: an operator refuses a number without a call."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import BlockNumber, Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(request: Request, rules: Rules) -> Plan:
    """Block the number, or say why it cannot be."""
    number = rules.numbers.read(request.number)
    if rules.numbers.is_internal(number.seen):
        raise RefusedError(Code.NUMBER_INTERNAL, number=number.canonical)
    if not number.is_usable:
        raise RefusedError(Code.NUMBER_UNUSABLE, number=number.canonical)
    return Plan(
        (BlockNumber(number, request.duration or rules.block_duration),),
        Code.RENEWED if rules.find_block(number) else Code.BLOCKED,
        number=number.canonical,
        blocked=True,
    )
