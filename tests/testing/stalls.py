"""Finds what blocks the event loop of a daemon under test, and where: nothing in it may
(``docs/decisions/0003``).

A greenlet beats; a native thread looks at the process whenever the beat is late. Late for want of a
processor is no fault, nor is a collection of garbage: the main thread can run then, or another one,
which has the interpreter's lock. A moment counts only while every thread sleeps (``/proc``, state
``S`` or ``D``), and the main thread's stack is taken. (Reading ``/proc`` gives the lock back, so
that a thread that wants nothing but that counts as one that can run.) A stopped process (SIGSTOP)
takes no looks.

Counterparts: ``program`` starts it in a warm daemon; ``daemon`` asserts that nothing was found.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path

import gevent

LIMIT = 0.05
"""Seconds for which the loop may be blocked."""
BEAT, LOOK = 0.01, 0.005
NEVER = float("inf")
TASKS = Path("/proc/self/task")


def file_beside(errors: Path) -> Path:
    """Where the stalls of the daemon with this log are written."""
    return errors.with_name(f"{errors.name}.stalls")


def watch(into: Path) -> None:
    """Write every stall of this process from now on into that file."""
    _Watch(into, threading.get_ident()).start()


class _Watch:
    def __init__(self, into: Path, thread: int) -> None:
        self._into = into
        self._thread = thread
        self._due = NEVER
        self._stacks: Counter[str] = Counter()

    def start(self) -> None:
        gevent.spawn(self._beat)
        threading.Thread(target=self._look, daemon=True).start()

    def _beat(self) -> None:
        while True:
            self._stacks.clear()
            self._due = time.monotonic() + BEAT
            gevent.sleep(BEAT)
            self._due = NEVER
            blocked = self._stacks.total() * LOOK
            if blocked > LIMIT:
                self._tell(blocked)

    def _look(self) -> None:
        own = str(threading.get_native_id())
        while True:
            time.sleep(LOOK)
            due = self._due
            if time.monotonic() > due + BEAT and _is_asleep(own):
                frame = sys._current_frames().get(self._thread)
                stack = "".join(traceback.format_stack(frame))
                if self._due == due:
                    self._stacks[stack] += 1

    def _tell(self, blocked: float) -> None:
        stack, _ = self._stacks.most_common(1)[0]
        with self._into.open("a", encoding="utf-8") as file:
            file.write(f"the event loop was blocked for {blocked * 1000:.0f} ms:\n{stack}\n")


def _is_asleep(besides: str) -> bool:
    """Whether every thread besides that one waits for something."""
    for task in os.listdir(TASKS):
        if task != besides:
            with suppress(OSError):
                state = (TASKS / task / "stat").read_bytes().rpartition(b")")[2].split()[0]
                if state not in (b"S", b"D"):
                    return False
    return True
