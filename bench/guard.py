"""``make bench-guard``: the two ratios that a careless change would spoil, with a wide margin.

No figure of these depends on how fast the machine is, and little on what else it does.
"""

from __future__ import annotations

import sys

from bench import scheduling, throughput
from bench.table import render

MARGIN = 1.5
BARS = {"1": 3.0 * MARGIN, "11": 3.0 * MARGIN}


def main() -> int:
    """1 where one is beyond its bar and the margin."""
    rows = [*throughput.rows(quick=True, with_peers=False), *scheduling.rows(quick=True)]
    print(render(rows))
    beyond = [row.number for row in rows if float(row.figure) > BARS[row.number]]
    if beyond:
        print(f"beyond the bar and half as much again: row {', '.join(beyond)}", file=sys.stderr)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
