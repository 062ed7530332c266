"""An action's own latency with a site over that without one: row 6 of the benchmark, by turns.

From a prank's event read to its block on the disk, told to the gate, and the kill written, at 100
calls a second of which one in ten is marked. The site's server keeps to the processor on which the
PBX is, as it would be on another machine.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.marking import RATE
from bench.processes import cores, daemon_beside
from tests.site import servers
from tests.site.figures import ratio, shown

BAR = 1.05
TURNS, SECONDS = 4, 15
"""So many turns with a site and as many without, of so many seconds."""
WARM = 10
"""Actions at the beginning of a turn that do not count."""


def measure(wanted: argparse.Namespace) -> bool:
    """With and without, by turns."""
    del wanted
    alone: list[float] = []
    in_site: list[float] = []
    with servers.running() as server:
        server.keep_to(cores()[0])
        for turn in range(TURNS):
            alone += _turn({})
            # One in which nobody is blocked: the same people call in each turn.
            url = server.add(f"turn{turn}")
            in_site += _turn({"FLUXCC_SITE_URL": url, "FLUXCC_PBX_NODE": "pbx1"})
    half, late = ratio(in_site, alone, 0.5), ratio(in_site, alone, 0.99)
    print(
        f"latency: {len(in_site)} actions with a site {shown(in_site)} (median, 99th percentile),"
        f" {len(alone)} without {shown(alone)}: {half[0]:.3f} times at the median"
        f" ({half[1]:.3f} to {half[2]:.3f}; bar {BAR:g}), {late[0]:.2f} times at the 99th"
        f" percentile ({late[1]:.2f} to {late[2]:.2f})"
    )
    return half[0] <= BAR


def _turn(settings: dict[str, str]) -> list[float]:
    """Seconds that each action of a turn took."""
    arguments = ("bench.marking", "--events", RATE * SECONDS)
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name:
        beside = daemon_beside(arguments, "--time-requests", folder=Path(name), settings=settings)
        with beside as (server, daemon):
            server.read("sent")
            taken: list[float] = daemon.ask("until 0", "samples")["latencies"]
    return taken[WARM:]
