"""The watch stream: tells those who watch what happens, until they go, or do not keep up.

One greenlet a watcher, which reads ``feed`` at its own pace; nobody waits for a watcher.
Counterparts: ``operators`` has the socket, ``protocol.watching`` the shapes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import filterfalse, islice
from typing import Any

import gevent
import msgspec
from gevent import socket
from gevent.event import Event

from fluxcc.core.core import Core
from fluxcc.domain.blocks import Block, without_number
from fluxcc.doors.feed import Feed
from fluxcc.protocol.operators import Answer, DaemonStatus
from fluxcc.protocol.watching import BEAT, Start

MOST_WATCHERS = 32
PATIENCE = 2.0
"""Seconds within which a watcher must take in one ``PIECE``."""
PIECE = 64 * 1024
"""Bytes that are sent at once."""
MOST_LINES = 100
"""Lines that are written and sent at once."""
PAUSE = 0.01
"""Seconds between two sends to one watcher, so that a burst is not sent line by line. The first
line after a pause goes out at once."""
BEAT_EVERY = 5.0
"""Seconds of silence after which an empty line is sent."""
LOOK_EVERY = 1.0
"""Seconds after which the daemon's state is looked at although nothing happened."""
KEPT = 600.0
"""Seconds after the last watcher has gone for which one may come back and miss nothing."""
BLOCKS_AT_ONCE = 500
"""Blocks that are written in one go: for so long everything else waits, about 1 ms."""

log = logging.getLogger(__name__)


class Watch:
    """One per daemon."""

    def __init__(self, core: Core, feed: Feed, status: Callable[[], DaemonStatus]) -> None:
        """``status`` tells the daemon's state."""
        self._core = core
        self._feed = feed
        self._status = status
        self._watchers: set[gevent.Greenlet] = set()
        self._end: gevent.Greenlet | None = None

    def begin(self, connection: socket.socket, after: int | None) -> None:
        """Tell a watcher what happens, from now on or after that line, until the watcher goes or
        does not keep up. It is done in a greenlet of its own; the caller may close its end."""
        if len(self._watchers) >= MOST_WATCHERS:
            connection.sendall(msgspec.json.encode(Answer(error="too many watchers")))
            return
        if self._end is not None:
            self._end.kill(block=False)
        self._feed.rouse()
        self._watchers.add(gevent.spawn(self._serve, connection.dup(), after))

    def _serve(self, connection: socket.socket, after: int | None) -> None:
        connection.settimeout(PATIENCE)
        try:
            with connection:
                self._tell(connection, after)
        except TimeoutError:
            log.warning("a watcher does not keep up, and is cut off")
        except OSError as error:
            log.info("a watcher is gone", extra={"error": str(error)})
        finally:
            self._watchers.discard(gevent.getcurrent())
            if not self._watchers:
                self._end = gevent.spawn_later(KEPT, self._feed.doze)

    def stop(self) -> None:
        """End every stream."""
        if self._end is not None:
            self._end.kill(block=False)
        gevent.killall(list(self._watchers), timeout=1)

    def _tell(self, connection: socket.socket, after: int | None) -> None:
        feed, number = self._feed, -1
        # What changed while nobody watched is a line too.
        feed.look()
        if after is not None and feed.has(after):
            number = after
            _send(connection, _line(Start(number=number)))
        else:
            number = self._send_all(connection, is_reset=after is not None)
        silence = 0.0
        while True:
            feed.look()
            if not feed.has(number):
                number = self._send_all(connection, is_reset=True)
            lines = list(feed.after(number, MOST_LINES))
            if lines:
                _send(connection, b"".join(lines))
                number, silence = number + len(lines), 0.0
                gevent.sleep(PAUSE)
            elif not self._wait():
                silence += LOOK_EVERY
                if silence >= BEAT_EVERY:
                    _send(connection, BEAT)
                    silence = 0.0

    def _wait(self) -> bool:
        """Whether there is a line before it is time for another look."""
        is_there = Event()
        self._feed.wake.append(is_there.set)
        if is_there.wait(LOOK_EVERY):
            return True
        if is_there.set in self._feed.wake:
            self._feed.wake.remove(is_there.set)
        return False

    def _send_all(self, connection: socket.socket, *, is_reset: bool) -> int:
        """Send everything that is live; the number of the last line that it stands for."""
        number = self._feed.settle()
        held = self._core.blocklist.blocks()
        blocks = list(filterfalse(self._core.blocking.is_over, held))
        head = {
            "kind": "start",
            "number": number,
            "reset": is_reset,
            "snapshot": {
                "status": self._status(),
                "calls": self._feed.calls(),
                "site": self._feed.site,
                "blocks": msgspec.Raw(_written(blocks)),
            },
        }
        _send(connection, _line(head))
        return number


def _written(blocks: list[Block]) -> bytes:
    """The blocks as a list in JSON, the newest first. Others run meanwhile."""
    newest = sorted(blocks, key=lambda block: -block.since)
    return b"[" + b",".join(_pieces(iter(newest))) + b"]"


def _pieces(blocks: Iterator[Block]) -> Iterator[bytes]:
    while some := list(islice(blocks, BLOCKS_AT_ONCE)):
        yield msgspec.json.encode([without_number(block) for block in some])[1:-1]
        gevent.sleep(0)


def _line(content: Any) -> bytes:
    return msgspec.json.encode(content) + b"\n"


def _send(connection: socket.socket, data: bytes) -> None:
    whole = memoryview(data)
    for begin in range(0, len(whole), PIECE):
        connection.sendall(whole[begin : begin + PIECE])
