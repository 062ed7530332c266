"""Row 11: what it costs to add a block and to free one, with 100 and with 100,000 waiting."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from bench.table import Row
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.core.blocks.scheduler import Scheduler
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call
from fluxcc.domain.numbers import NumberPlan

FEW, MANY, STEPS, ROUNDS = 100, 100_000, 2_000, 9
START = 1_800_000_000.0


class Nothing:
    """A gate's table, a PBX and a journal that cost nothing."""

    def note_change(self, keys: Iterable[str]) -> None:
        """Nobody compares."""

    def tell(self, keys: Iterable[str]) -> None:
        """Nobody is told."""

    def announce(self, subclass: str, headers: Sequence[tuple[str, str]]) -> None:
        """Nobody is told."""

    def note(self, *records: Any) -> None:
        """Nothing is written."""

    def call_changed(self, call: Call) -> None:
        """Nothing is written."""


class Clock:
    """Stands still until it is told."""

    time = START
    is_known = True

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time

    def own(self) -> float:
        """The same: the machine's clock agrees."""
        return self.time

    def monotonic(self) -> float:
        """The same."""
        return self.time


def a_block(number: int, until: int) -> Block:
    """A block with the six spellings of a mobile's number."""
    national = f"119{number:08d}"
    spellings = ("+55", "55", "", "0", "01")
    keys = (*(beginning + national for beginning in spellings), national[2:])
    return Block(str(number), f"+55{national}", keys, START, until, "agent:1000")


class Case:
    """So many blocks that wait, in an order that is nobody's."""

    def __init__(self, waiting: int) -> None:
        nothing: Any = Nothing()
        self._clock = Clock()
        self._numbers = NumberPlan("BR", "11", ())
        self._random = random.Random(7)
        blocklist, repeaters = Blocklist(self._numbers), Repeaters(86400.0)
        self._blocking = Blocking(blocklist, repeaters, nothing, nothing, nothing, self._clock)
        self._scheduler = Scheduler(self._blocking, self._clock)
        self._next = 0
        self._hour = int(START) + 10**6
        for _ in range(waiting):
            self._blocking.blocklist.put(self._make())

    def _make(self) -> Block:
        self._next += 1
        return a_block(self._next, self._hour + self._random.randrange(10**6))

    def add(self) -> float:
        """Seconds for one more, in the midst of the others, from the number as it was seen."""
        blocklist, seen = self._blocking.blocklist, []
        for _ in range(STEPS):
            self._next += 1
            seen.append((f"+55119{self._next:08d}", 10**6 + self._random.randrange(10**6)))
        began = time.process_time()
        for caller_id, duration in seen:
            number = self._numbers.read(caller_id)
            blocklist.put(blocklist.make(number, duration, START, by="x", reason="", call=""))
        return (time.process_time() - began) / STEPS

    def free(self) -> float:
        """Seconds for the end of one, whose turn comes as the clock goes on."""
        ends = []
        for number in range(STEPS):
            self._next += 1
            ends.append(int(self._clock.time) + number + 2)
            self._blocking.blocklist.put(a_block(self._next, ends[-1]))
        left = len(self._blocking.blocklist)
        began = time.process_time()
        for end in ends:
            self._clock.time = end
            self._scheduler.step()
        taken = time.process_time() - began
        assert len(self._blocking.blocklist) == left - STEPS
        return taken / STEPS


def rows(*, quick: bool) -> list[Row]:
    """Few and many by turns."""
    few, many = Case(FEW), Case(MANY)
    taken: dict[str, list[float]] = {"add": [], "free": []}
    for _ in range(3 if quick else ROUNDS):
        for step, times in taken.items():
            base, loaded = getattr(few, step)(), getattr(many, step)()
            times.append(loaded / base)
        # What was added must not make few many.
        few = Case(FEW)
    factors = {step: median(times) for step, times in taken.items()}
    worst = max(factors.values())
    return [
        Row(
            "11",
            f"add or free a block with {MANY:,} waiting, over {FEW}",
            f"{worst:.2f}",
            "≤ 3",
            worst <= 3,
            f"add {factors['add']:.2f}, free {factors['free']:.2f}",
        )
    ]
