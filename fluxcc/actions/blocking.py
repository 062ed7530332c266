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
    number: Number, duration: int, request: Request, rules: Rules, *, call: str = ""
) -> tuple[EnforceBlock, Code]:
    """The effect that blocks the number for ``duration`` seconds, and the reply's code. ``call`` is
    the UUID of the customer's leg of the marked call; empty without a call."""
    block, change = rules.make_block(number, duration, str(request.actor), request.reason, call)
    return EnforceBlock(block, change), CODES[change]
