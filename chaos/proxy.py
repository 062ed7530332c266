"""What stands between the daemon and the PBX, and mistreats the bytes.

One thread a direction and connection. ``Proxy`` lists the live connections; what can be done to
one is a method of ``Pipe``. It also counts the commands that pass, by their text.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections import Counter

from tests.testing.event_socket import cut

CHUNK = 64 * 1024
ONE_BY_ONE = 2_000
"""Bytes that are sent one by one, so that a frame is split at every byte."""
ACTING = re.compile(r"api (uuid_kill|uuid_transfer)\b")
REQUEST_ID = re.compile(r"^Fluxcc-Request-ID: (.*)$", re.MULTILINE)


class Pipe:
    """One connection of the daemon's and its counterpart to the PBX."""

    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket) -> None:
        self._proxy = proxy
        self._near, self._far = near, far
        self._flows = threading.Event()
        self._flows.set()
        self._cut_at: int | None = None
        self._split = 0
        self._is_lost = False
        self.is_events = False
        """Whether it has subscribed; otherwise it is for commands."""
        self.is_ours = False
        """Whether it is the prober's (``chaos.prober``), not the daemon's."""
        self.is_open = True
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._pump_up, daemon=True).start()
        threading.Thread(target=self._pump_down, daemon=True).start()

    # What can be done to it

    def close(self) -> None:
        """An orderly end from both sides."""
        self.is_open = False
        for one in (self._near, self._far):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._flows.set()

    def reset(self) -> None:
        """RST instead of FIN."""
        self.is_open = False
        linger = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self._near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with contextlib.suppress(OSError):
            # A thread sits in recv on it: only a shutdown wakes it, and only close sends the RST.
            self._near.close()
        self.close()

    def cut_inside_a_frame(self) -> None:
        """Close after a few bytes of what comes next."""
        self._cut_at = random.randrange(1, 400)

    def be_half_open(self) -> None:
        """The PBX's side is gone, and the daemon is not told."""
        self._is_lost = True
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)

    def be_silent(self) -> None:
        """Both sides believe in it, and nothing passes any more towards the daemon."""
        self._flows.clear()

    def stall(self, seconds: float) -> None:
        """Nothing passes for a while, and then all of it."""
        self._flows.clear()
        timer = threading.Timer(seconds, self._flows.set)
        timer.daemon = True
        timer.start()

    def split(self, size: int = ONE_BY_ONE) -> None:
        """The next bytes come one by one."""
        self._split = size

    # How

    def _pump_up(self) -> None:
        rest = b""
        try:
            while data := self._near.recv(CHUNK):
                *commands, rest = (rest + data).split(b"\n\n")
                if not self._is_lost:
                    for command in commands:
                        self._count(command.strip(b"\n").decode("utf-8", "replace"))
                    self._far.sendall(data)
        except OSError:
            pass
        # The daemon has ended it: nothing is left of it, in whatever state the other side is.
        self.close()

    def _count(self, command: str) -> None:
        if command.startswith("event "):
            self.is_events = True
        elif command.startswith("api eval"):
            self.is_ours = True
        elif ACTING.match(command):
            self._proxy.commands[command] += 1
        elif "fluxcc::reply" in command and (found := REQUEST_ID.search(command)):
            self._proxy.replies[found[1]] += 1

    def _pump_down(self) -> None:
        try:
            while data := self._far.recv(CHUNK):
                self._flows.wait()
                if not self.is_open:
                    return
                self._deliver(self._swap(data) if self._proxy.swaps and self.is_events else data)
        except OSError:
            pass
        if not self._is_lost:
            self.close()

    def _deliver(self, data: bytes) -> None:
        if self._cut_at is not None:
            self._near.sendall(data[: self._cut_at])
            self.close()
            return
        while data and self._split > 0:
            self._near.sendall(data[:1])
            data = data[1:]
            self._split -= 1
        if data:
            self._near.sendall(data)

    def _swap(self, data: bytes) -> bytes:
        """Events before the reply to the subscription."""
        mark = data.find(b"Content-Type: command/reply")
        if mark < 0 or b"event listener enabled" not in data[mark:]:
            return data
        end = data.index(b"\n\n", mark) + 2
        reply, data = data[mark:end], data[:mark] + data[end:]
        self._far.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            deadline = time.monotonic() + 1.0
            while not (whole := _frames(data)) and time.monotonic() < deadline:
                data += self._far.recv(CHUNK)
        self._far.settimeout(None)
        whole = _frames(data)
        if whole:
            self._proxy.swapped += 1
        return data[:whole] + reply + data[whole:]


def _frames(data: bytes) -> int:
    """How many bytes of it are whole frames."""
    return sum(frame.size for frame in cut(data))


class Proxy:
    """Listens until it is left."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.pipes: list[Pipe] = []
        self.commands: Counter[str] = Counter()
        """What was sent to legs, by its text: each of it names a leg that nothing else names."""
        self.replies: Counter[str] = Counter()
        self.swaps = False
        """Whether events come before the reply to the subscription."""
        self.swapped = 0
        self._is_closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def live(self, *, events: bool | None = None, ours: bool = False) -> list[Pipe]:
        """The daemon's connections (or the prober's), all of them or those of one kind."""
        self.pipes = [pipe for pipe in self.pipes if pipe.is_open]
        return [
            pipe
            for pipe in self.pipes
            if pipe.is_ours is ours and (events is None or pipe.is_events is events)
        ]

    def close(self) -> None:
        """End it all."""
        self._is_closed = True
        self._listener.close()
        for pipe in self.pipes:
            pipe.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError as error:
                if not self._is_closed:
                    print(f"the proxy ended: {error!r}", flush=True)
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
                far.settimeout(None)
                self.pipes.append(Pipe(self, near, far))
            except OSError:
                near.close()
