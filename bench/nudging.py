"""Row 15: a reply that ``fluxcc.client`` asks for with blank lines, over one that waits for
FreeSWITCH's beat of 20 ms; on a real FreeSWITCH with SIPp, skipped where there is none."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.real import daemon_beside
from bench.table import Row, skipped
from fluxcc import client
from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.real import RealLab, why_unavailable

MEASURE = "refused request and prank with fluxcc.client, over the same without blank lines"
BAR = "≤ 0.4 and ≤ 0.6 p50"
EACH, QUICK_EACH = 200, 15
BEAT = 0.02
WITH, WITHOUT = client.NUDGES, ()

Times = dict[object, list[float]]


def rows(*, quick: bool) -> list[Row]:
    """The one row."""
    why = why_unavailable()
    if why is not None:
        return [skipped("15", MEASURE, BAR, why)]
    each = QUICK_EACH if quick else EACH
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as folder, RealLab() as lab:
        lab.install_kit(find_kit())
        with (
            daemon_beside(lab, Path(folder)),
            Board(lab.host, lab.port, lab.password) as board,
        ):
            # The daemon hurries FreeSWITCH only while somebody talks, as on a site in its hours.
            lab.call("+5511979999999", "1001").wait_answered()
            refused = by_turns(each, lambda: timed(board, "no-live-call"))
            numbers = iter(range(80_000_000, 90_000_000))
            pranks = by_turns(each, lambda: a_prank(lab, board, next(numbers)))
    shares = [median(times[WITH]) / median(times[WITHOUT]) for times in (refused, pranks)]
    figures = [
        f"{median(times[way]) * 1000:.1f}" for times in (refused, pranks) for way in (WITH, WITHOUT)
    ]
    return [
        Row(
            "15",
            MEASURE,
            f"{shares[0]:.2f} and {shares[1]:.2f}",
            BAR,
            shares[0] <= 0.4 and shares[1] <= 0.6,
            f"refused {figures[0]} over {figures[1]} ms, prank {figures[2]} over {figures[3]} ms,"
            f" {each} of each",
        )
    ]


def by_turns(each: int, take: Callable[[], float]) -> Times:
    """So many with blank lines and so many without, by turns: a drift of the machine weighs on
    both."""
    times: Times = {WITH: [], WITHOUT: []}
    try:
        for number in range(each):
            for way in (WITH, WITHOUT) if number % 2 else (WITHOUT, WITH):
                # At any moment of the beat, as people click.
                time.sleep(random.uniform(0.01, 0.01 + BEAT))
                client.NUDGES = way
                times[way].append(take())
    finally:
        client.NUDGES = WITH
    return times


def a_prank(lab: RealLab, board: Board, number: int) -> float:
    """A call, and its prank."""
    caller = lab.call(f"+55119{number}", "1000")
    caller.wait_answered()
    time.sleep(0.1)
    taken = timed(board, "blocked")
    caller.wait_ended()
    return taken


def timed(board: Board, code: str) -> float:
    """Seconds until the reply, which has to have that code."""
    began = time.perf_counter()
    reply = board.prank("1000")
    taken = time.perf_counter() - began
    assert reply.code == code, reply
    return taken
