"""Rows 13 and 14: a store of 5 million calls, how it is asked and what it makes of row 1."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from bench.processes import PASSWORD
from bench.table import Row
from bench.throughput import daemon_cost, spread
from fluxcc.store.history import History
from fluxcc.store.upkeep import upgrade
from tests.testing.program import NODE, environment

CALLS, QUICK_CALLS = 5_000_000, 200_000
LIVE, QUICK_LIVE, FEW = 20_000, 2_000, 100
EVENTS = 20_000
ROUNDS, QUICK_ROUNDS = 12, 2
CASES = ("live", "stored")
"""What is compared with few calls."""
DAYS = 90
NUMBERS = 500_000
"""Callers, each of whom called ten times."""
AUDITED = 50
"""One call in so many was acted on."""
CHUNK = 100_000
COLUMNS = {"calls": 16, "audit": 18}
"""How many columns are given, the first ones; the others are as in rows of an earlier version."""


def fill(folder: Path, calls: int) -> None:
    """A store in which so many calls ended in the last 90 days, the last one a minute ago."""
    path = folder / "fluxcc.db"
    upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        ended, audit = _ended(calls), _audit(calls)
        for table, rows in (("calls", ended), ("audit", audit)):
            told = database.execute(f"SELECT name FROM pragma_table_info('{table}')")
            names = [f'"{name}"' for (name,) in told][: COLUMNS[table]]
            marks = ", ".join("?" * len(names))
            insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            while chunk := list(islice(rows, CHUNK)):
                database.executemany(insert, chunk)
                database.commit()
    database.close()


def _moments(calls: int) -> Iterator[tuple[int, float, str, str]]:
    now = time.time() - 60
    for number in range(calls):
        started = now - DAYS * 86400 * (1 - number / calls)
        caller = f"+55119{number * 7919 % NUMBERS:08d}"
        yield number, started, caller, str(1000 + number % 500)


def _ended(calls: int) -> Iterator[tuple[Any, ...]]:
    for number, at, caller, agent in _moments(calls):
        leg = f"{number:08x}-0000-4000-8000-{number:012x}"
        yield (
            *(NODE, int(at * 1e6), "received", leg, leg, caller, agent, "sales"),
            *(at, at + 5, at + 180, "NORMAL_CLEARING", "answered", at + 180, "", ""),
        )


def _audit(calls: int) -> Iterator[tuple[Any, ...]]:
    for number, at, caller, agent in islice(_moments(calls), 0, None, AUDITED):
        leg = f"{number:08x}-0000-4000-8000-{number:012x}"
        yield (
            *(NODE, int(at * 1e6), at, f"r-{number}", "prank", f"agent:{agent}", agent, leg),
            *(caller, "", "ok", "blocked", at + 0.1, "en", True, int(at) + 1800, "", ""),
        )


def ask(folder: Path) -> dict[str, float]:
    """Seconds that each question takes: the whole command, from its start to its exit."""
    hour_ago = "1h"
    questions = {
        "blocks --all": ("blocks", "--all"),
        "audit --number": ("audit", "--number", "+5511900007919"),
        "calls --ended --since 1h": ("calls", "--ended", "--since", hour_ago),
        "calls --ended --since 90d": ("calls", "--ended", "--since", "90d"),
    }
    taken: dict[str, list[float]] = {question: [] for question in questions}
    for _ in range(5):
        for question, words in questions.items():
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "fluxcc", *words],
                env=environment(1, PASSWORD, folder / "fluxcc.db"),
                stdout=subprocess.DEVNULL,
                check=True,
            )
            taken[question].append(time.perf_counter() - began)
    return {question: median(times) for question, times in taken.items()}


def ask_inside(folder: Path) -> float:
    """Seconds of the slowest question without the start of a program around it."""
    store, day_ago = History(f"sqlite:///{folder / 'fluxcc.db'}", [NODE]), time.time() - 86400
    questions: list[Callable[[], object]] = [
        lambda: store.blocks(1_000),
        lambda: store.audit(number="+5511900007919", limit=1_000),
        lambda: store.ended_calls(since=day_ago, limit=1_000),
        lambda: store.ended_calls(since=0, limit=1_000),
    ]
    taken = []
    for question in questions:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            question()
            times.append(time.perf_counter() - began)
        taken.append(median(times))
    store.close()
    return max(taken)


def _interval(costs: list[float], few: list[float]) -> str:
    """The mean ratio of what was measured in one round, and where it is with 95 %."""
    ratios = [cost / base for cost, base in zip(costs, few, strict=True)]
    ratio, half = fmean(ratios), 1.96 * stdev(ratios) / len(ratios) ** 0.5
    return f"{ratio:.3f} ({ratio - half:.3f} to {ratio + half:.3f})"


def rows(*, quick: bool) -> list[Row]:
    """Both rows share the store, which takes a while to fill."""
    calls, live = (QUICK_CALLS, QUICK_LIVE) if quick else (CALLS, LIVE)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name:
        folder = Path(name)
        fill(folder, calls)
        asked, inside = ask(folder), ask_inside(folder)
        taken: dict[str, list[float]] = {"few": [], "live": [], "stored": []}
        for _ in range(rounds):
            taken["few"].append(daemon_cost(EVENTS, live=FEW) * 1e6)
            taken["live"].append(daemon_cost(EVENTS, live=live) * 1e6)
            taken["stored"].append(daemon_cost(EVENTS, live=FEW, folder=folder) * 1e6)
    base = median(taken["few"])
    by_calls, by_store = median(taken["live"]) / base, median(taken["stored"]) / base
    slowest = max(asked.values())
    return [
        Row(
            "13",
            f"growth of 1 to {live:,} live calls, and to {calls:,} stored",
            f"{by_calls:.2f}, {by_store:.2f}",
            "≤ 1.2",
            max(by_calls, by_store) <= 1.2,
            "; ".join(f"{case} {spread(costs)}" for case, costs in taken.items())
            + "; over few, with 95 %: "
            + ", ".join(f"{case} {_interval(taken[case], taken['few'])}" for case in CASES),
        ),
        Row(
            "14",
            f"the operator's questions to a store of {calls:,} calls",
            f"{slowest:.2f} s",
            "≤ 0.5 s",
            slowest <= 0.5,
            ", ".join(f"{question} {seconds:.2f} s" for question, seconds in asked.items())
            + f"; the store's part of the slowest {inside * 1000:.0f} ms, the rest is the start",
        ),
    ]
