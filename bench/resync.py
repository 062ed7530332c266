"""Row 9: 20,000 legs that are up when the daemon comes: how long until it knows them."""

from __future__ import annotations

import time

from bench.processes import daemon_beside
from bench.table import Row

LEGS, QUICK_LEGS = 20_000, 2_000
AFTER = 6.0
"""Seconds that the loop is watched: the second look and the legs' descriptions are in them."""


def rows(*, quick: bool) -> list[Row]:
    """A fresh daemon, and the same one after it lost the link."""
    legs = QUICK_LEGS if quick else LEGS
    arguments = ("bench.replay", "--events", 0, "--channels", legs)
    with daemon_beside(arguments, "--watch") as (_, daemon):
        first = daemon.ask("connects 1", "resynced")
        time.sleep(AFTER)
        daemon.ask("reconnect", "lost")
        second = daemon.ask("connects 2", "resynced")
        time.sleep(AFTER)
        told = daemon.ask("until 0", "samples")
    seconds = max(first["resynced"], second["resynced"])
    seen = [stall for stall in told["stalls"] if stall[0] >= first["began"]]
    worst = max((late for _, late, _ in seen), default=0.0)
    own = max((mine for _, _, mine in seen), default=0.0)
    return [
        Row(
            "9",
            f"resync with {legs:,} legs",
            f"{seconds:.2f} s, longest stall {worst * 1000:.0f} ms",
            "≤ 1.5 s, ≤ 50 ms",
            seconds <= 1.5 and worst <= 0.050,
            f"first {first['resynced']:.2f} s, after a lost link {second['resynced']:.2f} s; it "
            f"computed for {own * 1000:.0f} ms at a time",
        )
    ]
