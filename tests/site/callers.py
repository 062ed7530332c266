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

from chaos.traffic import Crowd
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab
from tests.testing.event_socket import EventSocket

HOLD = 3.0
"""Seconds for which each talks."""


class Callers:
    """So many calls a second on each PBX, in a ``with``."""

    def __init__(self, labs: Sequence[Lab], rate: float) -> None:
        self._simulated = [lab for lab in labs if not isinstance(lab, RealLab)]
        self._crowds = [Crowd(lab, rate, HOLD) for lab in labs if isinstance(lab, RealLab)]
        self._rate = rate
        self._process: subprocess.Popen[str] | None = None
        self._began = 0.0
        self.told = "no calls beside"
        """How many there were, to be read; once they have ended."""

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
        self.told = f"{count / seconds / nodes:.1f} calls/s a node beside (asked: {self._rate:g})"


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
