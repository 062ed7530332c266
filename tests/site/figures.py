"""Figures of many measurements, and whether a difference between two lots of them is one."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence

RESAMPLES = 500
"""How often a lot is drawn anew out of itself, to know how far its quantile may be off."""
CONFIDENCE = 95
MILLISECONDS = 1000


def quantiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return statistics.median(seconds), quantile(seconds, 0.99)


def quantile(seconds: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(seconds)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def shown(seconds: Sequence[float]) -> str:
    """Median and 99th percentile, to be read."""
    half, most = quantiles(seconds)
    return f"{half * MILLISECONDS:.1f}, {most * MILLISECONDS:.1f} ms"


def ratio(
    those: Sequence[float], these: Sequence[float], share: float
) -> tuple[float, float, float]:
    """The quantile of the first lot over that of the second, and the ends of its confidence
    interval (bootstrap)."""
    chance = random.Random(1)
    drawn = sorted(
        quantile(chance.choices(those, k=len(those)), share)
        / quantile(chance.choices(these, k=len(these)), share)
        for _ in range(RESAMPLES)
    )
    tail = RESAMPLES * (100 - CONFIDENCE) // 200
    exact = quantile(those, share) / quantile(these, share)
    return exact, drawn[tail], drawn[-1 - tail]
