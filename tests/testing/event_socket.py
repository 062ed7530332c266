"""A bare client of the event socket, and the frames that come over it.

It shares nothing with ``fluxcc.pbx`` or ``fluxcc.client`` on purpose: it shows what the program
really put on the wire, and sends what no well-behaved board would. Counterpart: FreeSWITCH's
mod_event_socket, or the simulator's.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

TIMEOUT = 10.0
"""Seconds that an answer is waited for."""

Event = dict[str, Any]
Header = tuple[str, str]


class Frame(NamedTuple):
    """One message of the event socket's."""

    headers: dict[str, str]
    body: bytes
    size: int
    """Bytes of the whole, head and body."""

    @property
    def kind(self) -> str:
        """Its Content-Type, such as ``api/response``; empty where it has none."""
        return self.headers.get("Content-Type", "")


def cut(data: bytes) -> Iterator[Frame]:
    """The whole frames that these bytes begin with; an incomplete one is left out."""
    start = 0
    while (end := data.find(b"\n\n", start)) >= 0:
        headers = {}
        for line in data[start:end].decode("utf-8", "replace").split("\n"):
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        body = end + 2
        after = body + int(headers.get("Content-Length", 0))
        if after > len(data):
            return
        yield Frame(headers, data[body:after], after - start)
        start = after


def event_command(subclass: str, headers: Sequence[Header]) -> str:
    """The command that fires a CUSTOM event with exactly these headers."""
    lines = ["sendevent CUSTOM", f"Event-Subclass: {subclass}"]
    return "\n".join(lines + [f"{name}: {value}" for name, value in headers])


class EventSocket:
    """One connection, authenticated; use it in a ``with``. Not for several threads at once."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""
        self._waiting: deque[Event] = deque()
        self._frame()
        answer = self.command(f"auth {password}")
        assert answer.startswith("+OK"), answer

    def __enter__(self) -> EventSocket:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def shut_down(self) -> None:
        """End what another thread waits for on this connection: ``event`` finds it closed."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def command(self, text: str) -> str:
        """The reply to one command: ``+OK …`` or ``-ERR …``."""
        return self.commands([text])[-1]

    def commands(self, texts: Sequence[str]) -> list[str]:
        """Send all of it at once, with no round trip between; the reply to each."""
        frames = self._send(texts, "command/reply")
        return [frame.headers.get("Reply-Text", "") for frame in frames]

    def api(self, command: str) -> str:
        """What an API command answers, without the line end that closes it."""
        return self.apis([command])[0]

    def apis(self, commands: Sequence[str]) -> list[str]:
        """The same for several, which are sent at once."""
        frames = self._send([f"api {command}" for command in commands], "api/response")
        return [frame.body.decode("utf-8", "replace").rstrip("\n") for frame in frames]

    def event(self, timeout: float | None = TIMEOUT) -> Event:
        """The next event that this connection is subscribed to. Raises ``TimeoutError`` where none
        comes within so many seconds (None: for ever), ``ConnectionError`` where it was closed."""
        self._socket.settimeout(timeout)
        while not self._waiting:
            self._keep(self._frame())
        return self._waiting.popleft()

    def events_so_far(self) -> list[Event]:
        """The events that were read beside the answers to commands, and asked for by nobody yet."""
        events = list(self._waiting)
        self._waiting.clear()
        return events

    def _send(self, texts: Sequence[str], wanted: str) -> list[Frame]:
        self._socket.settimeout(TIMEOUT)
        said = "".join(f"{text}\n\n" for text in texts)
        self._socket.sendall(said.encode("utf-8", "surrogateescape"))
        answers: list[Frame] = []
        while len(answers) < len(texts):
            frame = self._frame()
            if frame.kind == wanted:
                answers.append(frame)
            self._keep(frame)
        return answers

    def _keep(self, frame: Frame) -> None:
        if frame.kind == "text/event-json":
            self._waiting.append(json.loads(frame.body.decode("utf-8", "replace"), strict=False))

    def _frame(self) -> Frame:
        while (frame := next(cut(self._read), None)) is None:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("the event socket was closed")
            self._read += data
        self._read = self._read[frame.size :]
        return frame
