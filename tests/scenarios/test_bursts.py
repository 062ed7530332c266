"""A board that asks without end: nobody waits for it, and each of its requests has one reply."""

from __future__ import annotations

import threading
import time
from collections import Counter
from uuid import uuid4

import pytest

from fluxcc.domain.requests import REPLY_LIMIT
from tests.testing.event_socket import Event, EventSocket, Header, event_command
from tests.testing.waiting import until

from .scene import Scene
from .tap import Tap

AT_ONCE = 2_000
ACTION = ("Fluxcc-Action", "prank")


def a_request(id: str, agent: str, *more: Header) -> list[Header]:
    """The headers of a prank."""
    return [("Fluxcc-Request-ID", id), ACTION, ("Fluxcc-Agent", agent), *more]


class Listener(threading.Thread):
    """Reads every reply as fast as it comes, beside whoever asks."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(daemon=True)
        self._socket = EventSocket(scene.lab.host, scene.lab.port, scene.lab.password)
        self._socket.command("event json CUSTOM fluxcc::reply")
        self.replies: list[tuple[float, Event]] = []

    def run(self) -> None:
        try:
            while True:
                self.replies.append((time.monotonic(), self._socket.event(None)))
        except (OSError, ValueError):
            return

    def of(self, prefix: str) -> list[tuple[float, Event]]:
        """Those to request IDs that begin so."""
        return [
            (at, reply)
            for at, reply in list(self.replies)
            if reply["Fluxcc-Request-ID"].startswith(prefix)
        ]

    def end(self) -> None:
        self._socket.shut_down()
        self.join(5)
        self._socket.close()


# A machine that is four times slower still answers 4,000 in time.
@pytest.mark.parametrize("burst", [4_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_burst_delays_nobody_and_is_refused_honestly(scene: Scene, tap: Tap, burst: int) -> None:
    """So many of one agent's on one board. Another agent's, in the middle of it, is carried out in
    time; each has exactly one reply; the daemon keeps its links."""
    scene.talk(scene.number, "1001")
    connects = scene.daemon.connects
    mark = uuid4().hex[:8]
    listener = Listener(scene)
    listener.start()
    flood = [
        event_command("fluxcc::request", a_request(f"{mark}-{n}", "1000")) for n in range(burst)
    ]

    def ask() -> None:
        with EventSocket(scene.lab.host, scene.lab.port, scene.lab.password) as board:
            for at in range(0, burst, AT_ONCE):
                board.commands(flood[at : at + AT_ONCE])

    flooding = threading.Thread(target=ask)
    flooding.start()
    try:
        until(lambda: len(listener.of(mark)) > 500, "the burst is under way", 20)
        asked = time.monotonic()
        tap.request(*a_request(f"other-{mark}", "1001"))
        until(lambda: listener.of(f"other-{mark}"), "the other agent has a reply", REPLY_LIMIT)
        ((at, other),) = listener.of(f"other-{mark}")
        assert other["Fluxcc-Code"] == "blocked"
        assert at - asked < REPLY_LIMIT
        flooding.join(60)
        until(lambda: len(listener.of(mark)) >= burst, "each has a reply", 60)
        time.sleep(0.5)
    finally:
        listener.end()
    replies = [reply for _, reply in listener.of(mark)]
    assert len(replies) == burst
    assert len({reply["Fluxcc-Request-ID"] for reply in replies}) == burst
    told = Counter(reply["Fluxcc-Code"] for reply in replies)
    # A FreeSWITCH that is short of processors hands a burst over as slowly as it is answered.
    assert set(told) <= {"no-live-call", "too-many-requests"}, told
    assert scene.daemon.connects == connects
    assert scene.daemon.status()["connected"]
