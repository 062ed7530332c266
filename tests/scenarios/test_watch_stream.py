"""What the page sees of a call and of a block while they live (contract, section 10)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from fluxcc.protocol.watching import (
    AttemptHappening,
    BlockHappening,
    CallHappening,
    ReplyHappening,
    StatusHappening,
    SurveyHappening,
)
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.watching import Watch

from .ear import Ear
from .kinds import RECEIVED
from .pbx import AGENT
from .scene import Scene

SEEN = 1.0
"""Seconds within which a person sees what happened."""


def call(number: str, change: str) -> Callable[[Any], bool]:
    """Whether a line tells this change of the call of that number."""

    def is_it(line: Any) -> bool:
        return isinstance(line, CallHappening) and (line.call.number, line.change) == (
            number,
            change,
        )

    return is_it


def block(number: str, change: str) -> Callable[[Any], bool]:
    """The same of the block."""

    def is_it(line: Any) -> bool:
        return isinstance(line, BlockHappening) and (line.block.number, line.change) == (
            number,
            change,
        )

    return is_it


def kind(wanted: type) -> Callable[[Any], bool]:
    """Whether a line is of that kind."""
    return lambda line: isinstance(line, wanted)


def test_a_call_is_told_from_its_first_ring_and_a_prank_to_the_release(scene: Scene) -> None:
    with Watch(scene.daemon.socket) as watch:
        assert watch.start.snapshot is not None
        assert watch.start.snapshot.status.connected
        assert scene.number not in {each.number for each in watch.start.snapshot.calls}
        talk = scene.talk(scene.number)
        began = watch.until(call(scene.number, "began"), "it begins")
        bridged = watch.until(call(scene.number, "bridged"), "it is bridged")
        assert (bridged.call.call, bridged.call.agent) == (talk.customer, AGENT)
        assert (bridged.call.talking, bridged.call.id) == (True, began.call.id)

        reply = scene.board.prank(AGENT)
        blocked = watch.until(block(scene.number, "blocked"), "the number is blocked")
        assert (blocked.block.until, blocked.block.by) == (reply.expires, "agent:1000")
        ended = watch.until(call(scene.number, "ended"), "the call is over")
        assert (ended.call.id, ended.call.outcome) == (began.call.id, "prank")
        assert ended.call.ended - blocked.at < SEEN
        told = watch.until(kind(ReplyHappening), "the reply")
        assert (told.reply.request, told.by) == (reply.request, "agent:1000")

        assert scene.is_refused(scene.number)
        attempt = watch.until(kind(AttemptHappening), "the attempt")
        assert (attempt.block.id, attempt.block.attempts) == (blocked.block.id, 1)

        scene.daemon.operate("unblock", number=scene.number)
        released = watch.until(block(scene.number, "released"), "it is free")
        assert released.block.id == blocked.block.id
        first = watch.start.number + 1
        assert [line.number for line in watch.read] == [*range(first, first + len(watch.read))]


def test_who_comes_back_by_number_misses_nothing(scene: Scene) -> None:
    with Watch(scene.daemon.socket) as watch:
        scene.talk(scene.number)
        watch.until(call(scene.number, "bridged"), "it is bridged")
        number = watch.number
    assert scene.board.prank(AGENT).code == "blocked"
    with Watch(scene.daemon.socket, after=number) as watch:
        assert (watch.start.snapshot, watch.start.reset) == (None, False)
        watch.until(block(scene.number, "blocked"), "what happened meanwhile")
        watch.until(call(scene.number, "ended"), "what happened meanwhile")
        assert watch.read[0].number == number + 1


def test_after_a_crash_of_the_daemon_the_stream_begins_anew(scene: Scene) -> None:
    with Watch(scene.daemon.socket) as watch:
        talk = scene.talk(scene.number)
        watch.until(call(scene.number, "bridged"), "it is bridged")
        number = watch.number
        scene.daemon.kill()
    scene.daemon.start()
    scene.daemon.wait_talking(scene.number)
    with Watch(scene.daemon.socket, after=number) as watch:
        assert watch.start.reset
        assert watch.start.number > number
        assert watch.start.snapshot is not None
        assert [each.call for each in watch.start.snapshot.calls] == [talk.customer]
        talk.customer_hangs_up()
        watch.until(call(scene.number, "ended"), "it ends")


def test_a_lost_link_is_told(scene: Scene) -> None:
    with Watch(scene.daemon.socket) as watch:
        connects = scene.daemon.connects
        scene.lab.kill()
        lost = watch.until(kind(StatusHappening), "the link is lost")
        assert not lost.status.connected
        scene.lab.start()
        scene.daemon.wait_connected(connects + 1)
        watch.until(
            lambda line: kind(StatusHappening)(line) and line.status.connected, "it is back"
        )


def test_an_answer_to_the_survey_is_told(scene: Scene, ear: Ear) -> None:
    scene.supervisor.sets_group(has_survey=True)
    with Watch(scene.daemon.socket) as watch:
        talk = scene.connect(RECEIVED)
        assert scene.board.hangup(AGENT).code == "survey-started"
        offered = watch.until(kind(SurveyHappening), "the survey is offered")
        assert (offered.survey.call, offered.survey.pressed) == (talk.customer, [])
        ear.answers(talk.customer, 1, "4")
        answered = watch.until(kind(SurveyHappening), "the answer")
        assert (answered.survey.id, answered.survey.answers) == (offered.survey.id, (4,))
        talk.customer_hangs_up()
        talk.wait_over()


def test_a_reader_that_does_not_read_is_cut_off_and_nobody_waits_for_it(
    make_daemon: Callable[..., Daemon],
) -> None:
    daemon = make_daemon()
    daemon.start()
    with closing(Watch(daemon.socket)) as slow, Watch(daemon.socket) as quick:
        # More than the kernel takes for one who does not read.
        for number in range(300):
            asked = time.monotonic()
            daemon.operate("block", number=f"119{80000000 + number}", reason="x" * 200)
            assert time.monotonic() - asked < SEEN
            quick.until(kind(ReplyHappening), "the reply")
        until(lambda: "does not keep up" in daemon.log, "it is cut off")
        while slow.raw():
            pass
        daemon.operate("unblock", number="11980000000")
        assert quick.until(kind(ReplyHappening), "the reply").reply.code == "released"
