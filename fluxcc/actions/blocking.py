"""The effect by which a number is refused: for ``prank`` and ``block``."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EnforceBlock
from fluxcc.domain.numbers import Number
from fluxcc.domain.requests import Request

CODES = {BlockChange.BLOCKED: Code.BLOCKED, BlockChange.RENEWED: Code.RENEWED}
"""What the reply says of each change."""


def enforce_block(
    number: Number, duration: int, request: Request, rules: Rules, *, call: str = ""
) -> tuple[EnforceBlock, Code]:
    """Refuse the number for so many seconds, and the code of the reply. ``call`` is the leg of the
    call it was marked on."""
    block, change = rules.make_block(number, duration, str(request.actor), request.reason, call)
    return EnforceBlock(block, change), CODES[change]
