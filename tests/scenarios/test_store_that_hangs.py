"""The store neither works nor fails: its disk does not answer. The job is done, it is
told within seconds, and the daemon can be ended (contract, sections 1 to 4)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.gate import is_refused
from tests.testing.ports import free_port
from tests.testing.waiting import until

from .people import Person
from .test_watching import Watcher

NOTICED = 9
"""Seconds within which a store that hangs is noticed while nothing is written to it."""
ENDED = 3
"""Seconds within which SIGTERM ends the daemon all the same."""


@contextmanager
def hanging(daemon: Daemon, *, is_new: bool = False) -> Iterator[None]:
    """Nothing that wants to use the store goes on, and nothing fails: the file is gone, and to make
    another the folder's lock is needed."""
    folder = os.open(daemon.database.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not is_new:
            daemon.database.rename(daemon.database.with_suffix(".moved"))
        yield
    finally:
        os.close(folder)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def watched(make_daemon: Callable[..., Daemon], port: int) -> Daemon:
    return make_daemon(FLUXCC_METRICS_LISTEN=f"127.0.0.1:{port}")


def test_it_is_told_and_the_job_is_done(
    lab: Lab, watched: Daemon, port: int, person: Person
) -> None:
    watched.start()
    watcher = Watcher(port)
    lab.call(person.number, "1000").wait_answered()
    watched.wait_talking(person.number)
    with hanging(watched), watched.board() as board:
        asked = time.monotonic()
        reply = board.prank("1000")
        assert (reply.code, reply.blocked) == ("blocked", True)
        assert reply.headers["Fluxcc-Record"] == "pending"
        assert time.monotonic() - asked < 3
        assert is_refused(lab, person.number)
        until(lambda: watcher.get("/readyz")[0] == 503, "it is not ready", timeout=NOTICED)
        assert "not answered" in watched.status()["store_failure"]
        until(lambda: "the store does not answer" in watched.log, "the log tells")
        # Asked again, and asked anew: nobody waits for the store.
        asked = time.monotonic()
        again = board.prank("1000", request=reply.request)
        assert (again.code, again.expires) == (reply.code, reply.expires)
        assert board.prank("1000").code == "no-live-call"
        assert time.monotonic() - asked < 2
    until(lambda: watcher.get("/readyz")[0] == 200, "it is ready again", timeout=NOTICED)
    until(lambda: watched.block_of(person.number), "the block is written")
    until(lambda: "the store answers again" in watched.log, "it is told")


def test_it_is_noticed_by_an_idle_daemon_which_can_be_ended(watched: Daemon, port: int) -> None:
    watched.start()
    with hanging(watched):
        until(lambda: Watcher(port).get("/readyz")[0] == 503, "it is not ready", timeout=NOTICED)
        asked = time.monotonic()
        assert watched.stop() == 0
        assert time.monotonic() - asked < ENDED


def test_a_daemon_begins_without_it(lab: Lab, watched: Daemon, port: int, person: Person) -> None:
    """What it knows is taken over once it answers."""
    watched.start()
    assert watched.cli("block", person.number).code == 0
    watched.kill()
    with hanging(watched, is_new=True):
        watched.start()
        assert Watcher(port).get("/readyz")[0] == 503
    until(lambda: watched.status()["blocks"] == 1, "the block is known", timeout=30)
    until(lambda: Watcher(port).get("/readyz")[0] == 200, "it is ready", timeout=NOTICED)
