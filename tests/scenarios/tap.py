"""A bare connection to the event socket: every event as it was sent, and requests of any shape.

It shares nothing with ``fluxcc.pbx`` or ``fluxcc.client`` on purpose: it shows what the program
really put on the wire, and sends what no well-behaved board would.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from fluxcc.lab.port import Lab

Event = dict[str, Any]

MARKER = "scenario::marker"


def _event(subclass: str, headers: Sequence[tuple[str, str]]) -> str:
    lines = ["sendevent CUSTOM", f"Event-Subclass: {subclass}"]
    return "\n".join(lines + [f"{name}: {value}" for name, value in headers])


class Tap:
    """Listens to all events (or to those named) from its making on; use it in a ``with``."""

    def __init__(self, lab: Lab, names: str = "ALL") -> None:
        self._socket = socket.create_connection((lab.host, lab.port), timeout=10)
        self._stream = self._socket.makefile("rb")
        self.events: list[Event] = []
        """All that were read so far."""
        self._frame()
        assert self._command(f"auth {lab.password}").startswith("+OK")
        assert self._command(f"event json {names}").startswith("+OK")
        assert self._command(f"event json CUSTOM {MARKER}").startswith("+OK")

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, subclass: str, *headers: tuple[str, str]) -> None:
        """Fire a CUSTOM event."""
        self._command(_event(subclass, headers))

    def request(self, *headers: tuple[str, str]) -> None:
        """Fire a ``fluxcc::request`` with exactly these headers."""
        self.requests(headers)

    def requests(self, *each: Sequence[tuple[str, str]]) -> None:
        """Fire several, with no round trip between them: nothing can be done meanwhile."""
        self._command(*(_event("fluxcc::request", headers) for headers in each))

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
            self._socket.settimeout(left)
            try:
                self._take(*self._frame())
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

    def _command(self, *texts: str) -> str:
        """Say all of it at once; the answer to the last one."""
        self._socket.settimeout(10)
        said = "".join(f"{text}\n\n" for text in texts)
        self._socket.sendall(said.encode("utf-8", "surrogateescape"))
        answers: list[str] = []
        while len(answers) < len(texts):
            headers, body = self._frame()
            if headers.get("Content-Type") == "command/reply":
                answers.append(headers.get("Reply-Text", ""))
            self._take(headers, body)
        return answers[-1]

    def _take(self, headers: dict[str, str], body: bytes) -> None:
        if headers.get("Content-Type") == "text/event-json":
            self.events.append(json.loads(body.decode("utf-8", "replace"), strict=False))

    def _frame(self) -> tuple[dict[str, str], bytes]:
        headers: dict[str, str] = {}
        while (line := self._stream.readline()) not in {b"", b"\n"}:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers[name] = value.strip()
        assert headers, "the event socket was closed"
        return headers, self._stream.read(int(headers.get("Content-Length", 0)))
