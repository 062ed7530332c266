"""Rows 4 and 5: a minute of 20,000 events a second, and how long its loop was ever held up."""

from __future__ import annotations

from statistics import quantiles
from typing import Any

from bench.processes import daemon_beside
from bench.table import Row

RATE, SECONDS, QUICK_SECONDS = 20_000, 60, 8
PACE = 1.02
"""How much faster than that the server is told to be, because it never makes up for lost time."""


def run(rate: int, seconds: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What the server says of the beginning and the end, and the daemon of itself."""
    arguments = ("bench.replay", "--events", rate * seconds, "--rate", rate * PACE)
    with daemon_beside(arguments, "--watch") as (server, daemon):
        began, ended = server.read("began"), server.read("sent")
        return began, ended, daemon.ask(f"until {ended['sent']}", "samples")


def rows(*, quick: bool) -> list[Row]:
    """One run, with nothing beside it."""
    seconds = QUICK_SECONDS if quick else SECONDS
    began, ended, told = run(RATE, seconds)
    rate = ended["sent"] / (ended["ended"] - began["began"])
    lag = max(0.0, told["written"] - ended["ended"])
    seen = [stall for stall in told["stalls"] if stall[0] >= began["began"]]
    stalls, own = [late for _, late, _ in seen], max((mine for _, _, mine in seen), default=0.0)
    collections = [length for at, length, _ in told["collections"] if at >= began["began"]]
    first, last = told["samples"][0], told["samples"][-1]
    share = (last[2] - first[2]) / (last[0] - first[0])
    is_kept_up = rate >= RATE and lag < 1.0 and not told["dropped"]
    worst = max(stalls, default=0.0)
    nearly = quantiles(stalls, n=1000)[-1] if len(stalls) > 1 else worst
    return [
        Row(
            "4",
            f"events a second on one core for {seconds} s, store on",
            f"{rate:,.0f}/s, all on disk {lag:.2f} s after the last",
            f"≥ {RATE:,}/s, < 1 s",
            is_kept_up,
            f"{share:.0%} of a core; {told['dropped']} dropped",
        ),
        Row(
            "5",
            "longest stall of the loop during 4",
            f"{worst * 1000:.1f} ms",
            "≤ 20 ms",
            worst <= 0.020,
            f"it computed for {own * 1000:.1f} ms at a time; of those over 1 ms, 99.9 %: "
            f"{nearly * 1000:.1f} ms; longest garbage collection "
            f"{max(collections, default=0.0) * 1000:.1f} ms of {len(collections)}",
        ),
    ]
