"""Ids of rows that history sorts by: microseconds of the epoch, made unique."""

from __future__ import annotations


class MomentIds:
    """One per kind of row."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, moment: float) -> int:
        """An id for a row that began at ``moment`` (epoch seconds); greater than any before it."""
        self._last = max(self._last + 1, int(moment * 1e6))
        return self._last
