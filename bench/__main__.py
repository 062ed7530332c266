"""``python -m bench``: every row of the table, its figure beside its bar."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench import (
    clicking,
    history,
    idling,
    marking,
    memory,
    nudging,
    paging,
    real,
    resync,
    scheduling,
    sustained,
    throughput,
)
from bench.table import Row, render

THEMES: dict[str, Callable[..., list[Row]]] = {
    "1 2 3": throughput.rows,
    "4 5": sustained.rows,
    "6": marking.rows,
    "7 10 12": real.rows,
    "8": memory.rows,
    "9": resync.rows,
    "11": scheduling.rows,
    "13 14": history.rows,
    "15": nudging.rows,
    "16 17": idling.rows,
    "18 19": paging.rows,
    "20": clicking.rows,
}
"""Rows that are measured together → how."""


def machine() -> str:
    """What these figures are of."""
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    python = sys.version.split()[0]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}, {len(names)} x {names[0]}, Python {python}, load {load}"


def main() -> int:
    """1 where a bar was missed, or a measurement broke."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--only", default="", help="rows, such as 1 or 1,11")
    options.add_argument("--quick", action="store_true", help="smaller: to try it, not to quote it")
    wanted = options.parse_args()
    only = set(wanted.only.replace(",", " ").split())
    print(machine())
    found: list[Row] = []
    is_broken = False
    for numbers, measure in THEMES.items():
        if only and not only & set(numbers.split()):
            continue
        began = time.monotonic()
        try:
            found += measure(quick=wanted.quick)
        except Exception as error:
            # One broken measurement does not take the others with it.
            is_broken = True
            found.append(Row(numbers, "not measured", "-", "-", False, repr(error)[:200]))
        taken = time.monotonic() - began
        print(f"rows {numbers}: {taken:.0f} s", file=sys.stderr, flush=True)
    print(render(sorted(found, key=_place)))
    print(machine())
    print("Again: make bench, or .venv-bench/bin/python -m bench --only NUMBER [--quick]")
    return 1 if is_broken or any(row.is_met is False for row in found) else 0


def _place(row: Row) -> int:
    first = row.number.split()[0] if row.number else "12"
    return int(first)


if __name__ == "__main__":
    sys.exit(main())
