"""Memory, store and gate: pranks, blocks, releases, renewals and expiries on few numbers, while
mod_hash is reloaded, the link is cut and the store's file is locked.

Whenever it rests, the daemon's memory, its store and mod_hash have the same blocks, and each number
is as the last requests about it were told. What the daemon's own comparison had to mend is told.
"""

from __future__ import annotations

import math
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from chaos.proxy import Proxy
from chaos.report import Report
from chaos.subject import Subject
from chaos.traffic import Line, fresh_number
from fluxcc.client import Board, BoardError, NoReplyError
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab, LabError

NUMBERS = 20
AGENTS = ("1000", "1001")
OPERATORS = 2
PRANKED = 8
"""Seconds for which a prank blocks: some run out during a spell of work, some do not."""
DURATIONS = (1, 1, 2, 2, 4, 1800, 2_592_000)
"""Seconds for which operators block."""
WORK = 8.0
"""Seconds of work between two rests."""
REST = 5.0
"""Seconds after which all must agree; the comparison comes every 30."""
PATIENCE = 5.5
"""Seconds; contract, section 3: a reply at most 5 s later."""
LONGEST_LOCK = 0.4
"""Seconds for which somebody else holds the store's lock: near ``journal.COMMIT_TIMEOUT``."""
RIVAL = 0.05
"""Seconds after a mark within which somebody else blocks or releases the number."""
SECOND = 1.5
"""Seconds around a block's end in which it may or may not be over."""
FREEING = {"released", "release-pending", "ended"}


class Told(NamedTuple):
    """One request, when it was asked and answered, and what its reply says of the number."""

    asked: float
    answered: float
    until: int | None
    """The end of its block; None for no block."""
    is_known: bool = True
    """Whether the reply says what became of it."""


class Log:
    """What was asked since the last rest, by number."""

    def __init__(self, numbers: list[str]) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, list[Told]] = {number: [] for number in numbers}
        self.codes: Counter[str] = Counter()

    def note(self, number: str, asked: float, reply: dict[str, Any] | None) -> None:
        """A reply, None for none."""
        code = reply["code"] if reply else "unheard"
        with self._lock:
            self.codes[code] += 1
            if code in ("not-blocked", "no-live-call", "no-such-call", "action-in-progress"):
                return
            is_known = bool(reply) and reply["status"] == "ok"
            until = reply["expires"] if reply and code not in FREEING else None
            answered = time.monotonic() if is_known else math.inf
            self._told[number].append(Told(asked, answered, until, is_known))

    def begin(self, memory: dict[str, int]) -> None:
        """Begin anew, from what is the case."""
        now = time.monotonic()
        for number, told in self._told.items():
            told[:] = [Told(now, now, memory.get(number))]

    def broken(self, memory: dict[str, int], now: int) -> Iterator[str]:
        """Each number that is not as one of its last replies says."""
        for number, told in self._told.items():
            if not all(each.is_known for each in told):
                continue
            last = [one for one in told if not any(each.asked > one.answered for each in told)]
            if not any(_is_so(one.until, memory.get(number), now) for one in last):
                yield f"{number} ends {memory.get(number)}, and was told {last}"


def _is_so(told: int | None, until: int | None, now: int) -> bool:
    if told == until:
        return True
    # It ran out, or is about to.
    return until is None and told is not None and told <= now + SECOND


class Stress:
    """Everybody who does something, in threads of their own; ``rest`` stops them for a while."""

    def __init__(self, lab: Lab, daemon: Subject, proxy: Proxy, numbers: list[str]) -> None:
        self._lab = lab
        self._daemon = daemon
        self._proxy = proxy
        self._numbers = numbers
        self.log = Log(numbers)
        self.done: Counter[str] = Counter()
        self._line = Line(lab)
        self._is_over = threading.Event()
        self._go = threading.Event()
        self._is_disturbed = False
        works = [*(lambda agent=agent: self._prank(agent) for agent in AGENTS)]
        works += [self._operate] * OPERATORS
        works += [self._reload, self._cut, self._lock_store]
        self._busy = [threading.Lock() for _ in works]
        self._threads = [
            threading.Thread(target=self._run, args=pair, daemon=True)
            for pair in zip(works, self._busy, strict=True)
        ]

    def __enter__(self) -> Stress:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._go.set()
        for thread in self._threads:
            thread.join(20)

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Let nobody begin anything during the ``with``."""
        self._go.clear()
        for busy in self._busy:
            busy.acquire()
        try:
            yield
        finally:
            for busy in self._busy:
                busy.release()

    def work(self, *, disturbed: bool) -> None:
        """Go on; mod_hash is reloaded and the link cut only where it is to be ``disturbed``, since
        both also mend what may be wrong by then."""
        self._is_disturbed = disturbed
        self._go.set()

    def _run(self, work: Callable[[], None], busy: threading.Lock) -> None:
        while not self._is_over.is_set():
            self._go.wait()
            with busy:
                if self._go.is_set():
                    with suppress(OSError, BoardError, LabError, ValueError, KeyError):
                        work()
            time.sleep(random.uniform(0, 0.05))

    # Who does what

    def _prank(self, agent: str) -> None:
        blocked = {block["number"] for block in self._daemon.operate("blocks")["reading"]}
        free = [number for number in self._numbers if number not in blocked]
        number = random.choice(free or self._numbers)
        caller = self._lab.call(number, agent)
        try:
            caller.wait_answered()
        except LabError:
            self.done["refused"] += 1
            return
        try:
            leg = self._find(number, agent)
            if leg:
                self._mark(number, agent, leg)
        finally:
            with suppress(LabError):
                caller.hang_up()

    def _find(self, number: str, agent: str) -> str:
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            for call in self._daemon.calls():
                if (call["number"], call["agent"]) == (number, agent) and call["talking"]:
                    return str(call["call"])
            time.sleep(0.02)
        return ""

    def _mark(self, number: str, agent: str, leg: str) -> None:
        asked, request = time.monotonic(), uuid.uuid4().hex
        # In the same moment somebody else acts on the number, so that both are written together.
        rival = threading.Timer(random.uniform(0, RIVAL), self._ask_operator, [number])
        rival.start()
        try:
            self._mark_beside(number, agent, leg, request, asked)
        finally:
            rival.join()

    def _mark_beside(self, number: str, agent: str, leg: str, request: str, asked: float) -> None:
        with Board(self._lab.host, self._lab.port, self._lab.password) as board:
            board.send(
                {
                    "Fluxcc-Request-ID": request,
                    "Fluxcc-Action": "prank",
                    "Fluxcc-Agent": agent,
                    "Fluxcc-Call": leg,
                }
            )
            try:
                reply = board.wait(request, PATIENCE)
            except NoReplyError:
                self.log.note(number, asked, None)
                return
        told = {"code": reply.code, "status": reply.status, "expires": reply.expires}
        self.log.note(number, asked, told)

    def _operate(self) -> None:
        self._ask_operator(random.choice(self._numbers))

    def _ask_operator(self, number: str) -> None:
        asked = time.monotonic()
        frees = random.random() < 0.5
        fields = {} if frees else {"duration": random.choice(DURATIONS)}
        answer: dict[str, Any] | None = None
        try:
            answer = self._daemon.operate("unblock" if frees else "block", number=number, **fields)
        finally:
            reply = answer["reply"] | {"status": answer["status"]} if answer else None
            self.log.note(number, asked, reply)

    def _reload(self) -> None:
        if not self._is_disturbed:
            return
        self._line.api("reload mod_hash")
        self.done["reloads"] += 1
        time.sleep(random.uniform(0.5, 3))

    def _cut(self) -> None:
        if not self._is_disturbed:
            return
        time.sleep(random.uniform(2, 6))
        for pipe in self._proxy.live():
            random.choice((pipe.close, pipe.reset, pipe.cut_inside_a_frame))()
        self.done["cuts"] += 1

    def _lock_store(self) -> None:
        with closing(sqlite3.connect(self._daemon.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(random.uniform(0.05, LONGEST_LOCK))
            connection.execute("ROLLBACK")
        self.done["locks"] += 1
        time.sleep(random.uniform(0, 0.3))


class State(NamedTuple):
    """The blocks in the three places, as key → end, and memory's by number."""

    memory: dict[str, int]
    store: dict[str, int]
    gate: dict[str, int]
    numbers: dict[str, int]

    def differences(self) -> list[str]:
        """Each key that is not the same everywhere."""
        keys = sorted({*self.memory, *self.store, *self.gate})
        ends = ((key, [each.get(key) for each in self[:3]]) for key in keys)
        return [
            f"{key}: memory {memory}, store {store}, gate {gate}"
            for key, (memory, store, gate) in ends
            if not memory == store == gate
        ]


def look(daemon: Subject, line: Line) -> State:
    """What the three have now."""
    blocks = daemon.operate("blocks")["reading"]
    stored = daemon.store.live_blocks()
    return State(
        {key: block["until"] for block in blocks for key in block["keys"]},
        {key: block.until for block in stored for key in block.keys},
        line.gate(),
        {block["number"]: block["until"] for block in blocks},
    )


def settled(daemon: Subject, line: Line) -> State:
    """What the three have once they agree, or after ``REST`` seconds."""
    deadline = time.monotonic() + REST
    while True:
        status, state = daemon.status(), look(daemon, line)
        is_quiet = status["gate_told"] and not status["records_pending"]
        if (is_quiet and not state.differences()) or time.monotonic() > deadline:
            return state
        time.sleep(0.05)


def run(
    report: Report,
    make_lab: Callable[[], Lab],
    folder: Path,
    *,
    quick: bool,
    minutes: float = 10.0,
) -> None:
    """``gate``."""
    with make_lab() as lab:
        lab.install_kit(find_kit())
        check(report, lab, folder, 20.0 if quick else minutes * 60)


def check(report: Report, lab: Lab, folder: Path, seconds: float) -> None:
    """Work and rest in turns."""
    proxy = Proxy(lab.port)
    settings = {"FLUXCC_BLOCKS_DURATION": f"{PRANKED}s"}
    daemon = Subject(lab, folder, settings, port=proxy.port)
    daemon.start()
    line = Line(lab)
    numbers = [fresh_number() for _ in range(NUMBERS)]
    faults: list[str] = []
    rests = differing = untrue = 0
    began = time.monotonic()
    with Stress(lab, daemon, proxy, numbers) as stress:
        while time.monotonic() - began < seconds:
            stress.work(disturbed=rests % 2 == 1)
            time.sleep(WORK)
            with stress.rest():
                state = settled(daemon, line)
                differences = state.differences()
                broken = [*stress.log.broken(state.numbers, int(line.api("strepoch")))]
                differing += len(differences)
                untrue += len(broken)
                faults += differences + broken
                stress.log.begin(state.numbers)
            rests += 1
    codes = stress.log.codes
    report.figure(
        "gate",
        faults,
        minutes=(time.monotonic() - began) / 60,
        rests=rests,
        requests=codes.total(),
        differences_found=differing,
        replies_untrue=untrue,
        mended_by_the_comparison=daemon.status()["gate_differences"],
        **stress.done,
    )
    report.figure("gate replies", **{code.replace("-", "_"): codes[code] for code in sorted(codes)})
    daemon.close()
    proxy.close()
