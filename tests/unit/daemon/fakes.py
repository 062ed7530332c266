"""What stands in for FreeSWITCH, for systemd and for waiting in the daemon's tests.

Counterparts: ``tests.fakes`` (the fakes behind the core's ports), ``conftest`` (puts these together
with the core).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import gevent

from fluxcc.domain.agents import Registration
from fluxcc.domain.errors import LinkLostError, PbxError, PbxRejectedError
from fluxcc.domain.events import Snapshot
from fluxcc.pbx.inbox import Inbox
from tests.builders import World, a_snapshot
from tests.fakes import SteppedClock

Step = Callable[[], object]


def nothing() -> None:
    """Do nothing."""


def let_others_run(turns: int = 1) -> None:
    """Greenlets that were begun take their turn, so many times."""
    for _ in range(turns):
        gevent.sleep(0)


class FakeSwitch:
    """``pbx.switch.Switch`` on the world's ``FakePbx``, with the connection that only the session
    knows. What it is asked stands in the world's story, with what the core tells FreeSWITCH."""

    def __init__(self, world: World) -> None:
        self._pbx = world.pbx
        self._clock = world.clock
        self._story = world.story
        self.failures: list[PbxError] = []
        """What the next tries to connect end with; those after them succeed."""
        self.broken, self.rejected = world.pbx.broken, world.pbx.rejected
        """Names of methods in which the link breaks, and of those that are answered no."""
        self.on_event: Callable[[bytes], None] = lambda body: None
        """Takes an event from FreeSWITCH, since ``connect``."""
        self.legs = a_snapshot()
        """What the next snapshot has."""
        self.during_snapshot: Step = nothing
        self.descriptions: dict[str, bytes] = {}
        """Leg → what FreeSWITCH tells of it; nothing where the leg has gone or cannot be asked
        for."""
        self.during_description: Step = nothing
        self.ahead = 0.0
        """Seconds that FreeSWITCH's clock is ahead of ours."""
        self.registered: list[Registration] = []
        """The telephones that are registered."""
        self.is_answering = False
        """Whether other commands are answered."""
        self.loss = ""
        world.pbx.lose()

    @property
    def is_connected(self) -> bool:
        return self._pbx.is_connected

    def connect(self, on_event: Callable[[bytes], None]) -> None:
        self._story.append("connect")
        if self.failures:
            raise self.failures.pop(0)
        self.on_event = on_event
        self.loss = ""
        self._pbx.come_back()

    def disconnect(self) -> None:
        self._story.append("disconnect")
        self.lose("closed")

    def lose(self, why: str = "FreeSWITCH closed the connection") -> None:
        """The links go."""
        self.loss = self.loss or why
        self._pbx.lose()

    def snapshot(self, known: frozenset[str], remembered: frozenset[str]) -> Snapshot:
        self._ask("snapshot")
        self.during_snapshot()
        return self.legs

    def registrations(self) -> list[Registration]:
        """What ``registered`` says."""
        return self.registered

    def storage_folder(self) -> str:
        self._ask("storage_folder")
        return "/var/lib/freeswitch/storage"

    def describe_all(self, legs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for leg in legs:
            self._ask("describe", leg)
            self.during_description()
            if leg in self.descriptions:
                yield leg, self.descriptions[leg]

    def clock(self) -> int:
        self._ask("clock")
        return int(self._clock.now() + self.ahead)

    def check_events(self) -> None:
        self._ask("check_events")

    def flush_events(self) -> None:
        self._ask("flush_events")

    def _ask(self, what: str, about: str = "") -> None:
        self._story.append(f"{what} {about}".strip())
        if not self.is_connected or what in self.broken:
            raise LinkLostError("the fake link is down")
        if what in self.rejected:
            raise PbxRejectedError("-ERR the fake says no")


class FakeManager:
    """``systemd.ServiceManager`` that remembers."""

    def __init__(self, story: list[str]) -> None:
        self._story = story
        self.statuses: list[str] = []
        self.signs_of_life = 0

    def ready(self) -> None:
        self._story.append("ready")

    def stopping(self) -> None:
        self._story.append("stopping")

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def alive(self) -> None:
        self.signs_of_life += 1


class Waiting:
    """Waiting in which only the stepped clock goes on. What a test wants to happen meanwhile is one
    step a wait; after the last one ``at_end`` is called."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock
        self._steps: deque[Step] = deque()
        self.at_end: Step = nothing
        self.inbox_size = 1_000
        """Events that may wait in an inbox."""
        self.pauses: list[float] = []
        """Seconds waited before each new try to connect."""

    def do(self, *steps: Step) -> None:
        """Take these steps, one a wait, after those that are there."""
        self._steps.extend(steps)

    def wait(self, seconds: float) -> None:
        """Let time pass, and the next step be taken."""
        self._clock.step(seconds)
        step = self._steps.popleft() if self._steps else self.at_end
        step()

    def flag(self) -> SteppedFlag:
        """In place of gevent's Event."""
        return SteppedFlag(self)

    def inbox(self) -> SteppedInbox:
        """In place of the inbox of ``pbx``."""
        return SteppedInbox(self)


class SteppedFlag:
    """gevent's Event, as far as the session uses it to wait before a new try."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True

    def wait(self, timeout: float) -> None:
        self._waiting.pauses.append(timeout)
        self._waiting.wait(timeout)


class SteppedInbox(Inbox):
    """An inbox in which nobody waits for an event."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(waiting.inbox_size)
        self._pass = waiting.wait

    def wait(self, timeout: float) -> None:
        if not len(self):
            self._pass(timeout)
        # As while anybody waits.
        let_others_run()
