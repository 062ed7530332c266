"""Who watches is told everything in order, may come back, and is never waited for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket

from fluxcc.doors import watch as watch_module
from fluxcc.doors.operators import MOST_CONNECTIONS, OperatorsDoor
from fluxcc.protocol.watching import CallHappening, Start, read_line
from tests.builders import NUMBER, World, a_block

from .doors import a_door


class Watcher:
    """A connection that watches."""

    def __init__(self, path: Path, **asked: Any) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(5)
        self._socket.connect(str(path))
        self._socket.sendall(json.dumps({"do": "watch", **asked}).encode() + b"\n")
        self._lines = self._socket.makefile("rb")

    def raw(self) -> bytes:
        """The next line."""
        return self._lines.readline()

    def line(self) -> Any:
        """The next line that is no beat."""
        while not (found := self.raw()).strip():
            assert found, "the stream ended"
        return read_line(found)

    def close(self) -> None:
        """Go."""
        self._lines.close()
        self._socket.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fluxcc.sock"


@pytest.fixture
def door(world: World, path: Path) -> Iterator[OperatorsDoor]:
    door = a_door(world, path)
    door.start()
    yield door
    door.stop()


@contextmanager
def watching(path: Path, **asked: Any) -> Iterator[Watcher]:
    """Watch for a while."""
    watcher = Watcher(path, **asked)
    try:
        yield watcher
    finally:
        watcher.close()


def test_it_begins_with_everything_that_is_live(
    world: World, door: OperatorsDoor, path: Path
) -> None:
    world.received_call()
    world.block(a_block(is_private=True))
    with watching(path) as watcher:
        start = watcher.line()
        assert isinstance(start, Start)
        assert start.snapshot is not None
        (call,) = start.snapshot.calls
        assert (call.call, call.number, call.talking) == ("customer", NUMBER, True)
        assert start.snapshot.status.calls == 1
        assert [block.number for block in start.snapshot.blocks] == ["withheld"]
        world.hung_up("customer")
        happening = watcher.line()
        assert happening.number == start.number + 1
        assert (happening.change, happening.call.id) == ("ended", call.id)


def test_two_watchers_are_told_the_same(world: World, door: OperatorsDoor, path: Path) -> None:
    with watching(path) as one, watching(path) as other:
        assert one.line() == other.line()
        world.received_call()
        told = [one.line() for _ in range(2)]
        assert [other.line() for _ in range(2)] == told


def test_who_comes_back_misses_nothing(world: World, door: OperatorsDoor, path: Path) -> None:
    with watching(path) as watcher:
        number = watcher.line().number
    gevent.sleep(0)
    world.received_call()
    world.hung_up("customer")
    with watching(path, after=number) as watcher:
        assert watcher.line() == Start(number=number)
        changes = [watcher.line().change]
        while changes[-1] != "ended":
            changes.append(watcher.line().change)
        assert changes[0] == "began"


@pytest.mark.parametrize("after", [0, 1, 2**53])
def test_who_comes_back_too_late_is_told_so(
    world: World, door: OperatorsDoor, path: Path, after: int
) -> None:
    world.received_call()
    with watching(path, after=after) as watcher:
        start = watcher.line()
        assert start.reset
        assert len(start.snapshot.calls) == 1


def test_an_erasure_is_followed_by_a_new_beginning(
    world: World, door: OperatorsDoor, path: Path
) -> None:
    world.received_call()
    with watching(path) as watcher:
        assert not watcher.line().reset
        world.hung_up("customer")
        while not isinstance(line := watcher.line(), CallHappening) or line.change != "ended":
            pass
        world.erasure.erase_person(NUMBER, "operator:maria", "r")
        start = watcher.line()
        assert (start.reset, start.snapshot.calls) == (True, [])


def test_a_reader_that_does_not_keep_up_is_cut_off_and_nobody_waits_for_it(
    world: World, door: OperatorsDoor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "PATIENCE", 0.2)
    monkeypatch.setattr(watch_module, "PAUSE", 0.0)
    with watching(path) as slow, watching(path) as quick:
        slow.line(), quick.line()
        for _ in range(20):
            for _ in range(100):
                world.happenings.caller_refused(a_block(reason="x" * 200))
            for _ in range(100):
                quick.line()
        gevent.sleep(0.3)
        world.happenings.caller_refused(a_block())
        assert quick.line()
        while slow.raw():
            pass


def test_silence_is_broken_by_a_beat(
    world: World, door: OperatorsDoor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "BEAT_EVERY", 0.02)
    monkeypatch.setattr(watch_module, "LOOK_EVERY", 0.01)
    with watching(path) as watcher:
        watcher.line()
        assert watcher.raw() == b"\n"


def test_the_state_of_the_daemon_is_told_without_a_happening(
    world: World, door: OperatorsDoor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "LOOK_EVERY", 0.01)
    with watching(path) as watcher:
        watcher.line()
        world.pbx.lose()
        world.clock.step(2)
        assert watcher.line().status.connected is False


def test_no_more_than_some_may_watch(
    world: World, door: OperatorsDoor, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "MOST_WATCHERS", 1)
    with watching(path) as first:
        first.line()
        with watching(path) as second:
            assert json.loads(second.raw())["error"] == "too many watchers"


def test_a_stop_ends_the_streams(world: World, door: OperatorsDoor, path: Path) -> None:
    with watching(path) as watcher:
        watcher.line()
        door.stop()
        assert watcher.raw() == b""


def test_nobody_watches_on_behalf_of_a_user(door: OperatorsDoor, path: Path) -> None:
    with watching(path, on_behalf_of="supervisor:ana") as watcher:
        assert json.loads(watcher.raw())["error"].startswith("malformed: ")


def test_many_blocks_are_one_list(world: World, door: OperatorsDoor, path: Path) -> None:
    for number in range(1_200):
        world.blocklist.put(
            a_block(f"b{number}", number=f"+5511{number:09}", keys=(), since=number)
        )
    with watching(path) as watcher:
        blocks = watcher.line().snapshot.blocks
    assert [block.since for block in blocks] == [*range(1_199, -1, -1)]


def test_watchers_take_no_place_from_operators(door: OperatorsDoor, path: Path) -> None:
    """Else a few pages would keep the command waiting."""
    with ExitStack() as watchers:
        for _ in range(MOST_CONNECTIONS + 1):
            assert watchers.enter_context(watching(path)).line()
        with socket.socket(socket.AF_UNIX) as asker:
            asker.settimeout(5)
            asker.connect(str(path))
            asker.sendall(b'{"do": "status"}\n')
            assert json.loads(asker.recv(65536))["reading"]["calls"] == 0
