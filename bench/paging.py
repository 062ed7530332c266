"""Rows 18 and 19: 200 browsers of the page beside row 6's daemon, and what that costs its actions;
then the page's process is killed and started again.

The daemon has a processor of its own, as in row 6; the page, its browsers and the PBX share the
others.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench.processes import PASSWORD, Program, cores, daemon_beside, running
from bench.table import Row, skipped
from fluxcc.domain.provisioning import Token, UserRole
from fluxcc.lab.ports import listens
from tests.testing.operators import operate
from tests.testing.ports import free_port
from tests.testing.program import environment

RATE = 100
"""Calls a second."""
SECONDS, QUICK_SECONDS = 60, 10
PAIRS, QUICK_PAIRS = 3, 1
STREAMS, LOADS = 200, 20
TOKEN = "of-the-benchmark"
NOT_INSTALLED = "the page is not installed: pip install '.[web]'"
TICKS = os.sysconf("SC_CLK_TCK")
GROWTH, SLOWEST, LARGEST = 1.10, 0.050, 150 * 1024
ACTIONS = "p99 of a prank at 100 calls/s with 200 streams and 20 page loads/s, over none"
RESUMED = "streams that the page's kill broke, and what they missed"
BARS = {"18": f"≤ {GROWTH:.2f}; a page ≤ 50 ms p95; ≤ 150 MB", "19": "all resume, nothing lost"}


class Seen(NamedTuple):
    """What a run beside the page showed."""

    latencies: list[float]
    browsers: dict[str, Any]
    resident: int
    """Kilobytes of the page's process at most."""
    share: float
    """Its share of a processor while there were calls."""
    newest: int
    """The number of the last event that the daemon told."""


def rows(*, quick: bool) -> list[Row]:
    """Both, where the page is installed."""
    if find_spec("litestar") is None:
        measures = zip(("18", "19"), (ACTIONS, RESUMED), strict=True)
        return [skipped(number, what, BARS[number], NOT_INSTALLED) for number, what in measures]
    seconds = QUICK_SECONDS if quick else SECONDS
    alone: list[Seen] = []
    beside: list[Seen] = []
    for number in range(QUICK_PAIRS if quick else PAIRS):
        # By turns, and in turned order: a drift of the machine weighs on both.
        for is_beside in (False, True) if number % 2 == 0 else (True, False):
            (beside if is_beside else alone).append(run(seconds, has_page=is_beside))
    return [actions(alone, beside), resumed(run(QUICK_SECONDS + 5, has_page=True, is_killed=True))]


def run(seconds: int, *, has_page: bool, is_killed: bool = False) -> Seen:
    """So many seconds of calls, one in ten marked as a prank."""
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name:
        folder = Path(name)
        # The browsers have come before the first call.
        server = ("bench.marking", "--events", RATE * seconds, "--warm-up", 12)
        with daemon_beside(server, "--time-requests", folder=folder) as (replay, daemon):
            daemon.ask("connects 1", "resynced")
            if not has_page:
                replay.read("sent")
                return Seen(daemon.ask("until 0", "samples")["latencies"], {}, 0, 0.0, 0)
            page = Page(folder)
            with page.serving(UserRole.ADMIN), browsers(page.port) as listening:
                began = replay.read("began")["began"], page.computed()
                if is_killed:
                    time.sleep(seconds / 3)
                    page.kill()
                    page.start()
                ended = replay.read("sent")["ended"], page.computed()
                newest = newest_number(page.door)
                seen = listening.ask(str(newest), "loads")
                resident = page.most_resident()
            told = daemon.ask("until 0", "samples")
            share = (ended[1] - began[1]) / (ended[0] - began[0])
            return Seen(told["latencies"], seen, resident, share, newest)


def newest_number(door: Path) -> int:
    """The number of the last line of the daemon's stream."""
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(str(door))
        asker.sendall(b'{"do": "watch"}\n')
        line = asker.makefile("rb").readline()
    return int(line.split(b'"number":', 1)[1].split(b",", 1)[0].strip(b" }"))


class Page:
    """``fluxcc web`` beside the daemon whose store is in that folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.door = folder / "fluxcc.sock"
        settings = {
            "FLUXCC_WEB_LISTEN": f"127.0.0.1:{self.port}",
            "FLUXCC_LOG_LEVEL": "WARNING",
        }
        self._environment = environment(1, PASSWORD, folder / "fluxcc.db", settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fluxcc", "web"], env=self._environment
        )
        os.sched_setaffinity(self._process.pid, cores()[0])
        deadline = time.monotonic() + 20
        while True:
            assert self._process.poll() is None, "the page's process ended"
            assert time.monotonic() < deadline, "the page's process does not listen"
            if listens(self.port):
                return
            time.sleep(0.02)

    def kill(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    @contextmanager
    def serving(self, role: UserRole, extension: str = "") -> Iterator[None]:
        """While the block runs; ``TOKEN`` has the rights of that role."""
        digest = sha256(TOKEN.encode()).hexdigest()
        answer = operate(self.door, "set", entry=Token("bench", role, extension, digest=digest))
        assert answer["status"] == "ok", answer
        self.start()
        try:
            yield
        finally:
            self.kill()

    def computed(self) -> float:
        """Seconds of CPU that it took so far."""
        assert self._process is not None
        text = Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def most_resident(self) -> int:
        """Kilobytes that it had at most."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@contextmanager
def browsers(port: int) -> Iterator[Program]:
    """All of them, once each has been told what is there."""
    words = ("bench.browsers", port, TOKEN, "--streams", STREAMS, "--rate", LOADS)
    with running(*words) as listening:
        listening.read("listening")
        yield listening


def actions(alone: list[Seen], beside: list[Seen]) -> Row:
    """Row 18."""
    without, with_page = (
        sorted(each for seen in runs for each in seen.latencies) for runs in (alone, beside)
    )
    late = [quantiles(times, n=100)[98] for times in (without, with_page)]
    half = [median(times) for times in (without, with_page)]
    loads = sorted(each for seen in beside for each in seen.browsers["loads"])
    wrong = [each for seen in beside for each in seen.browsers["wrong"]]
    page, largest = quantiles(loads, n=20)[18], max(seen.resident for seen in beside)
    growth = late[1] / late[0]
    events = sum(seen.browsers["told"][0] for seen in beside)
    share = max(seen.share for seen in beside)
    return Row(
        "18",
        ACTIONS,
        f"{growth:.2f}; a page {page * 1000:.0f} ms p95; {largest / 1024:.0f} MB",
        BARS["18"],
        growth <= GROWTH and page <= SLOWEST and largest <= LARGEST and not wrong,
        f"p99 {late[1] * 1000:.1f} over {late[0] * 1000:.1f} ms, p50 {half[1] * 1000:.2f} over "
        f"{half[0] * 1000:.2f}, {len(with_page)} and {len(without)} pranks; {len(loads)} pages, "
        f"{median(loads) * 1000:.0f} ms p50, {len(wrong)} refused; {events} events to each of "
        f"{STREAMS} browsers; the page took {share:.0%} of a core",
    )


def resumed(seen: Seen) -> Row:
    """Row 19."""
    told, lost = seen.browsers, seen.browsers["lost"]
    again = told["connects"] - STREAMS
    behind = seen.newest - min(told["last"])
    resets = told["resets"] - STREAMS
    return Row(
        "19",
        RESUMED,
        f"{again} of {STREAMS} came back, {lost} events lost, {resets} began anew",
        BARS["19"],
        again == STREAMS and not lost and not resets and behind <= 0,
        f"{told['told'][0]} events to each, the last is number {min(told['last'])} of "
        f"{seen.newest}; {len(told['wrong'])} pages refused meanwhile",
    )
