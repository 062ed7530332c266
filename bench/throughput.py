"""Rows 1 to 3: what an event costs the whole daemon, beside the floor and the daemon's peers."""

from __future__ import annotations

import importlib.util
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.processes import daemon_beside, peer
from bench.table import Row, skipped

OPENING_RATE = 5_000
"""Events a second while calls begin that stay: none of them may be dropped."""
ROUNDS, EVENTS, PEER_EVENTS = 9, 20_000, 10_000
"""As many as the daemon lets wait, so that none is dropped although all come at once."""
QUICK_ROUNDS, QUICK_EVENTS, QUICK_PEER_EVENTS = 3, 20_000, 3_000
FLOOR = "CPU per event, whole daemon with its store, over the floor"


def daemon_cost(events: int, *, live: int = 0, folder: Path | None = None) -> float:
    """Seconds of CPU that the whole daemon takes for an event, until the last is on disk."""
    arguments = ("bench.replay", "--events", events, "--live", live)
    arguments += ("--opening-rate", OPENING_RATE)
    with daemon_beside(arguments, folder=folder) as (server, daemon):
        opened = int(server.read("opened")["opened"]) if live else 0
        sent = int(server.read("sent")["sent"])
        told = daemon.ask(f"until {sent}", "samples")
    if told["dropped"]:
        raise RuntimeError("this machine is too busy: events were dropped")
    return cost_between(told, opened, sent)


def cost_between(told: dict[str, Any], first: int, last: int) -> float:
    """Seconds of CPU per event after the first ``first`` ones, to the end."""
    counts = [events for _, events, _ in told["samples"]]
    # The last sample before the first event: the start of the program is not counted.
    begin = told["samples"][max(0, bisect_left(counts, first + 1) - 1)]
    return float(told["cpu"] - begin[2]) / float(last - begin[1])


def rows(*, quick: bool, with_peers: bool = True) -> list[Row]:
    """A B C D, A B C D …, and the median of each."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    events = QUICK_EVENTS if quick else EVENTS
    few = QUICK_PEER_EVENTS if quick else PEER_EVENTS
    contestants: dict[str, Callable[[], float]] = {
        "floor": lambda: peer("floor", events),
        "daemon": lambda: daemon_cost(events),
    }
    has_genesis = importlib.util.find_spec("genesis") is not None
    if with_peers:
        contestants["greenswitch"] = lambda: peer("peer_greenswitch", few, "--plain")
    if with_peers and has_genesis:
        contestants["genesis"] = lambda: peer("peer_genesis", few, "--plain")
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            taken[name].append(measure() * 1e6)
    middle = {name: median(costs) for name, costs in taken.items()}
    whole = middle["daemon"]

    def ratio(number: str, measure: str, name: str, bar: float) -> Row:
        factor = middle[name] / whole
        note = f"{name} {spread(taken[name])}"
        return Row(number, measure, f"{factor:.1f}", f"≥ {bar:g}", factor >= bar, note)

    over = whole / middle["floor"]
    note = f"daemon {spread(taken['daemon'])}, floor {spread(taken['floor'])}"
    found = [Row("1", FLOOR, f"{over:.2f}", "≤ 3.0", over <= 3.0, note)]
    if not with_peers:
        return found
    found.append(ratio("2", "greenswitch with an empty handler, over row 1", "greenswitch", 6))
    genesis = "Genesis with an empty handler, over row 1"
    if has_genesis:
        found.append(ratio("3", genesis, "genesis", 13))
    else:
        found.append(skipped("3", genesis, "≥ 13", "genesis is not installed"))
    return found


def spread(costs: list[float]) -> str:
    """The median and the least, in µs."""
    return f"{median(costs):.1f} µs (least {min(costs):.1f})"
