"""What FreeSWITCH's clock and the machine's say at one moment, and what neither decides alone."""

from __future__ import annotations

from typing import NamedTuple

LARGEST_DIFFERENCE = 3600.0
"""Seconds between the two clocks beyond which one of them is wrong: then nothing is deleted, which
would not come back, and no block ends by FreeSWITCH's alone."""


class Clocks(NamedTuple):
    """Epoch seconds by the two clocks at one moment."""

    at_pbx: float
    """By FreeSWITCH's clock."""
    own: float
    """By the machine's own clock."""

    @property
    def ahead(self) -> float:
        """Seconds by which FreeSWITCH's clock is ahead."""
        return self.at_pbx - self.own

    @property
    def differ(self) -> bool:
        """Whether one of them is wrong."""
        return abs(self.ahead) > LARGEST_DIFFERENCE

    @property
    def earlier(self) -> float:
        """The earlier one: what is deleted or forgotten must be old by both."""
        return min(self)


def is_over(until: int, ahead: int, clocks: Clocks) -> bool:
    """Whether a block is over that ends at ``until``, an epoch second of FreeSWITCH's clock as it
    was when the block was made or last renewed: ``ahead`` of the machine's by so many seconds.

    FreeSWITCH's clock decides while the two agree. Where they do not, the machine's must say so
    too, and it is asked for the same second in its own time. So a clock that is far ahead frees
    nobody who was blocked by a right one, and a block that was made by it lasts as long as it was
    meant to.
    """
    return until <= clocks.at_pbx and (not clocks.differ or until - ahead <= clocks.own)
