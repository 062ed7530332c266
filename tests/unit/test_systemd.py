"""What is sent to the service manager, on a socket such as systemd's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc import systemd
from fluxcc.systemd import ALIVE, ServiceManager
from tests.fakes import SteppedClock


@pytest.fixture
def manager_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listener:
        listener.bind(str(tmp_path / "notify"))
        yield listener


def told(listener: socket.socket) -> list[str]:
    """Everything that was sent, in order."""
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def environment(listener: socket.socket, watchdog: str = "60000000") -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": watchdog}


def test_each_state_is_one_message(manager_socket: socket.socket) -> None:
    manager = ServiceManager(environment(manager_socket))
    manager.ready()
    manager.status("No link to FreeSWITCH:\n gone")
    manager.stopping()
    assert told(manager_socket) == [
        "READY=1",
        "STATUS=No link to FreeSWITCH: gone",
        "STOPPING=1",
    ]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteppedClock:
    """In place of the machine's steady clock."""
    clock = SteppedClock()
    monkeypatch.setattr(systemd, "time", clock)
    return clock


def test_four_signs_of_life_are_sent_in_the_time_that_the_watchdog_allows(
    manager_socket: socket.socket, clock: SteppedClock
) -> None:
    manager = ServiceManager(environment(manager_socket, watchdog="60000000"))
    for _ in range(12):
        manager.alive()
        clock.step(5)
    assert told(manager_socket) == [ALIVE] * 4


@pytest.mark.usefixtures("clock")
def test_a_turning_loop_does_not_flood_the_manager(manager_socket: socket.socket) -> None:
    manager = ServiceManager(environment(manager_socket))
    for _ in range(1000):
        manager.alive()
    assert told(manager_socket) == [ALIVE]


def test_each_sign_of_life_is_sent_where_the_watchdog_is_impatient(
    manager_socket: socket.socket, clock: SteppedClock
) -> None:
    manager = ServiceManager(environment(manager_socket, watchdog="1"))
    manager.alive()
    clock.step(0.001)
    manager.alive()
    assert told(manager_socket) == [ALIVE, ALIVE]


@pytest.mark.parametrize("is_managed", [True, False])
def test_when_the_loop_turned_last_is_known_without_a_manager_too(
    manager_socket: socket.socket, clock: SteppedClock, is_managed: bool
) -> None:
    manager = ServiceManager(environment(manager_socket) if is_managed else {})
    clock.step(1)
    assert manager.turned == 0.0
    manager.alive()
    clock.step(1)
    manager.alive()
    assert manager.turned == 2.0


@pytest.mark.parametrize("watchdog", ["", "soon"])
def test_without_a_watchdog_nothing_is_fed(manager_socket: socket.socket, watchdog: str) -> None:
    ServiceManager(environment(manager_socket, watchdog)).alive()
    assert told(manager_socket) == []


def test_a_name_that_no_file_has(tmp_path: Path) -> None:
    """Some managers listen in the kernel's own name space."""
    name = f"fluxcc-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listener:
        listener.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert told(listener) == ["READY=1"]


def test_without_a_manager_nothing_happens() -> None:
    manager = ServiceManager({"WATCHDOG_USEC": "1"})
    manager.ready()
    manager.alive()


def test_a_manager_that_has_gone_or_is_behind_stops_nobody(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        manager = ServiceManager(environment(listener, watchdog="1"))
        for _ in range(10_000):
            manager.alive()
