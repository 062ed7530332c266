"""Reads both clocks of ``ports.Clock`` at once, for what neither decides alone."""

from __future__ import annotations

from fluxcc.core.ports import Clock
from fluxcc.domain.clocks import Clocks


def both_clocks(clock: Clock) -> Clocks:
    """What FreeSWITCH's clock and the machine's say now; twice the same until FreeSWITCH's is
    known."""
    return Clocks(clock.now(), clock.own())
