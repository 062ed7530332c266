"""A world in which greenlets wait, and a test says which of them goes on.

Counterpart: ``fluxcc.runtime``, whose place ``Stage`` takes. Time only passes where nobody can do
anything else. A store's write, and FreeSWITCH's answer to a command, take until their greenlet is
chosen; what was written and sent is done in the order in which it was begun, as on one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from greenlet import getcurrent, greenlet

from fluxcc.domain.errors import FluxccError
from tests.builders import World
from tests.fakes import FakePbx, InlineLatch, InlineRuntime, SteppedClock

Chooser = Callable[[int], int]
"""Of so many that could go on, which one does."""
FOREVER = float("inf")
KEYS_PER_WRITE = 2


class StageLatch(InlineLatch):
    """``ports.Latch`` between greenlets of a stage."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._stage = stage

    def wait(self, timeout: float) -> Any:
        """The value, or None where time has passed."""
        self._stage.pause(lambda: self._is_set, timeout)
        return self._value


class Stage(InlineRuntime):
    """``ports.Runtime`` whose greenlets a test lets go on one by one."""

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__(clock)
        self._waiting: list[tuple[greenlet, Callable[[], bool], float]] = []
        self._main = getcurrent()
        self.delays: list[float] = []
        """Seconds that the next works of the native threads take; none after that."""
        self.is_played = False
        """Whether anything waits; before and after the play everything happens at once."""

    def latch(self) -> Any:
        """A new latch."""
        return StageLatch(self) if self.is_played else super().latch()

    def sleep(self, seconds: float) -> None:
        """Wait until that time has passed."""
        self.pause(lambda: False, seconds)

    def offload(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work, before and after which others go on."""
        self.pause(lambda: False, self.delays.pop() if self.delays else 0.0)
        result = work(*arguments)
        self.pause()
        return result

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Begin the work when it is chosen."""
        if not self.is_played:
            work(*arguments)
            return
        begun = greenlet(lambda: work(*arguments), self._main)
        self._waiting.append((begun, lambda: True, FOREVER))

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """Begin each in this order; return when all have ended. Raises the first exception."""
        errors: list[FluxccError] = []
        left = list(works)

        def run(work: Callable[[], None]) -> None:
            try:
                work()
            except FluxccError as error:
                errors.append(error)
            left.remove(work)

        for work in works:
            self.spawn(run, work)
        self.pause(lambda: not left)
        if errors:
            raise errors[0]

    def pause(self, is_ready: Callable[[], bool] = lambda: True, timeout: float = FOREVER) -> None:
        """Let others go on until this one is chosen again, which it can be once it is ready or the
        time is over."""
        if not self.is_played:
            if not is_ready():
                self._clock.step(timeout)
            return
        deadline = self._clock.monotonic() + timeout
        self._waiting.append((getcurrent(), is_ready, deadline))
        self._main.switch()

    def play(self, choose: Chooser) -> None:
        """Let the greenlets go on until each has ended."""
        self.is_played = True
        while self._waiting:
            now = self._clock.monotonic()
            ready = [entry for entry in self._waiting if entry[1]() or entry[2] <= now]
            if not ready:
                until = min(entry[2] for entry in self._waiting)
                assert until < FOREVER, "nobody can go on"
                assert until > now, (until, now)
                self._clock.step(until - now)
                continue
            chosen = ready[choose(len(ready))]
            self._waiting.remove(chosen)
            chosen[0].switch()
        self.is_played = False


class StagePbx(FakePbx):
    """FreeSWITCH that has done a command when it was sent, and answers later."""

    stage: Stage

    def write_blocks(self, keys: Iterable[str], end_of: Callable[[str], int | None]) -> None:
        """Some keys with each write, after which others may have a turn."""
        rest = list(keys)
        while rest:
            super().write_blocks(rest[:KEYS_PER_WRITE], end_of)
            del rest[:KEYS_PER_WRITE]
            self.stage.pause()

    def gate_entries(self) -> dict[str, int]:
        """What the gate held some time before the answer."""
        held = super().gate_entries()
        self.stage.pause()
        return held

    def announce(self, subclass: str, headers: Sequence[tuple[str, str]]) -> None:
        """Remember the event, and answer later."""
        super().announce(subclass, headers)
        self.stage.pause()


class Play(World):
    """The core on a stage, with its journal and its scheduler."""

    runtime: Stage
    pbx: StagePbx

    def __init__(self) -> None:
        super().__init__(pbx=StagePbx, runtime=Stage)
        self.pbx.stage = self.runtime
        self._open = 0
        """Parts that have not ended."""

    def begin(self, part: Callable[..., object], *arguments: Any) -> None:
        """Let this be done during the play."""
        self._open += 1

        def do() -> None:
            part(*arguments)
            self._open -= 1

        self.runtime.is_played = True
        self.runtime.spawn(do)

    def play(self, choose: Chooser, delays: Sequence[float]) -> None:
        """Do all that was begun; the store's writes take so long, one after the other."""
        self.runtime.delays = list(delays)
        self.runtime.is_played = True
        self.runtime.spawn(self._write)
        self.runtime.spawn(self._expire)
        self.runtime.play(choose)

    def _write(self) -> None:
        while self._open or self.journal.pending:
            self.runtime.pause(lambda: not self._open or self.journal.pending > 0)
            self.journal.flush()

    def _expire(self) -> None:
        while self._open:
            self.runtime.pause(lambda: not self._open, self.scheduler.step())
