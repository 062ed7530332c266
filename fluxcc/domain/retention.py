"""What the store keeps of people, and what became of the wish to have it erased."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RecordKind(StrEnum):
    """One kind of record. ``[retention]`` says for how long each is kept."""

    CALLS = "calls"
    SURVEYS = "surveys"
    """Kept as long as the calls they came after."""
    BLOCKS = "blocks"
    """Those that ended, kept as long as the audit, which tells who wanted them."""
    AUDIT = "audit"


class Erased(msgspec.Struct, frozen=True):
    """What was erased."""

    counts: dict[RecordKind, int]
    """How many records of each kind; of the audit's, only the number and the reason."""
    blocked_until: int | None = None
    """The epoch second at which a block ends that was left alone, because it is live."""
