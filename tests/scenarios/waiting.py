"""Waiting for something to become true, with a deadline and never longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

POLL = 0.01


def until(look: Callable[[], Found], what: str, timeout: float = 5.0) -> Found:
    """What ``look`` finds as soon as that is anything; fails where it stays nothing."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        time.sleep(POLL)
    return found
