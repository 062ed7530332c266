"""What a site of several PBXs must show, with figures: ``make site``.

``python -m tests.site [ROW …] [--schedules N] [--nodes N] [--rate N] [--seconds N]
[--call-rate N] [--calls N]``

Each row prints its figures and whether they are within their bars; exit code 1 where one is not.
PostgreSQL is started in a temporary folder; where it is not installed, rows that need it say so and
are skipped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import pytest

from tests.site import (
    elsewhere,
    faults,
    hints_off,
    joining,
    latency,
    long_history,
    simulation,
    sizes,
    spreading,
)

Row = Callable[[argparse.Namespace], bool]


def schedules(wanted: argparse.Namespace) -> bool:
    """Random schedules on three nodes, in simulation: all converge."""
    return _converge(wanted.schedules, erases=False)


def erasures(wanted: argparse.Namespace) -> bool:
    """The same, with persons who are erased in between."""
    return _converge(wanted.schedules, erases=True)


def _run(seed: int, *, erases: bool) -> list[str]:
    # A protected number that was removed may come back where its person is erased.
    return simulation.run(seed, entries=(), erases=True) if erases else simulation.run(seed)


def _converge(count: int, *, erases: bool) -> bool:
    began = time.monotonic()
    failed, steps = [], 0
    for seed in range(count):
        try:
            steps += len(_run(seed, erases=erases))
        except AssertionError as error:
            failed.append(seed)
            print(error)
    print(
        f"{'erasures' if erases else 'schedules'}: {count} of {len(simulation.NODES)} nodes,"
        f" {steps} steps, clocks up"
        f" to {simulation.SKEW:g} s off, in {time.monotonic() - began:.0f} s;"
        f" did not converge: {failed or 'none'}"
    )
    return not failed


ROWS: dict[str, Row] = {
    "schedules": schedules,
    "erasures": erasures,
    "spread": spreading.measure,
    "latency": latency.measure,
    "faults": faults.measure,
    "hints-off": hints_off.measure,
    "nodes": joining.measure,
    "elsewhere": elsewhere.measure,
    "sizes": sizes.measure,
    "history": long_history.measure,
}


def main() -> int:
    """Do the rows that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--schedules", type=int, default=1_000)
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--rate", type=float, default=50.0, help="blocks a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--call-rate", type=float, default=20.0, help="calls a second on each node")
    parser.add_argument("--known", type=int, default=1_000, help="blocks before nodes come and go")
    parser.add_argument("--calls", type=int, default=20_000_000, help="ended calls in the history")
    parser.add_argument("--fault", action="append", choices=faults.FAULTS, help="of the row faults")
    wanted = parser.parse_args()
    is_right = True
    for name in wanted.rows or ROWS:
        try:
            is_right &= ROWS[name](wanted)
        except pytest.skip.Exception as reason:
            print(f"{name}: skipped, {reason}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
