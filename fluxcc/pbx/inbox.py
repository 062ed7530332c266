"""The queue of events that were read from the socket and are not handled yet: bounded, and never
blocking.

FreeSWITCH stalls, or loses events silently, where a client does not read (mod_event_socket.c). So
the reader puts every event here at once, however slow the handling is. When too many wait, all but
the requests are dropped and counted; the daemon then takes a snapshot in place of them. A request
is dropped only where ``MOST_REQUESTS`` wait: nothing could replace it.
Counterparts: ``link`` puts events, ``daemon.intake`` takes them.
"""

from __future__ import annotations

from collections import deque

from gevent.event import Event

from fluxcc.pbx.events import REQUEST

MOST_WAITING = 10_000
"""Events that may wait: some 100 MB of the largest, and less than a second of work. An agent's
request waits behind them, and its reply is due after 5 s."""
MOST_REQUESTS = 100_000
"""Requests that may wait: some 100 MB, and more than any reply could be in time for."""

_REQUEST_MARK = f'"{REQUEST}"'.encode()


class Inbox:
    """One per event connection."""

    def __init__(
        self, most_waiting: int = MOST_WAITING, most_requests: int = MOST_REQUESTS
    ) -> None:
        self._waiting: deque[bytes] = deque()
        self._most_waiting = most_waiting
        self._most_requests = most_requests
        self._limit = most_waiting
        """How many events may wait until it is looked again for what can be dropped: requests that
        wait are looked through once, and not with every event that comes."""
        self._filled = Event()
        self.dropped = 0
        """How many events were dropped."""
        self.has_gap = False
        """Whether events were dropped and no snapshot taken since."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, body: bytes) -> None:
        """Put an event at the end of the queue."""
        if len(self._waiting) >= self._limit:
            self._make_room()
        self._waiting.append(body)
        self._filled.set()

    def take(self) -> bytes | None:
        """The oldest event's body; None where none waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._filled.clear()
        self._limit = self._most_waiting
        return None

    def wait(self, timeout: float) -> None:
        """Return when an event waits, or after ``timeout`` seconds."""
        self._filled.wait(timeout)

    def _make_room(self) -> None:
        requests = [event for event in self._waiting if _REQUEST_MARK in event]
        kept = requests[: self._most_requests - 1]
        lost = len(self._waiting) - len(kept)
        if lost > 0:
            self.dropped += lost
            # Where requests alone were in the way, the legs are known as they are.
            self.has_gap = self.has_gap or len(requests) < len(self._waiting)
            self._waiting = deque(kept)
        limit = len(kept) + self._most_waiting // 2
        self._limit = max(self._most_waiting, min(limit, self._most_requests))
