"""How long to wait before the next try."""

from __future__ import annotations


class Backoff:
    """Seconds, doubled from try to try."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self.pause = 0.0
        """What ``next`` returned last, in seconds; 0 before the first try and after a success."""

    def next(self, longest: float | None = None) -> float:
        """Seconds before the next try; ``longest`` replaces the upper bound for this one."""
        self.pause = min(max(self.pause * 2, self._first), longest or self._longest)
        return self.pause

    def reset(self) -> None:
        """Begin with the shortest pause again: a try succeeded."""
        self.pause = 0.0
