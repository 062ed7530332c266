"""The effect by which a number is refused: for ``prank`` and ``block``."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EnforceBlock
from fluxcc.domain.numbers import Number
from fluxcc.domain.requests import Request

CODES = {BlockChange.BLOCKED: Code.BLOCKED, BlockChange.RENEWED: Code.RENEWED}
"""The reply's code for each change."""


def enforce_block(
    number: Number, domain: str, duration: int, request: Request, rules: Rules, *, call: str = ""
) -> tuple[EnforceBlock, Code]:
    """The effect that blocks the number for ``duration`` seconds in a SIP domain, or for an empty
    one in all, and the reply's code. ``call`` is the UUID of the customer's leg of the marked call;
    empty without a call."""
    by = str(request.actor)
    block, change = rules.make_block(number, domain, duration, by, request.reason, call)
    return EnforceBlock(block, change), CODES[change]
