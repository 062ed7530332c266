"""One line a figure, and whether a rule was broken."""

from __future__ import annotations

import time

SHOWN = 5
"""Faults of one figure that are printed."""


class Report:
    """What was seen so far."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self._began = time.monotonic()

    def figure(self, name: str, faults: list[str] | None = None, **facts: object) -> None:
        """Print a figure; with ``faults``, also what it breaks."""
        told = " ".join(f"{key.replace('_', '-')} {_short(value)}" for key, value in facts.items())
        print(f"[{time.monotonic() - self._began:6.0f} s] {name}: {told}", flush=True)
        faults = faults or []
        for fault in faults[:SHOWN]:
            self.broken.append(f"{name}: {fault}")
            print(f"    BROKEN: {fault}", flush=True)
        if len(faults) > SHOWN:
            print(f"    BROKEN: and {len(faults) - SHOWN} more", flush=True)


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
