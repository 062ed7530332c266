"""``unblock``: an operator lets a number through before its time."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EndBlock, Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(request: Request, rules: Rules) -> Plan:
    """Release the number in every spelling, in one SIP domain or in all, or the block of that name;
    refused where nothing blocks it there."""
    named = rules.named_block(request.number)
    canonical = named.number if named else rules.numbers.read(request.number).canonical
    blocks = [named] if named else rules.find_blocks(rules.numbers.read(request.number))
    wanted = [block for block in blocks if request.domain in ("", block.domain)]
    if blocks and not wanted and request.actor.domain:
        # It is another domain's, or all domains'.
        raise RefusedError(Code.NOT_PERMITTED)
    if not wanted:
        raise RefusedError(Code.NOT_BLOCKED, number="" if named else canonical)
    return Plan(
        effects=tuple(EndBlock(block.number, block.domain) for block in wanted),
        code=Code.RELEASED,
        number=canonical,
        is_private=any(block.is_private for block in wanted),
        blocked=False,
    )
