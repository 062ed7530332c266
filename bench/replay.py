"""An event socket that repeats a real one as fast as it is read: ``python -m bench.replay``.

It answers the daemon's commands with what an idle FreeSWITCH would, and sends the recorded calls
of ``tests/streams`` over and over, every time with UUIDs of their own. Counterparts: the daemon and
the peers that are measured against it (``bench.peers``).
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
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

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
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def recorded_calls() -> list[list[bytes]]:
    """Each recorded call as the bodies of its events."""
    calls = []
    for file in sorted(STREAMS.glob("*.esl.gz")):
        data, bodies = gzip.decompress(file.read_bytes()), []
        while data:
            head, _, data = data.partition(b"\n\n")
            found = re.search(rb"Content-Length: (\d+)", head)
            length = int(found.group(1)) if found else 0
            body, data = data[:length], data[length:]
            if body.startswith(b"{") and json.loads(body)["Event-Name"] in HEARD:
                bodies.append(body)
        calls.append(bodies)
    return calls


class Call:
    """A recorded call whose legs can be given new UUIDs."""

    def __init__(self, bodies: list[bytes], *, plain: bool) -> None:
        core = json.loads(bodies[0])["Core-UUID"].encode()
        frames = [_plain(body) if plain else _frame(body, "json") for body in bodies]
        text = b"".join(frames)
        legs = dict.fromkeys(_UUID.findall(text))
        legs.pop(core, None)
        self._legs = list(legs)
        self._text = text
        self.events = len(bodies)

    def fresh(self) -> bytes:
        """The call's frames with legs that nobody has seen before."""
        text = self._text
        for leg in self._legs:
            text = text.replace(leg, str(uuid.uuid4()).encode())
        return text


def _frame(body: bytes, kind: str) -> bytes:
    return (
        b"Content-Length: %d\nContent-Type: text/event-%s\n\n"
        % (
            len(body),
            kind.encode(),
        )
        + body
    )


def _plain(body: bytes) -> bytes:
    lines = [f"{name}: {quote(str(value))}" for name, value in json.loads(body).items()]
    return _frame(("\n".join(lines) + "\n\n").encode(), "plain")


def endless(calls: list[Call]) -> Iterator[Call]:
    """The calls over and over."""
    while True:
        yield from calls


class Server:
    """Listens until the process ends; sends ``events`` events to each subscriber, then an end."""

    def __init__(self, events: int, *, plain: bool, rate: float, warm_up: float) -> None:
        self._calls = [Call(bodies, plain=plain) for bodies in recorded_calls()]
        self._events = events
        self._rate = rate
        self._warm_up = warm_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Take connections for ever."""
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.sendall(b"Content-Type: auth/request\n\n")
        buffer = b""
        try:
            while data := connection.recv(65536):
                buffer = (buffer + data).lstrip(b"\n")
                while b"\n\n" in buffer:
                    command, _, buffer = buffer.partition(b"\n\n")
                    buffer = buffer.lstrip(b"\n")
                    connection.sendall(_answer(command.decode()))
                    if command.startswith(b"event "):
                        threading.Thread(target=self._send, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _send(self, connection: socket.socket) -> None:
        time.sleep(self._warm_up)
        sent, began = 0, time.perf_counter()
        print(json.dumps({"began": time.time()}), flush=True)
        for call in endless(self._calls):
            if sent >= self._events:
                break
            connection.sendall(call.fresh())
            sent += call.events
            if self._rate:
                time.sleep(max(0.0, began + sent / self._rate - time.perf_counter()))
        print(json.dumps({"sent": sent, "ended": time.time()}), flush=True)


def _answer(command: str) -> bytes:
    if not command.startswith("api "):
        text = "+OK accepted" if command.startswith("auth") else "+OK"
        return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()
    output = _output(command[4:]).encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(output) + output


def _output(command: str) -> str:
    if command.startswith("show "):
        return '{"row_count": 0}\n'
    if command.startswith("uuid_exists"):
        return "false"
    if command == "strepoch":
        return str(int(time.time()))
    if command.startswith("global_getvar"):
        return "/nonexistent"
    if command.startswith("uuid_dump"):
        return "-ERR No such channel!\n"
    return "+OK\n"


def main() -> None:
    """Print the port as one line, then serve."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rate", type=float, default=0.0, help="events a second; 0: no limit")
    options.add_argument("--warm-up", type=float, default=1.0, help="seconds before the first")
    options.add_argument("--plain", action="store_true")
    wanted = options.parse_args()
    server = Server(wanted.events, plain=wanted.plain, rate=wanted.rate, warm_up=wanted.warm_up)
    print(json.dumps({"port": server.port}), flush=True)
    server.serve()


if __name__ == "__main__":
    sys.exit(main())
