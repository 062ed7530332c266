"""The effect by which a number is refused: for ``prank`` and ``block``."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.actions.rules import Rules
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EnforceBlock
from fluxcc.domain.numbers import Number
from fluxcc.domain.requests import Request

CODES = {BlockChange.BLOCKED: Code.BLOCKED, BlockChange.RENEWED: Code.RENEWED}
"""The reply's code for each change."""


def enforce_block(
    number: Number,
    domain: str,
    request: Request,
    rules: Rules,
    *,
    duration: int | None = None,
    call: str = "",
    is_private: bool = False,
) -> tuple[EnforceBlock, Code]:
    """The effect that blocks the number in a SIP domain, or for an empty one in all, and the
    reply's code. ``duration`` is in seconds, None for the usual time; ``call`` is the UUID of the
    customer's leg of the marked call, empty without a call. A number that was hidden once stays
    hidden as long as its block lives."""
    nth = rules.nth_block(number, domain) if rules.escalation else 0
    duration = duration or usual_duration(nth, rules)
    by = str(request.actor)
    block, change = rules.make_block(number, domain, duration, by, request.reason, call)
    block = replace(block, nth=nth, is_private=block.is_private or is_private)
    return EnforceBlock(block, change), CODES[change]


def usual_duration(nth: int, rules: Rules) -> int:
    """For how many seconds the ``nth`` block of a number holds where nothing else is asked for; 0
    stands for one that does not grow."""
    if not nth or not rules.escalation:
        return rules.block_duration
    return rules.escalation[min(nth, len(rules.escalation)) - 1]
