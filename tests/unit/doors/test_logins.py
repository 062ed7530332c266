"""Users' names: a directory service that is slow, or hangs, keeps nobody waiting."""

from __future__ import annotations

import os
import pwd
import threading
import time
from collections.abc import Iterator

import gevent
import pytest

from fluxcc.doors import logins
from fluxcc.doors.logins import MOST, THREADS, LoginNames


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """A service that answers when this is set."""
    event = threading.Event()
    yield event
    event.set()
    gevent.sleep(0.05)


def test_a_user_is_called_by_name_or_number() -> None:
    assert LoginNames().name(os.getuid()) == pwd.getpwuid(os.getuid()).pw_name
    assert LoginNames().name(4_000_000) == "4000000"


def test_a_name_is_asked_for_once() -> None:
    asked: list[int] = []
    names = LoginNames(lambda user: asked.append(user) or "anna")  # type: ignore[func-returns-value]
    assert [names.name(7) for _ in range(3)] == ["anna"] * 3
    assert asked == [7]


def test_where_no_answer_comes_the_number_counts_and_the_loop_goes_on(
    hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "LONGEST_WAIT", 0.05)
    turns = 0

    def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0.001)

    def look_up(user: int) -> str:
        hanging.wait()
        return "anna"

    names = LoginNames(look_up)
    turning = gevent.spawn(turn)
    begun = time.monotonic()
    # More than there are threads: the rest does not wait for one.
    assert [names.name(user) for user in range(10 * THREADS)] == list(map(str, range(10 * THREADS)))
    assert time.monotonic() - begun < 2
    assert turns > 10
    turning.kill()
    hanging.set()
    with gevent.Timeout(5):
        while names.name(0) != "anna":
            gevent.sleep(0.001)


def test_names_are_bounded() -> None:
    names = LoginNames(str)
    for user in range(MOST + 2):
        names.name(user)
    assert len(names._known) <= MOST
