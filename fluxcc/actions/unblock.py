"""``unblock``: an operator lets a number through before its time."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Plan, ReleaseNumber
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(request: Request, rules: Rules) -> Plan:
    """Release the number in every spelling, in one SIP domain or in all; refused where nothing
    blocks it there."""
    number = rules.numbers.read(request.number)
    blocks = rules.find_blocks(number)
    if not any(request.domain in ("", block.domain) for block in blocks):
        raise RefusedError(Code.NOT_BLOCKED, number=number.canonical)
    return Plan(
        effects=(ReleaseNumber(number, request.domain),),
        code=Code.RELEASED,
        number=number.canonical,
        blocked=False,
    )
