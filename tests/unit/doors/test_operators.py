"""The operators' door: one line of JSON in, one answer out."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
from gevent import socket
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import AnotherDaemonError, StartError
from fluxcc.doors import operators
from fluxcc.doors.operators import MODE, MOST_CONNECTIONS, OperatorsDoor
from fluxcc.protocol.operators import Answer
from tests.builders import NUMBER, World

from .doors import MARIA, a_door


@pytest.fixture
def door(world: World, tmp_path: Path) -> OperatorsDoor:
    """The door of a world."""
    readings = {"status": lambda ask, who: {"calls": 0}}
    return a_door(world, tmp_path / "fluxcc.sock", readings)


def ask(door: OperatorsDoor, **fields: Any) -> Answer:
    """The answer to an operator named Maria."""
    return door.answer(json.dumps(fields).encode(), MARIA)


def test_a_reading_is_given(door: OperatorsDoor) -> None:
    assert ask(door, do="status").reading == {"calls": 0}


def test_an_operators_prank_goes_the_same_way_as_an_agents(
    world: World, door: OperatorsDoor
) -> None:
    world.received_call()
    answer = ask(door, do="prank", agent="1000")
    assert answer.status is Status.OK
    assert answer.reply is not None
    assert answer.reply.code is Code.BLOCKED
    (block,) = world.blocklist.blocks()
    assert block.by == "operator:maria"


def test_an_operator_acts_on_any_call_by_its_leg(world: World, door: OperatorsDoor) -> None:
    world.received_call()
    assert ask(door, do="hangup", call="customer").status is Status.OK


def test_a_number_is_blocked_and_freed_without_a_call(world: World, door: OperatorsDoor) -> None:
    answer = ask(door, do="block", number="988887777", duration=60, reason="swears")
    assert answer.reply is not None
    assert (answer.reply.code, answer.reply.number) == (Code.BLOCKED, NUMBER)
    assert world.blocklist.blocks()[0].reason == "swears"
    freed = ask(door, do="unblock", number="+5511988887777")
    assert freed.reply is not None
    assert freed.reply.code is Code.RELEASED


def test_a_refusal_is_a_reply_and_no_error(door: OperatorsDoor) -> None:
    answer = ask(door, do="unblock", number=NUMBER)
    assert (answer.status, answer.error) == (Status.REFUSED, "")


@pytest.mark.parametrize("action", ["prank", "hangup", "conference"])
def test_without_a_link_what_needs_a_call_is_unavailable(
    world: World, door: OperatorsDoor, action: str
) -> None:
    world.pbx.lose()
    assert ask(door, do=action, agent="1000").error == "unavailable"


def test_without_a_link_a_number_is_blocked_all_the_same(world: World, door: OperatorsDoor) -> None:
    world.pbx.lose()
    ask(door, do="block", number=NUMBER)
    assert world.blocklist.match(NUMBER) is not None
    world.pbx.come_back()
    world.gate_table.publish_all()
    assert NUMBER in world.pbx.gate


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"do": "fly"},
        {"do": ""},
        {"do": 5},
        {"do": None},
        {"do": "prank"},
        {"do": "prank", "agent": "a b"},
        {"do": "prank", "agent": "x" * 65},
        {"do": "prank", "call": "a\nb"},
        {"do": "prank", "agent": "1000", "unknown": 1},
        {"do": "block"},
        {"do": "block", "number": "9" * 65},
        {"do": "block", "number": 5},
        {"do": "block", "number": NUMBER, "duration": 0},
        {"do": "block", "number": NUMBER, "duration": -5},
        {"do": "block", "number": NUMBER, "duration": "30m"},
        {"do": "block", "number": NUMBER, "duration": 1.5},
        {"do": "set"},
        {"do": "set", "entry": {"kind": "room", "extension": "a b"}},
        {"do": "set", "entry": {"extension": "1000"}},
        {"do": "set", "entry": {"kind": "car", "name": "a"}},
        {"do": "prank", "agent": "1000", "entry": {"kind": "room", "extension": "1000"}},
    ],
)
def test_a_malformed_line_is_told_so_and_does_nothing(
    world: World, door: OperatorsDoor, fields: dict[str, Any]
) -> None:
    world.received_call()
    answer = door.answer(json.dumps(fields).encode(), MARIA)
    assert answer.error.startswith("malformed: ")
    assert world.story == []


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"prank", b"[]", b"null", b'{"do": "prank"', b'{"do": "\xff"}', b"\x00"]
)
def test_a_line_that_is_no_json_is_malformed(door: OperatorsDoor, line: bytes) -> None:
    assert door.answer(line, MARIA).error.startswith("malformed: ")


@given(line=st.binary(max_size=100))
def test_any_line_gets_an_answer_that_can_be_sent(line: bytes) -> None:
    door = a_door(World(), Path("none"), {})
    msgspec.json.encode(door.answer(line, MARIA))


def test_a_reason_is_made_harmless(world: World, door: OperatorsDoor) -> None:
    ask(door, do="block", number=NUMBER, reason="a\nb\x1b[31m" + "x" * 4000)
    (block,) = world.blocklist.blocks()
    assert block.reason.isprintable()
    assert len(block.reason) == 200


def test_the_socket_is_for_its_owner_and_group_and_replaces_a_former_lifes(
    door: OperatorsDoor, tmp_path: Path
) -> None:
    path = tmp_path / "fluxcc.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    door.start()
    try:
        assert path.stat().st_mode & 0o777 == MODE
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(path))
            asker.sendall(b'{"do": "status"}\n')
            assert json.loads(asker.recv(65536))["reading"] == {"calls": 0}
    finally:
        door.stop()
    assert not path.exists()


@pytest.mark.parametrize("backlog", [0, 1])
def test_a_socket_on_which_a_process_listens_is_never_removed(
    door: OperatorsDoor, tmp_path: Path, backlog: int
) -> None:
    """Also not where its queue is full."""
    path = tmp_path / "fluxcc.sock"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as asker:
        other.bind(str(path))
        other.listen(backlog)
        asker.connect(str(path))
        with pytest.raises(AnotherDaemonError, match=re.escape(str(path))):
            door.start()
        door.stop()
        assert path.is_socket()


@pytest.mark.parametrize(
    "make",
    [Path.touch, Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/nowhere")],
    ids=["a file", "a folder", "a FIFO", "a link"],
)
def test_what_is_no_socket_is_never_touched(
    door: OperatorsDoor, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = tmp_path / "fluxcc.sock"
    make(path)
    before = path.lstat()
    with pytest.raises(StartError, match="is no socket and stays"):
        door.start()
    door.stop()
    assert path.lstat() == before


def test_a_second_daemon_takes_no_socket_and_the_first_ones_end_takes_no_others(
    door: OperatorsDoor, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "fluxcc.sock"
    second = a_door(world, path)
    door.start()
    with pytest.raises(AnotherDaemonError, match="another daemon"):
        second.start()
    second.stop()
    assert path.is_socket()
    # A socket that is another one's by now stays.
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        door.stop()
        assert path.is_socket()


def test_a_socket_that_was_deleted_is_made_again(
    door: OperatorsDoor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By a cleaner of old files, with its folder. Who is served meanwhile has their answer."""
    path = tmp_path / "run" / "fluxcc.sock"
    door = a_door(World(), path, door._readings)
    door.start()
    try:
        door.look_after()
        with socket.socket(socket.AF_UNIX) as early, socket.socket(socket.AF_UNIX) as late:
            early.connect(str(path))
            gevent.sleep(0.01)
            shutil.rmtree(path.parent)
            path.parent.touch()
            for _ in range(3):
                door.look_after()
            assert caplog.text.count("cannot be made") == 1
            path.parent.unlink()
            door.look_after()
            late.connect(str(path))
            for asker in (early, late):
                asker.sendall(b'{"do": "status"}\n')
                assert json.loads(asker.recv(65536))["reading"] == {"calls": 0}
    finally:
        door.stop()
    assert not path.exists()


@pytest.mark.parametrize("waits", [True, False])
def test_a_command_that_waits_no_longer_is_not_carried_out(
    door: OperatorsDoor, world: World, tmp_path: Path, waits: bool
) -> None:
    """The daemon was suspended while it was asked: the agent may have another customer by now. One
    that has only ended its line waits."""
    door.start()
    try:
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(tmp_path / "fluxcc.sock"))
            asker.sendall(b'{"do": "block", "number": "+5511988887777"}\n')
            asker.shutdown(socket.SHUT_WR)
            if waits:
                assert json.loads(asker.recv(65536))["status"] == "ok"
        gevent.sleep(0.05)
    finally:
        door.stop()
    assert (world.blocklist.match(NUMBER) is not None) is waits


def test_so_many_are_served_at_once_and_nobody_who_says_nothing_stays(
    door: OperatorsDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand connections use up neither files nor memory, and the next operator is served."""
    monkeypatch.setattr(operators, "READ_TIMEOUT", 0.2)
    path = tmp_path / "fluxcc.sock"
    door.start()
    askers = [socket.socket(socket.AF_UNIX) for _ in range(2 * MOST_CONNECTIONS)]
    try:
        before = len(os.listdir("/proc/self/fd"))
        for asker in askers:
            asker.connect(str(path))
            asker.sendall(b'{"do":')
        gevent.sleep(0.05)
        assert len(os.listdir("/proc/self/fd")) - before == MOST_CONNECTIONS
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(path))
            last.sendall(b'{"do": "status"}\n')
            assert json.loads(last.recv(65536))["reading"] == {"calls": 0}
    finally:
        door.stop()
        for asker in askers:
            asker.close()


def test_a_path_too_long_for_the_kernel_works_all_the_same(world: World, tmp_path: Path) -> None:
    path = tmp_path / ("long" * 20) / ("folder" * 10) / "fluxcc.sock"
    door = a_door(world, path)
    door.start()
    assert path.is_socket()
    door.stop()
