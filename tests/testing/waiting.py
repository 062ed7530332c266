"""Waiting for something to become true, with a deadline and never longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

POLL = 0.01


PATIENCE = 15.0
"""Seconds for what the contract gives no time: many, as they cost nothing but on a machine that is
too busy for fewer. What has a time of its own is waited for with that."""


def until(
    look: Callable[[], Found], what: str | Callable[[], str], timeout: float = PATIENCE
) -> Found:
    """What ``look`` finds as soon as that is anything; fails where it stays nothing, and says
    ``what`` was waited for (asked at the end, where it is a function)."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {timeout:g} s: {told}")
        time.sleep(POLL)
    return found
