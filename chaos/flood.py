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

from bench import snapshots
from bench.replay import Call, answer, frame, recorded_calls, say

POOL = 200
"""Different calls that are repeated."""
REQUEST_EVERY = 1.0


class Flood:
    """One PBX with some calls that stay."""

    def __init__(self, events: int, channels: int) -> None:
        calls = [Call(bodies, plain=False) for bodies in recorded_calls()]
        self._pool = []
        for number in range(POOL):
            call = calls[number % len(calls)]
            legs = call.new_legs()
            self._pool.append((call.part(0, legs) + call.part(1, legs), call.events))
        self._goal = events
        self._snapshot = snapshots.make(channels)
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

    def serve(self) -> None:
        """Take connections for ever."""
        listener = socket.create_server(("127.0.0.1", 0))
        say(port=listener.getsockname()[1])
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        self._send(connection, b"Content-Type: auth/request\n\n")
        buffer = b""
        try:
            while data := connection.recv(65536):
                *commands, buffer = (buffer + data).lstrip(b"\n").split(b"\n\n")
                for command in commands:
                    text = command.strip(b"\n").decode()
                    self._send(connection, self._answer(text))
                    if text.startswith("event "):
                        self._stream = connection
                        threading.Thread(target=self._play, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _send(self, connection: socket.socket, data: bytes) -> None:
        if connection is self._stream:
            with self._writing:
                connection.sendall(data)
        else:
            connection.sendall(data)

    def _answer(self, command: str) -> bytes:
        if command.startswith("sendevent"):
            self._take_reply(command)
        return answer(command, self._output)

    def _output(self, command: str) -> bytes:
        verb, _, rest = command.partition(" ")
        leg = rest.split(" ")[0]
        if command.startswith("show channels"):
            rows = json.loads(self._snapshot.channels)["rows"]
            rows = [row for row in rows if row["uuid"] in self._snapshot.legs]
            return json.dumps({"row_count": len(rows), "rows": rows}).encode()
        if command.startswith("show bridged"):
            return self._snapshot.bridges
        if verb == "uuid_exists":
            return b"true" if leg in self._snapshot.legs else b"false"
        if verb == "uuid_dump":
            return self._snapshot.describe(leg)
        if verb == "uuid_kill":
            return self._kill(leg)
        if command == "strepoch":
            return str(int(time.time())).encode()
        return b"/nonexistent" if verb == "global_getvar" else b"+OK\n"

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
            self._send(connection, b"".join(self._inserts.popleft() for _ in list(self._inserts)))
            time.sleep(0.02)

    def _play(self, connection: socket.socket) -> None:
        time.sleep(2.0)
        sent, longest, number, began = 0, 0.0, 0, time.time()
        next_request = began + 0.2
        while sent < self._goal:
            if time.time() > next_request:
                next_request = time.time() + REQUEST_EVERY
                self._ask()
            piece, events = self._pool[number % POOL]
            number += 1
            inserts = b"".join(self._inserts.popleft() for _ in range(len(self._inserts)))
            before = time.time()
            self._send(connection, inserts + piece)
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


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--channels", type=int, default=400)
    wanted = options.parse_args()
    Flood(wanted.events, wanted.channels).serve()
