"""Hears every event as it was sent, from its making on, and asks for what no board would."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from fluxcc.lab.port import Lab
from tests.testing.event_socket import Event, EventSocket, Header, event_command

MARKER = "scenario::marker"


class Tap(EventSocket):
    """Listens to all events (or to those named) from its making on; use it in a ``with``."""

    def __init__(self, lab: Lab, names: str = "ALL") -> None:
        super().__init__(lab.host, lab.port, lab.password)
        self.events: list[Event] = []
        """All that were read so far."""
        for wanted in (names, f"CUSTOM {MARKER}"):
            assert self.command(f"event json {wanted}").startswith("+OK")

    def __enter__(self) -> Tap:
        return self

    def send(self, subclass: str, *headers: Header) -> None:
        """Fire a CUSTOM event."""
        self._fire(event_command(subclass, headers))

    def request(self, *headers: Header) -> None:
        """Fire a ``fluxcc::request`` with exactly these headers."""
        self.requests(headers)

    def requests(self, *each: Sequence[Header]) -> None:
        """Fire several, with no round trip between them: nothing can be done meanwhile."""
        self._fire(*(event_command("fluxcc::request", headers) for headers in each))

    def wait(self, is_wanted: Callable[[Event], bool], what: str, timeout: float = 6.0) -> Event:
        """The first event, of those read already or to come, that is wanted."""
        deadline = time.monotonic() + timeout
        seen = 0
        while True:
            for event in self.events[seen:]:
                if is_wanted(event):
                    return event
            seen = len(self.events)
            left = deadline - time.monotonic()
            assert left > 0, f"not within {timeout:g} s: {what}"
            try:
                self.events.append(self.event(left))
            except TimeoutError:
                raise AssertionError(f"not within {timeout:g} s: {what}") from None

    def reply(self, request: str) -> Event:
        """The reply to a request."""
        return self.wait(
            lambda event: (
                event.get("Event-Subclass") == "fluxcc::reply"
                and event.get("Fluxcc-Request-ID", "") == request
            ),
            f"a reply to {request!r}",
        )

    def replies(self) -> list[Event]:
        """Every reply that came up to now."""
        self.catch_up()
        return self.of("fluxcc::reply")

    def of(self, subclass: str) -> list[Event]:
        """Of the events read so far those with this subclass."""
        return [event for event in self.events if event.get("Event-Subclass") == subclass]

    def catch_up(self) -> None:
        """Read everything that was fired before now."""
        mark = uuid4().hex
        self.send(MARKER, ("Mark", mark))
        self.wait(lambda event: event.get("Mark") == mark, "our own marker")

    def _fire(self, *commands: str) -> None:
        self.commands(commands)
        self.events += self.events_so_far()
