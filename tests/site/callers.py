"""People who call while something else is measured, in a process of their own.

``python -m tests.site.callers RATE HOLD`` reads a line ``[[host, port, password], …]`` from its
standard input and lets people dial on each of these simulated PBXs, RATE a second, each for HOLD
seconds, until its input ends. Then it prints how many there were.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from chaos.traffic import Crowd
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab
from tests.testing.event_socket import EventSocket

HOLD = 3.0
"""Seconds for which each talks."""
SHARE, TRIED = 0.3, 4.0
"""How busy calls may keep the machine that nodes, PBXs and PostgreSQL share, and for how many
seconds that is watched."""


class Callers:
    """So many calls a second on each PBX, in a ``with``."""

    def __init__(self, labs: Sequence[Lab], rate: float) -> None:
        self._simulated = [lab for lab in labs if not isinstance(lab, RealLab)]
        self._crowds = [Crowd(lab, rate, HOLD) for lab in labs if isinstance(lab, RealLab)]
        self._rate = rate
        self._process: subprocess.Popen[str] | None = None
        self._began = 0.0
        self.rate = 0.0
        """Calls a second on each, as it was in fact; once they have ended."""

    def __enter__(self) -> Callers:
        self._began = time.monotonic()
        if not self._rate:
            return self
        for crowd in self._crowds:
            crowd.__enter__()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.site.callers", str(self._rate), str(HOLD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        addresses = [(lab.host, lab.port, lab.password) for lab in self._simulated]
        self._process.stdin.write(json.dumps(addresses) + "\n")
        self._process.stdin.flush()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process is None:
            return
        seconds = time.monotonic() - self._began
        dialled, _ = self._process.communicate(timeout=60)
        count = int(dialled or 0)
        for crowd in self._crowds:
            crowd.__exit__()
            assert not crowd.error, crowd.error
            count += crowd.dialled
        nodes = len(self._simulated) + len(self._crowds)
        self.rate = count / seconds / nodes


def carried(labs: Sequence[Lab], rate: float) -> float:
    """The calls a second on each PBX that leave the machine enough to measure anything else: at
    most ``rate``, and as many as keep its processors busy for ``SHARE`` of the time."""
    idle = _busy(TRIED)
    with Callers(labs, rate) as callers:
        time.sleep(HOLD)
        busy = _busy(TRIED)
    if busy <= SHARE:
        return rate
    return callers.rate * max(SHARE - idle, 0.05) / max(busy - idle, 0.05)


def _busy(seconds: float) -> float:
    """For what share of some seconds the machine's processors work."""

    def read() -> tuple[int, int]:
        with Path("/proc/stat").open() as file:
            ticks = [int(each) for each in file.readline().split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]

    began, waited = read()
    time.sleep(seconds)
    ended, idle = read()
    return 1 - (idle - waited) / (ended - began)


def _dial(address: tuple[str, int, str], rate: float, hold: float, end: threading.Event) -> int:
    """Let people call one PBX; how many did."""
    live: deque[tuple[float, str]] = deque()
    dialled = 0
    due = time.monotonic()
    with EventSocket(*address) as line:
        while not end.is_set():
            now = time.monotonic()
            while live and live[0][0] <= now:
                line.api(f"sim_hang_up {live.popleft()[1]}")
            if now >= due:
                # What was too much for it is not made up for.
                due = max(due + 1 / rate, now)
                number, agent = f"%2B551197{dialled % 10_000_000:07d}", 1000 + dialled % 2
                answer = line.api(f"sim_call number={number}&destination={agent}")
                live.append((now + hold, answer.removeprefix("+OK ").strip()))
                dialled += 1
            end.wait(max(0.0, due - time.monotonic()))
        for _, leg in live:
            line.api(f"sim_hang_up {leg}")
    return dialled


def main() -> None:
    """Dial until the input ends."""
    rate, hold = map(float, sys.argv[1:])
    end = threading.Event()
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda a=address: counts.append(_dial(a, rate, hold, end)))
        for address in json.loads(sys.stdin.readline())
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join()
    print(sum(counts))


if __name__ == "__main__":
    main()
