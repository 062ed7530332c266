"""``unblock``: an operator lets a number through before its time."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Plan, ReleaseNumber
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(request: Request, rules: Rules) -> Plan:
    """Release the number in every spelling; refused where nothing blocks it."""
    number = rules.numbers.read(request.number)
    if rules.find_block(number) is None:
        raise RefusedError(Code.NOT_BLOCKED, number=number.canonical)
    return Plan(
        effects=(ReleaseNumber(number),),
        code=Code.RELEASED,
        number=number.canonical,
        blocked=False,
    )
