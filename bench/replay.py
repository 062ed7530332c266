"""An event socket that repeats a real one as fast as it is read: ``python -m bench.replay``.

It answers the daemon's commands with what an idle FreeSWITCH would, and sends the recorded calls
of ``tests/streams`` over and over, every time with UUIDs of their own. Counterparts: the daemon
(``bench.subject``) and the peers that are measured against it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import socket
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from bench import snapshots
from tests.testing.event_socket import cut

STREAMS = Path(__file__).parent.parent / "tests" / "streams"
HEARD = frozenset(
    {
        "CHANNEL_CREATE",
        "CHANNEL_ANSWER",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_HANGUP",
        "CHANNEL_DESTROY",
    }
)
"""What the daemon subscribes to; nothing else is sent to anybody."""
ENDING = ("CHANNEL_UNBRIDGE", "CHANNEL_HANGUP", "CHANNEL_DESTROY")
PAUSE = 1.0
"""Seconds between the beginnings of the calls that stay and the events after them."""
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def recorded_calls() -> list[list[bytes]]:
    """Each recorded call as the bodies of its events."""
    return [_bodies(file) for file in sorted(STREAMS.glob("*.esl.gz"))]


def recorded_call(name: str) -> list[bytes]:
    """One of them."""
    return _bodies(STREAMS / f"{name}.esl.gz")


def _bodies(file: Path) -> list[bytes]:
    bodies = [frame.body for frame in cut(gzip.decompress(file.read_bytes()))]
    return [
        body for body in bodies if body.startswith(b"{") and json.loads(body)["Event-Name"] in HEARD
    ]


class Call:
    """A recorded call whose legs can be given new UUIDs, in two parts: until somebody leaves."""

    def __init__(self, bodies: list[bytes], *, plain: bool) -> None:
        core = json.loads(bodies[0])["Core-UUID"].encode()
        names = [json.loads(body)["Event-Name"] for body in bodies]
        middle = next(place for place, name in enumerate(names) if name in ENDING)
        frames = [_plain(body) if plain else frame(body, "json") for body in bodies]
        legs = dict.fromkeys(UUID.findall(b"".join(bodies)))
        legs.pop(core, None)
        self._legs = list(legs)
        self._parts = b"".join(frames[:middle]), b"".join(frames[middle:])
        self.counts = middle, len(bodies) - middle

    @property
    def events(self) -> int:
        """How many it has in all."""
        return sum(self.counts)

    def new_legs(self) -> dict[bytes, bytes]:
        """A leg that nobody has seen before for each of its legs."""
        return {leg: str(uuid.uuid4()).encode() for leg in self._legs}

    def part(self, number: int, legs: dict[bytes, bytes]) -> bytes:
        """Its beginning (0) or its end (1), with these legs."""
        text = self._parts[number]
        for old, new in legs.items():
            text = text.replace(old, new)
        return text


def frame(body: bytes, kind: str) -> bytes:
    """An event as it is sent."""
    head = f"Content-Length: {len(body)}\nContent-Type: text/event-{kind}\n\n"
    return head.encode() + body


def _plain(body: bytes) -> bytes:
    lines = [f"{name}: {quote(str(value))}" for name, value in json.loads(body).items()]
    return frame(("\n".join(lines) + "\n\n").encode(), "plain")


def answer(command: str, run: Callable[[str], bytes]) -> bytes:
    """The frame that mod_event_socket answers with; ``run`` gives an API command's output."""
    if not command.startswith("api "):
        text = "+OK accepted" if command.startswith("auth") else "+OK"
        return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()
    output = run(command[4:])
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(output) + output


def keep_to(rate: float, sent: int, began: float) -> None:
    """Sleep as long as that many events since ``began`` are more than the rate (0: any)."""
    if rate:
        time.sleep(max(0.0, began + sent / rate - time.time()))


def say(**facts: object) -> None:
    """One line for whoever started this."""
    print(json.dumps(facts), flush=True)


class Server:
    """Listens until the process ends; sends ``events`` events to each subscriber, then no more."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        self._calls = [Call(bodies, plain=wanted.plain) for bodies in recorded_calls()]
        self._wanted = wanted
        self._snapshot = snapshots.make(wanted.channels)
        self._variables = {"storage_dir": b"/nonexistent"}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections for ever."""
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        self.write(connection, b"Content-Type: auth/request\n\n")
        buffer = b""
        try:
            while data := connection.recv(65536):
                *commands, buffer = (buffer + data).lstrip(b"\n").split(b"\n\n")
                # Two blank lines together are no command.
                asked = [command.strip(b"\n") for command in commands]
                answers = [self.answer(command.decode()) for command in asked if command]
                self.write(connection, b"".join(answers))
                if any(command.lstrip(b"\n").startswith(b"event") for command in commands):
                    threading.Thread(target=self._play, args=(connection,), daemon=True).start()
        except OSError:
            return

    def write(self, connection: socket.socket, data: bytes) -> None:
        """Send an answer."""
        connection.sendall(data)

    def _play(self, connection: socket.socket) -> None:
        time.sleep(self._wanted.warm_up)
        try:
            self.play(connection)
        except OSError:
            say(lost="the reader went away")

    def play(self, connection: socket.socket) -> None:
        """Send what was asked for: calls that stay, then as many beginnings as ends."""
        live: deque[tuple[Call, dict[bytes, bytes]]] = deque()
        sent, number, rate, first = 0, 0, self._wanted.rate, time.time()
        while len(live) < self._wanted.live:
            call = self._calls[number % len(self._calls)]
            number += 1
            live.append((call, call.new_legs()))
            connection.sendall(call.part(0, live[-1][1]))
            sent += call.counts[0]
            keep_to(self._wanted.opening_rate, sent, first)
        if live:
            say(opened=sent)
            time.sleep(PAUSE)
        goal, began, first = sent + self._wanted.events, sent, time.time()
        say(began=first)
        while sent < goal:
            call = self._calls[number % len(self._calls)]
            number += 1
            live.append((call, call.new_legs()))
            oldest, legs = live.popleft()
            connection.sendall(call.part(0, live[-1][1] if live else legs))
            connection.sendall(oldest.part(1, legs))
            sent += call.counts[0] + oldest.counts[1]
            keep_to(rate, sent - began, first)
        say(sent=sent, ended=time.time())

    def answer(self, command: str) -> bytes:
        """What FreeSWITCH would answer."""
        return answer(command, self._output)

    def _output(self, command: str) -> bytes:
        if command.startswith("show channels"):
            return self._snapshot.channels
        if command.startswith("show bridged"):
            return self._snapshot.bridges
        if command.startswith("uuid_exists"):
            return b"true" if command.split()[1] in self._snapshot.legs else b"false"
        if command.startswith("uuid_dump"):
            return self._snapshot.describe(command.split()[1])
        if command == "strepoch":
            return str(int(time.time())).encode()
        if command.startswith("global_setvar"):
            # With a third part, the value so far; there is nobody else here who could change it.
            name, value = command.removeprefix("global_setvar ").split("=")[:2]
            self._variables[name] = value.encode()
        if command.startswith("global_getvar "):
            return self._variables.get(command.split()[1], b"")
        return b"+OK\n"


def arguments() -> argparse.ArgumentParser:
    """What it can be asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rate", type=float, default=0.0, help="events a second; 0: no limit")
    options.add_argument("--live", type=int, default=0, help="calls that stay, begun before")
    options.add_argument("--opening-rate", type=float, default=0.0, help="events a second of these")
    options.add_argument("--channels", type=int, default=0, help="legs that a snapshot shows")
    options.add_argument("--warm-up", type=float, default=1.0, help="seconds before the first")
    options.add_argument("--plain", action="store_true")
    return options


def main() -> None:
    """Print the port as one line, then serve."""
    server = Server(arguments().parse_args())
    say(port=server.port)
    server.serve()


if __name__ == "__main__":
    sys.exit(main())
