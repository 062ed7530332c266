"""Events that were read from the socket and wait to be handled: bounded, and never blocking.

FreeSWITCH must never meet a client that does not read: it stalls, or loses events in silence
(mod_event_socket.c). So the reader puts every event here whatever the handling does. When too much
waits, everything but the requests is dropped and counted; the daemon then takes a snapshot in place
of what was dropped.
"""

from __future__ import annotations

from collections import deque

from gevent.event import Event

from fluxcc.pbx.events import REQUEST

MOST_WAITING = 10_000
"""Events that may wait: some 100 MB of the largest, and less than a second of work. What an agent
asks for waits behind them, and is due after 5 s."""

_REQUEST_MARK = f'"{REQUEST}"'.encode()


class Inbox:
    """One per event connection."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._waiting: deque[bytes] = deque()
        self._most_waiting = most_waiting
        self._filled = Event()
        self.dropped = 0
        """Events dropped in all."""
        self.has_gap = False
        """Whether events were dropped and no snapshot taken since."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, body: bytes) -> None:
        """Let an event wait its turn."""
        if len(self._waiting) >= self._most_waiting:
            requests = [event for event in self._waiting if _REQUEST_MARK in event]
            kept = requests[: self._most_waiting // 2]
            self.dropped += len(self._waiting) - len(kept)
            self.has_gap = True
            self._waiting = deque(kept)
        self._waiting.append(body)
        self._filled.set()

    def take(self) -> bytes | None:
        """The oldest event; None where none waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._filled.clear()
        return None

    def wait(self, timeout: float) -> None:
        """Return when something waits, or after ``timeout`` seconds."""
        self._filled.wait(timeout)
