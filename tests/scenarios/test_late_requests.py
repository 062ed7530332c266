"""A request that the daemon reads late, because it was stopped or its machine was suspended
(contract, section 3)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fluxcc.doors.board import LATEST

from .pbx import AGENT
from .scene import Scene
from .tap import Tap
from .test_one_action import send


@contextmanager
def _stopped(scene: Scene) -> Iterator[None]:
    """The daemon hears nothing meanwhile; FreeSWITCH keeps its events."""
    scene.daemon.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        scene.daemon.signal(signal.SIGCONT)


def test_it_means_the_customer_of_its_moment(scene: Scene, tap: Tap) -> None:
    """Not the one with whom the agent talks when it is read."""
    first = scene.talk(scene.number)
    with _stopped(scene):
        request = send(tap, "prank")
        first.customer_hangs_up()
        first.wait_over()
        next_one = scene.lab.call(scene.somebody_else.number, AGENT)
        next_one.wait_answered()
    reply = tap.reply(request)
    call = scene.daemon.wait_talking(besides={first.customer})
    assert scene.daemon.block_of(scene.somebody_else.number) is None
    assert reply["Fluxcc-Number"] == scene.number
    assert scene.is_refused(scene.number)
    assert not scene.are_gone(*call["legs"])
    next_one.hang_up()


def test_it_is_refused_where_its_board_waits_no_longer(scene: Scene, tap: Tap) -> None:
    talk = scene.talk(scene.number)
    with _stopped(scene):
        request = send(tap, "prank")
        # Nothing tells of the time but the clock itself.
        time.sleep(LATEST + 2.5)
    assert tap.reply(request)["Fluxcc-Code"] == "too-late"
    assert talk.is_up
    assert scene.daemon.block_of(scene.number) is None
    talk.customer_hangs_up()
    talk.wait_over()


def test_an_operators_command_that_gave_up_is_not_carried_out(scene: Scene) -> None:
    talk = scene.talk(scene.number)
    with _stopped(scene), pytest.raises(TimeoutError):
        scene.daemon.operate("prank", timeout=0.2, agent=AGENT)
    # It answers the next one when it has read the first.
    scene.daemon.status()
    assert talk.is_up
    assert scene.daemon.block_of(scene.number) is None
    assert "it waits no longer" in scene.daemon.log
    talk.customer_hangs_up()
    talk.wait_over()
