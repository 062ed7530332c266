"""Nodes come and go while blocks are made: a newcomer refuses everything soon after its FreeSWITCH
accepts, and who was stopped or killed has everything when it is back."""

from __future__ import annotations

import argparse
import threading
import time
from contextlib import ExitStack

from fluxcc.kit import find_kit
from fluxcc.lab.simulated import SimulatedLab
from tests.scenarios.pbx import gate_ends
from tests.site import servers
from tests.site.asking import Numbers, blocks, replied, seconds_until_same
from tests.site.nodes import new_daemon, start_nodes
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused

RATE = 10.0
"""Blocks a second while nodes come and go."""
SOON = 2.0
"""Seconds after its FreeSWITCH accepts within which a newcomer refuses everything."""
BACK = 10.0
"""Seconds after its start within which a node has everything again."""
LATE = 30.0


class Maker:
    """Makes blocks on one node, in a ``with``."""

    def __init__(self, daemon: Daemon, numbers: Numbers) -> None:
        self.blocked: list[str] = []
        self._daemon = daemon
        self._numbers = numbers
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._make)

    def __enter__(self) -> Maker:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def make(self) -> None:
        """Block the next number."""
        number = self._numbers()
        if replied(self._daemon, "block", number=number)["code"] == "blocked":
            self.blocked.append(number)

    def _make(self) -> None:
        while not self._is_over.wait(1 / RATE):
            self.make()


def measure(wanted: argparse.Namespace) -> bool:
    """One node makes blocks; another is stopped, killed, and a third is added."""
    with ExitStack() as opened:
        server = opened.enter_context(servers.running())
        here, there = start_nodes(opened, server.url, 2)
        maker = Maker(here, Numbers(30_000_000))
        for _ in range(wanted.known):
            maker.make()
        with maker:
            there.stop()
            time.sleep(1.0)
            stopped = _back(there, maker)
            there.kill()
            time.sleep(1.0)
            killed = _back(there, maker)
            newcomer, added = _add(opened, server.url, maker)
        _, left = seconds_until_same([here, there, newcomer], maker.blocked, BACK)
        tried = maker.blocked[:: max(len(maker.blocked) // 10, 1)]
        left += [f"{each} is let in" for each in tried if not is_refused(newcomer.lab, each)]
    print(
        f"nodes: with {len(maker.blocked)} blocks, {RATE:g} more a second: one that was stopped has"
        f" all {stopped:.1f} s after its start, one that was killed {killed:.1f} s (bar {BACK:g});"
        f" a newcomer refuses all {added:.2f} s after its FreeSWITCH accepts (bar {SOON:g});"
        f" wrong: {left or 'nothing'}"
    )
    return not left and added <= SOON and max(stopped, killed) <= BACK


def _back(daemon: Daemon, maker: Maker) -> float:
    """Start it; how long it takes until it has what was blocked before that."""
    wanted = set(maker.blocked)
    began = time.monotonic()
    daemon.start()
    while not wanted <= set(blocks(daemon)) and time.monotonic() - began < LATE:
        time.sleep(0.05)
    return time.monotonic() - began


def _add(opened: ExitStack, url: str, maker: Maker) -> tuple[Daemon, float]:
    """Add a node, whose daemon is there before its FreeSWITCH as at the start of a machine; and how
    long it takes from when that accepts until its gate has what was blocked before."""
    lab = SimulatedLab()
    lab.install_kit(find_kit())
    # It is given its port, and is gone again.
    opened.enter_context(lab)
    lab.kill()
    daemon = new_daemon(opened, lab, url, 3)
    daemon.start(connected=False)
    time.sleep(3.0)
    wanted = {number[-8:] for number in maker.blocked}
    lab.start()
    began = time.monotonic()
    while not wanted <= {key[-8:] for key in gate_ends(lab)} and time.monotonic() - began < LATE:
        time.sleep(0.02)
    return daemon, time.monotonic() - began
