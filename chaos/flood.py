"""``python -m chaos.flood``: an event socket that sends faster than anybody can handle.

Recorded calls go out over and over as fast as the socket takes them, and in between, every second,
an agent's request to end a call. It does what FreeSWITCH would with that call, and says how long
each answer took and for how long it could not write.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import threading
import time
import uuid
from collections import deque

from bench.replay import Server, arguments, frame, say

POOL = 200
"""Different calls that are repeated."""
REQUEST_EVERY = 1.0


class Flood(Server):
    """One PBX with some calls that stay."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        super().__init__(wanted)
        self._pool = []
        for number in range(POOL):
            call = self._calls[number % len(self._calls)]
            legs = call.new_legs()
            self._pool.append((call.part(0, legs) + call.part(1, legs), call.events))
        self._free = deque(list(self._snapshot.legs.items())[::2])
        self._pairs = dict(
            zip(list(self._snapshot.legs)[::2], list(self._snapshot.legs)[1::2], strict=True)
        )
        self._asked: dict[str, float] = {}
        self._answers: list[float] = []
        self._codes: list[str] = []
        self._inserts: deque[bytes] = deque()
        self._writing = threading.Lock()
        self._stream: socket.socket | None = None

    def write(self, connection: socket.socket, data: bytes) -> None:
        """Send on a connection; on the flooded one between two pieces of the flood."""
        if connection is self._stream:
            with self._writing:
                connection.sendall(data)
        else:
            connection.sendall(data)

    def answer(self, command: str) -> bytes:
        """As any server; a reply to an agent is noted."""
        if command.startswith("sendevent"):
            self._take_reply(command)
        return super().answer(command)

    def _output(self, command: str) -> bytes:
        if command.startswith("show channels"):
            rows = json.loads(self._snapshot.channels)["rows"]
            rows = [row for row in rows if row["uuid"] in self._snapshot.legs]
            return json.dumps({"row_count": len(rows), "rows": rows}).encode()
        if command.startswith("uuid_kill"):
            return self._kill(command.split()[1])
        return super()._output(command)

    def _kill(self, leg: str) -> bytes:
        """Both legs go: hanging up one ends the bridge."""
        if leg not in self._snapshot.legs:
            return b"-ERR No such channel!\n"
        other = self._pairs.get(leg) or next(a for a, b in self._pairs.items() if b == leg)
        for one in (leg, other):
            if self._snapshot.legs.pop(one, None) is not None:
                for name in ("CHANNEL_HANGUP", "CHANNEL_DESTROY"):
                    event = {
                        "Event-Name": name,
                        "Unique-ID": one,
                        "Hangup-Cause": "NORMAL_CLEARING",
                    }
                    self._inserts.append(frame(json.dumps(event).encode(), "json"))
        return b"+OK\n"

    def _ask(self) -> None:
        leg, agent = self._free.popleft()
        request = uuid.uuid4().hex
        event = {
            "Event-Name": "CUSTOM",
            "Event-Subclass": "fluxcc::request",
            "Fluxcc-Request-ID": request,
            "Fluxcc-Action": "hangup",
            "Fluxcc-Agent": agent,
            "Fluxcc-Call": leg,
        }
        self._asked[request] = time.time()
        self._inserts.append(frame(json.dumps(event).encode(), "json"))

    def _take_reply(self, command: str) -> None:
        found = re.search(r"^Fluxcc-Request-ID: (\w+)$", command, re.MULTILINE)
        code = re.search(r"^Fluxcc-Code: (\S+)$", command, re.MULTILINE)
        if found and code and found[1] in self._asked:
            self._answers.append(time.time() - self._asked.pop(found[1]))
            self._codes.append(code[1])

    def _tell(self, connection: socket.socket) -> None:
        """What happens to the calls that stay, once the flood is over."""
        while True:
            self.write(connection, b"".join(self._inserts.popleft() for _ in list(self._inserts)))
            time.sleep(0.02)

    def _play(self, connection: socket.socket) -> None:
        self._stream = connection
        super()._play(connection)

    def play(self, connection: socket.socket) -> None:
        """The flood, and what became of the requests in it."""
        sent, longest, number, began = 0, 0.0, 0, time.time()
        next_request = began + 0.2
        while sent < self._wanted.events:
            # On a machine so slow that every call has ended meanwhile, nobody is left to ask.
            if self._free and time.time() > next_request:
                next_request = time.time() + REQUEST_EVERY
                self._ask()
            piece, events = self._pool[number % POOL]
            number += 1
            inserts = b"".join(self._inserts.popleft() for _ in range(len(self._inserts)))
            before = time.time()
            self.write(connection, inserts + piece)
            longest = max(longest, time.time() - before)
            sent += events
        took = time.time() - began
        until = time.time() + 10
        threading.Thread(target=self._tell, args=(connection,), daemon=True).start()
        while self._asked and time.time() < until:
            time.sleep(0.02)
        say(
            sent=sent,
            seconds=took,
            longest_write=longest,
            unanswered=len(self._asked),
            answered=len(self._answers),
            slowest=max(self._answers, default=0.0),
            codes=sorted(set(self._codes)),
            legs=len(self._snapshot.legs),
        )


def main() -> None:
    """The server."""
    options = arguments()
    options.set_defaults(channels=400, warm_up=2.0)
    server = Flood(options.parse_args())
    say(port=server.port)
    server.serve()


if __name__ == "__main__":
    main()
