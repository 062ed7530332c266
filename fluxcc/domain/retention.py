"""The kinds of record that the store keeps of people, and the result of an erasure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RecordKind(StrEnum):
    """One kind of record. ``[retention]`` says for how long each is kept."""

    CALLS = "calls"
    SURVEYS = "surveys"
    """Kept as long as the calls they came after."""
    BLOCKS = "blocks"
    """Ended blocks, kept as long as the audit, which has who asked for them."""
    AUDIT = "audit"


class Erased(msgspec.Struct, frozen=True):
    """What was erased."""

    counts: dict[RecordKind, int]
    """How many records of each kind. An audit row stays; its number and reason are erased."""
    blocked_until: int | None = None
    """The epoch second at which a live block ends, which is not erased; None without one."""
