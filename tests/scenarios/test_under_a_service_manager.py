"""What systemd sees of the daemon: ready, alive, stuck, stopping."""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

WATCHDOG = 2.0
"""Seconds. The loop turns at least twice a second, also while nothing happens."""


class Manager:
    """Listens as systemd does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def hears(self, beginning: str, times: int = 1) -> bool:
        """Whether something that begins so was told so often since the last ``forget``."""
        self._listen()
        return sum(text.startswith(beginning) for text in self._told) >= times

    def forget(self) -> None:
        """Hear only what comes from now on."""
        self._listen()
        self._told.clear()

    def is_told_more(self, seconds: float) -> bool:
        """Whether anything at all comes within this time."""
        return bool(select.select([self._socket], [], [], seconds)[0]) and self.hears("")

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._told.append(self._socket.recv(4096).decode())

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@pytest.fixture
def managed(make_daemon: Callable[..., Daemon], manager: Manager) -> Daemon:
    """A daemon that this manager is to start."""
    return make_daemon(
        NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC=str(int(WATCHDOG * 1_000_000))
    )


def test_ready_alive_and_stopping(lab: Lab, managed: Daemon, manager: Manager) -> None:
    """Ready when the operators' door is open; alive with FreeSWITCH and without; told when it ends,
    which takes it less than two seconds."""
    managed.start(connected=False, cold=True)
    until(lambda: manager.hears("READY=1"), "it is ready")
    assert managed.cli("status").code == 0
    managed.wait_connected()
    until(lambda: manager.hears("STATUS=Connected to FreeSWITCH"), "it says so")

    manager.forget()
    until(lambda: manager.hears("WATCHDOG=1", times=3), "it stays alive")

    lab.kill()
    until(lambda: manager.hears("STATUS=No link to FreeSWITCH: "), "it says so")
    manager.forget()
    until(lambda: manager.hears("WATCHDOG=1", times=2), "it lives without FreeSWITCH", timeout=20)
    lab.start()

    assert not manager.hears("STOPPING=1")
    asked = time.monotonic()
    assert managed.stop() == 0
    assert time.monotonic() - asked < 2
    assert manager.hears("STOPPING=1")


def test_a_stuck_loop_is_not_fed(managed: Daemon, manager: Manager) -> None:
    """What makes systemd start it again: the process lives, its event loop does not turn. The
    watchdog's signal makes it tell where it is stuck."""
    managed.start(connected=False, spoil="stuck_loop")
    until(lambda: manager.hears("READY=1"), "it is ready")
    until(lambda: not manager.is_told_more(WATCHDOG), "it falls silent")
    assert managed.is_running
    managed.signal(signal.SIGABRT)
    assert managed.wait_ended() == -signal.SIGABRT
    assert "in block_every_greenlet" in managed.log


def test_a_loop_that_breaks_ends_the_daemon(managed: Daemon, manager: Manager) -> None:
    """In order, and with an exit code that says so: half a daemon would go unnoticed."""
    managed.start(connected=False, spoil="broken_job")
    assert managed.wait_ended() == 1
    assert "ZeroDivisionError" in managed.log
    assert manager.hears("STOPPING=1")
