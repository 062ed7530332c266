"""People who work on the nodes of a site while something happens to it, and what each was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from fluxcc.client import BoardError
from fluxcc.lab.port import LabError
from tests.site.asking import Numbers, replied
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

RATE = 10.0
"""Blocks and releases a second on each node."""
PRANK_RATE = 2.0
"""Callers a second on each node who are marked as pranks."""
FREED_AFTER = 6
"""Every other number is freed after so many more were blocked."""


class Done(NamedTuple):
    """One action."""

    at: float
    """When it was asked for, on the monotonic clock."""
    took: float
    action: str
    number: str
    code: str


class Worker:
    """One node's people: an operator who blocks and frees, and an agent who marks callers."""

    def __init__(self, daemon: Daemon, numbers: Numbers) -> None:
        self.daemon = daemon
        self.done: list[Done] = []
        self._numbers = numbers
        self._is_over = threading.Event()
        self._may_work = threading.Event()
        self._may_work.set()
        self._busy = threading.Semaphore(2)
        self._threads = [threading.Thread(target=work) for work in (self._operate, self._mark)]

    def start(self) -> None:
        """Work from now on."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Finish what was begun, and go."""
        self._is_over.set()
        self._may_work.set()
        for thread in self._threads:
            thread.join(60)

    def rest(self) -> None:
        """Finish what was begun; go on at ``work``."""
        self._may_work.clear()
        for _ in self._threads:
            self._busy.acquire()
        for _ in self._threads:
            self._busy.release()

    def work(self) -> None:
        """Go on."""
        self._may_work.set()

    def _operate(self) -> None:
        blocked: list[str] = []
        due = time.monotonic()
        while not self._is_over.is_set():
            due = self._wait(due, RATE)
            with self._busy:
                if not self._may_work.is_set():
                    continue
                if len(blocked) >= FREED_AFTER:
                    # One of three stays blocked.
                    blocked.pop()
                    self._ask("unblock", blocked.pop(0))
                    self._ask("unblock", blocked.pop(0))
                else:
                    blocked.append(self._numbers())
                    self._ask("block", blocked[-1])

    def _ask(self, action: str, number: str) -> None:
        began = time.monotonic()
        code = replied(self.daemon, action, number=number)["code"]
        self._note(began, action, number, code)

    def _mark(self) -> None:
        due = time.monotonic()
        while not self._is_over.is_set():
            due = self._wait(due, PRANK_RATE)
            with self._busy:
                if self._may_work.is_set():
                    self._mark_one()

    def _mark_one(self) -> None:
        number = self._numbers()
        try:
            caller = self.daemon.lab.call(number, "1000")
            caller.wait_answered()
            until(lambda: self._talks(number), "the daemon sees the call talk")
            with self.daemon.board() as board:
                began = time.monotonic()
                code = board.prank("1000").code
        except (LabError, BoardError) as error:
            self._note(time.monotonic(), "prank", number, repr(error))
            return
        self._note(began, "prank", number, code)
        caller.wait_ended()

    def _talks(self, number: str) -> bool:
        node = self.daemon.environment["FLUXCC_PBX_NODE"]
        calls = self.daemon.operate("calls", node=node)["reading"]
        return any(call["number"] == number and call["talking"] for call in calls)

    def _note(self, began: float, action: str, number: str, code: str) -> None:
        self.done.append(Done(began, time.monotonic() - began, action, number, code))

    def _wait(self, due: float, rate: float) -> float:
        """Wait until then; when it is due next. What was too much is not made up for."""
        self._may_work.wait()
        self._is_over.wait(max(0.0, due - time.monotonic()))
        return max(due + 1 / rate, time.monotonic())


class People:
    """Those of all nodes, in a ``with``."""

    def __init__(self, daemons: Sequence[Daemon]) -> None:
        numbers = Numbers(70_000_000)
        self.workers = [Worker(daemon, numbers) for daemon in daemons]

    def __enter__(self) -> People:
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self.workers:
            worker.end()

    def rest(self) -> None:
        """All finish what they began."""
        for worker in self.workers:
            worker.rest()

    @property
    def done(self) -> list[Done]:
        """What was done, on every node."""
        return [done for worker in self.workers for done in worker.done]

    def numbers(self, action: str) -> list[str]:
        """Those for which an action was acknowledged."""
        return [each.number for each in self.done if each.action == action and is_done(each)]

    @property
    def blocked(self) -> set[str]:
        """The numbers that must be blocked, everywhere."""
        freed = set(self.numbers("unblock"))
        return {*self.numbers("block"), *self.numbers("prank")} - freed

    @property
    def refused(self) -> list[str]:
        """What was not done."""
        return [f"{each.action}: {each.code}" for each in self.done if not is_done(each)]

    def took(self, since: float, until: float) -> list[float]:
        """Seconds of each action that was asked for in that time."""
        return [each.took for each in self.done if since <= each.at < until]


def is_done(done: Done) -> bool:
    """Whether it was acknowledged."""
    return done.code == ("released" if done.action == "unblock" else "blocked")
