"""The queue of events that were read from the socket and are not handled yet: bounded, and never
blocking.

FreeSWITCH stalls, or loses events silently, where a client does not read (mod_event_socket.c). So
the reader puts every event here at once, however slow the handling is. When too many wait, all but
the requests are dropped and counted; the daemon then takes a snapshot in place of them.
Counterparts: ``link`` puts events, ``daemon.intake`` takes them.
"""

from __future__ import annotations

from collections import deque

from gevent.event import Event

from fluxcc.pbx.events import REQUEST

MOST_WAITING = 10_000
"""Events that may wait: some 100 MB of the largest, and less than a second of work. An agent's
request waits behind them, and its reply is due after 5 s."""

_REQUEST_MARK = f'"{REQUEST}"'.encode()


class Inbox:
    """One per event connection."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._waiting: deque[bytes] = deque()
        self._most_waiting = most_waiting
        self._filled = Event()
        self.dropped = 0
        """How many events were dropped."""
        self.has_gap = False
        """Whether events were dropped and no snapshot taken since."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, body: bytes) -> None:
        """Put an event at the end of the queue."""
        if len(self._waiting) >= self._most_waiting:
            requests = [event for event in self._waiting if _REQUEST_MARK in event]
            kept = requests[: self._most_waiting // 2]
            self.dropped += len(self._waiting) - len(kept)
            self.has_gap = True
            self._waiting = deque(kept)
        self._waiting.append(body)
        self._filled.set()

    def take(self) -> bytes | None:
        """The oldest event's body; None where none waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._filled.clear()
        return None

    def wait(self, timeout: float) -> None:
        """Return when an event waits, or after ``timeout`` seconds."""
        self._filled.wait(timeout)
