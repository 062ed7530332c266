"""Hears on a PBX what becomes of blocks at its gate."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from fluxcc.client import Board
from tests.testing.daemon import Daemon

LATE = 10.0
"""Seconds after which a block that is not on all PBXs counts as lost."""


class Heard(NamedTuple):
    """When a notice came, on both clocks."""

    monotonic: float
    epoch: float


class Ear:
    """One PBX's. A notice comes after the gate was told."""

    def __init__(self, daemon: Daemon) -> None:
        self.heard: dict[tuple[str, str], Heard] = {}
        """Change and number → when that was heard of first."""
        self._daemon = daemon
        self._is_over = threading.Event()
        self._is_there = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Ear:
        self._thread.start()
        self._is_there.wait(LATE)
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _listen(self) -> None:
        lab = self._daemon.lab
        with Board(lab.host, lab.port, lab.password, notices=True) as board:
            self._is_there.set()
            while not self._is_over.is_set():
                for notice in board.notices(0.5):
                    change = notice.get("Fluxcc-Change", ""), notice["Fluxcc-Number"]
                    self.heard.setdefault(change, Heard(time.monotonic(), time.time()))


def wait_heard(ears: Sequence[Ear], change: str, numbers: Collection[str]) -> int:
    """Return once every ear has heard of that change of all numbers, or it is late; of how many
    numbers one has not."""

    def missing() -> int:
        return sum(any((change, number) not in ear.heard for ear in ears) for number in numbers)

    deadline = time.monotonic() + LATE
    while missing() and time.monotonic() < deadline:
        time.sleep(0.05)
    return missing()


def spread(ears: Sequence[Ear], change: str, acknowledged: dict[str, float]) -> list[float]:
    """Seconds from the reply until the last ear heard of it, of each number that all heard of."""
    took = []
    for number, at in acknowledged.items():
        heard = [ear.heard.get((change, number)) for ear in ears]
        if all(heard):
            took.append(max(0.0, max(each.monotonic for each in heard if each) - at))
    return took
