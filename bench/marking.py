"""Row 6: from a request's event read to its block on disk, told to the gate, and the kill written.

``python -m bench.marking`` is the server of this row: 100 calls a second in the background, and an
agent who marks one in ten as a prank.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.bare_promise import OTHER, SIZE
from bench.bare_promise import REQUEST as MARK
from bench.processes import daemon_beside, running
from bench.replay import UUID, Call, Server, arguments, frame, keep_to, recorded_call, say
from bench.table import Row
from fluxcc.pbx.events import REQUEST

RATE = 100
"""Calls a second."""
MARKED = 10
"""One call in so many."""
SECONDS, QUICK_SECONDS = 60, 10
BARE = 100
"""Marks of the floor."""
TALK = 20
"""Calls that begin before a call is marked."""


class MarkingServer(Server):
    """Sends calls, marks some, and ends those that it is told to end."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        super().__init__(wanted)
        self._lock = threading.Lock()
        self._ends: dict[str, bytes] = {}
        """Customer's leg → the events of the call's end."""
        self._connection: socket.socket

    def play(self, connection: socket.socket) -> None:
        """So many calls at the rate."""
        self._connection = connection
        bodies = recorded_call("direct_caller_killed")
        marked = Call(bodies, plain=False)
        first = json.loads(bodies[0])
        leg, number = first["Unique-ID"].encode(), first["Caller-Caller-ID-Number"].encode()
        agent = json.loads(bodies[1])["variable_dialed_user"]
        began, to_mark = time.time(), {}
        say(began=began)
        for count in range(self._wanted.events):
            keep_to(RATE, count, began)
            background = self._calls[count % len(self._calls)]
            legs = background.new_legs()
            self._send(background.part(0, legs) + background.part(1, legs))
            if count % MARKED == 0:
                legs = marked.new_legs()
                caller = b"55119%08d" % (count % 10**8)
                customer = legs[leg].decode()
                self._ends[customer] = marked.part(1, legs).replace(number, caller)
                self._send(marked.part(0, legs).replace(number, caller))
                to_mark[count + TALK] = customer
            customer = to_mark.pop(count, "")
            if customer:
                self._send(frame(_request(customer, agent), "json"))
        time.sleep(1.0)
        say(sent=self._wanted.events, ended=time.time())

    def _send(self, data: bytes) -> None:
        with self._lock:
            # Lengths that a new number changed would be wrong: it has as many digits.
            self._connection.sendall(data)

    def answer(self, command: str) -> bytes:
        """As any server, and the leg ends that shall."""
        if command.startswith("api uuid_kill"):
            end = self._ends.pop(command.split()[2], b"")
            threading.Timer(0.01, self._send, (end,)).start()
        return super().answer(command)


def _request(leg: str, agent: str) -> bytes:
    headers = {
        "Event-Name": "CUSTOM",
        "Event-Subclass": REQUEST,
        "Fluxcc-Request-ID": f"bench-{leg}",
        "Fluxcc-Action": "prank",
        "Fluxcc-Agent": agent,
        "Fluxcc-Call": leg,
    }
    return json.dumps(headers, separators=(",", ":")).encode()


class Timing:
    """In the daemon's process: when a request was read, and when its kill was written."""

    def __init__(self) -> None:
        self.read: dict[str, float] = {}
        self.killed: dict[str, float] = {}

    def event(self, body: bytes) -> None:
        """An event was read."""
        if REQUEST.encode() in body:
            self.read[json.loads(body)["Fluxcc-Call"]] = time.perf_counter()

    def watch(self, link: Any) -> None:
        """Look at what is written to a link."""
        link.sock = _Watched(link.sock, self)

    def written(self, data: bytes) -> None:
        """A command went out."""
        if data.startswith(b"api uuid_kill"):
            found = UUID.search(data)
            if found:
                self.killed[found[0].decode()] = time.perf_counter()

    def latencies(self) -> list[float]:
        """Seconds of each that was carried out."""
        return [at - self.read[leg] for leg, at in self.killed.items() if leg in self.read]


class _Watched:
    """A socket whose writes are noted when they are done."""

    def __init__(self, actual: Any, timing: Timing) -> None:
        self._actual = actual
        self._timing = timing

    def sendall(self, data: bytes) -> None:
        """As the socket's."""
        self._actual.sendall(data)
        self._timing.written(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actual, name)


def bare(folder: Path) -> list[float]:
    """Seconds that the least takes which a prank cannot do without (``bare_promise``), at the same
    rates: 900 events and ten marks a second."""
    fill = b"." * (SIZE - 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with running("bench.bare_promise", port, folder, measured=True) as program:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                began = time.time()
                for count in range(BARE * MARKED):
                    keep_to(RATE, count, began)
                    connection.sendall((OTHER + fill) * 9)
                    if count % MARKED == 0:
                        connection.sendall(MARK + fill)
                time.sleep(0.5)
                connection.shutdown(socket.SHUT_WR)
                taken: list[float] = program.read("latencies")["latencies"]
    return taken


def rows(*, quick: bool) -> list[Row]:
    """One run."""
    calls = RATE * (QUICK_SECONDS if quick else SECONDS)
    with tempfile.TemporaryDirectory(prefix="fluxcc-bench-") as name:
        folder = Path(name)
        floor = bare(folder)
        arguments = ("bench.marking", "--events", calls)
        with daemon_beside(arguments, "--time-requests", folder=folder) as (server, daemon):
            server.read("sent")
            told = daemon.ask("until 0", "samples")
    taken = sorted(told["latencies"])
    half, late = median(taken), quantiles(taken, n=100)[98]
    return [
        Row(
            "6",
            "prank: event read → on disk, published, kill written, at 100 calls/s",
            f"p50 {half * 1000:.2f} ms, p99 {late * 1000:.2f} ms",
            "≤ 2 ms, ≤ 10 ms",
            half <= 0.002 and late <= 0.010,
            f"{len(taken)} pranks; the least that one can do: p50 {median(floor) * 1000:.2f} ms,"
            f" p99 {quantiles(floor, n=100)[98] * 1000:.2f} ms",
        )
    ]


def main() -> None:
    """The server."""
    server = MarkingServer(arguments().parse_args())
    say(port=server.port)
    server.serve()


if __name__ == "__main__":
    sys.exit(main())
