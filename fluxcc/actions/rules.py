"""What the actions decide by besides the call: settings, and what is blocked now."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fluxcc.domain.blocks import Block
from fluxcc.domain.numbers import Number, NumberPlan


class Rules(msgspec.Struct, frozen=True):
    """One view on them, valid for one decision."""

    numbers: NumberPlan
    block_duration: int
    """Seconds a block holds where nobody said otherwise."""
    find_block: Callable[[Number], Block | None]
    """The live block of a number."""
