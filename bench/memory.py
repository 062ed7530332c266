"""Row 8: what a live call takes of memory."""

from __future__ import annotations

import time

from bench.processes import daemon_beside
from bench.table import Row

LIVE = 20_000
RATE = 2_500
"""Events a second: some 500 calls."""
SETTLE = 3.0
"""Seconds after the last call began; it is on disk by then."""
PER_CALL, WHOLE = 3_000, 160_000_000


def rows(*, quick: bool) -> list[Row]:
    """One daemon, before and with the calls; of fewer the beginnings would be most."""
    del quick
    live = LIVE
    # No faster than people call: what waits in a burst would be counted as what is live.
    options = ("--events", 0, "--live", live, "--opening-rate", RATE, "--warm-up", 3)
    with daemon_beside(("bench.replay", *options)) as (server, daemon):
        time.sleep(2.0)
        empty = daemon.ask("memory", "memory")["memory"]
        opened = int(server.read("opened")["opened"])
        while daemon.ask("memory", "memory")["events"] < opened:
            time.sleep(0.1)
        time.sleep(SETTLE)
        full = daemon.ask("memory", "memory")["memory"]
    each = (full - empty) / live
    return [
        Row(
            "8",
            f"memory per live call at {live:,} (of two legs, some of one)",
            f"{each / 1000:.2f} kB, whole process {full / 1e6:.0f} MB",
            "≤ 3 kB, ≤ 160 MB",
            each <= PER_CALL and full <= WHOLE,
            f"{empty / 1e6:.0f} MB with none",
        )
    ]
