"""How long it takes from the reply on one PBX until a number is refused on all, beside the least
that it can take with the same PostgreSQL and the same PBXs."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.daemon import Daemon
from tests.testing.postgresql import running_server

MEDIAN, WORST = 0.1, 0.25
"""Seconds within which half of the blocks, and 99 % of them, are on all PBXs."""
LATE = 10.0
"""Seconds after which a block that is not on all PBXs counts as lost."""
FLOOR_ROUNDS = 100


class Ear:
    """Hears on one PBX when each number was blocked at its gate: the notice comes after that."""

    def __init__(self, daemon: Daemon) -> None:
        self.heard: dict[str, float] = {}
        self._daemon = daemon
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Ear:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _listen(self) -> None:
        lab = self._daemon.lab
        with Board(lab.host, lab.port, lab.password, notices=True) as board:
            while not self._is_over.is_set():
                for notice in board.notices(0.5):
                    if notice["Fluxcc-Change"] == "blocked":
                        self.heard.setdefault(notice["Fluxcc-Number"], time.monotonic())


def measure(wanted: argparse.Namespace) -> bool:
    """Block numbers on all nodes in turn, at that rate."""
    with ExitStack() as opened:
        url = opened.enter_context(running_server())
        daemons = [_node(opened, url, number) for number in range(1, wanted.nodes + 1)]
        ears = [opened.enter_context(Ear(daemon)) for daemon in daemons]
        time.sleep(1.0)
        acknowledged = _block(daemons, wanted.rate, wanted.seconds)
        deadline = time.monotonic() + LATE
        while time.monotonic() < deadline and not all(
            number in ear.heard for ear in ears for number in acknowledged
        ):
            time.sleep(0.05)
        floor = _floor(url, [daemon.lab for daemon in daemons])
    took, lost = [], 0
    for number, at in acknowledged.items():
        heard = [ear.heard.get(number) for ear in ears]
        times = [each for each in heard if each is not None]
        lost += len(times) < len(ears)
        took.append(max(0.0, max(times, default=at) - at))
    median, worst = _quantiles(took)
    print(
        f"spread: {len(took)} blocks on {len(daemons)} nodes at {wanted.rate:g}/s:"
        f" on all after {median * 1000:.0f} ms at the median, {worst * 1000:.0f} ms at the 99th"
        f" percentile (bars {MEDIAN * 1000:.0f}, {WORST * 1000:.0f}); lost: {lost};"
        f" floor {floor[0] * 1000:.0f}, {floor[1] * 1000:.0f} ms"
    )
    return lost == 0 and median <= MEDIAN and worst <= WORST


def _node(opened: ExitStack, url: str, number: int) -> Daemon:
    lab = opened.enter_context(SimulatedLab())
    lab.install_kit(find_kit())
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
    settings = {"FLUXCC_SITE_URL": url, "FLUXCC_PBX_NODE": f"pbx{number}"}
    daemon = Daemon(lab, folder, settings)
    opened.callback(daemon.close)
    daemon.start()
    return daemon


def _block(daemons: Sequence[Daemon], rate: float, seconds: float) -> dict[str, float]:
    """Block so many numbers a second; number → when it was acknowledged."""
    acknowledged: dict[str, float] = {}
    begun = time.monotonic()
    threads = []

    def ask(daemon: Daemon, number: str) -> None:
        answer: Any = daemon.operate("block", number=number)
        if answer["reply"] and answer["reply"]["code"] == "blocked":
            acknowledged[answer["reply"]["number"]] = time.monotonic()

    for count in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + count / rate - time.monotonic()))
        daemon = daemons[count % len(daemons)]
        threads.append(threading.Thread(target=ask, args=(daemon, f"+55119{count + 60000000:08d}")))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return acknowledged


def _floor(url: str, labs: Sequence[Any]) -> tuple[float, float]:
    """Commit, ``NOTIFY``, read on each, ``hash insert`` on each: as one small program does it."""
    import psycopg  # noqa: PLC0415  # not everybody has it

    took = []
    address = url.replace("+psycopg", "", 1)
    with ExitStack() as opened:
        writer = opened.enter_context(psycopg.connect(address, autocommit=True))
        writer.execute("CREATE TABLE floor (number bigserial, key text)")
        readers = [opened.enter_context(psycopg.connect(address, autocommit=True)) for _ in labs]
        for reader in readers:
            reader.execute("LISTEN floor")
        for count in range(FLOOR_ROUNDS):
            began = time.monotonic()
            writer.execute("INSERT INTO floor (key) VALUES (%s)", [str(count)])
            writer.execute("NOTIFY floor")
            threads = [
                threading.Thread(target=_take, args=(reader, lab, count))
                for reader, lab in zip(readers, labs, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took.append(time.monotonic() - began)
    return _quantiles(took)


def _take(reader: Any, lab: Any, count: int) -> None:
    for _ in reader.notifies(timeout=LATE, stop_after=1):
        pass
    reader.execute("SELECT key FROM floor WHERE number > %s", [count]).fetchall()
    lab.api(f"hash insert/floor/{count}/1")


def _quantiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
