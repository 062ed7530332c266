"""An agent ends a call of a group without a survey (contract, section 1)."""

from __future__ import annotations

import pytest

from tests.testing.waiting import until

from .kinds import GROUP, RECEIVED, Kind, both_ways, every_kind
from .pbx import AGENT
from .scene import Scene


@every_kind
def test_both_legs_end(scene: Scene, kind: Kind) -> None:
    """Both are gone when the board hears so, and the number may call again."""
    talk = scene.connect(kind)
    reply = scene.board.ask("hangup", AGENT)
    assert talk.customer_is_gone()
    assert talk.agent_is_gone()
    assert (reply.status, reply.code, reply.call) == ("ok", "ended", talk.customer)
    scene.wait_free()
    if talk.caller is not None:
        assert talk.caller.wait_ended() == 200
    (row,) = until(lambda: scene.daemon.store.ended_calls(number=talk.number, limit=9), "history")
    assert (row.direction, row.agent, row.group) == (kind.direction, AGENT, GROUP)
    assert row.outcome == "answered"
    assert scene.daemon.block_of(scene.number) is None


@both_ways
def test_a_survey_that_was_switched_off(scene: Scene, kind: Kind) -> None:
    """The supervisor's change counts for a call that is up already."""
    scene.supervisor.sets_group(has_survey=True, trigger="any")
    talk = scene.connect(kind)
    scene.supervisor.sets_group(has_survey=False)
    assert scene.board.ask("encerrar", AGENT).code == "ended"
    assert talk.customer_is_gone()
    talk.wait_over()


@both_ways
def test_a_survey_that_nothing_answers(scene: Scene, kind: Kind) -> None:
    """The dialplan only prepared: no survey has started, and the board does not hear of one."""
    scene.supervisor.sets_group(has_survey=True, destination="7900")
    talk = scene.connect(kind)
    reply = scene.board.ask("hangup", AGENT)
    assert (reply.status, reply.code) == ("failed", "destination-rejected")
    scene.wait_free()
    talk.wait_over(timeout=1)


@pytest.mark.parametrize("trigger", ["board", "any"])
@both_ways
def test_a_board_may_say_no_to_the_survey(scene: Scene, kind: Kind, trigger: str) -> None:
    """Somebody's voicemail is not asked, although the survey is on or even armed."""
    scene.supervisor.sets_group(has_survey=True, trigger=trigger)
    talk = scene.connect(kind)
    reply = scene.board.hangup(AGENT, survey="no")
    assert (reply.status, reply.code) == ("ok", "ended")
    assert talk.customer_is_gone()
    assert talk.agent_is_gone()
    scene.wait_free()
    assert [survey for survey in scene.daemon.store.surveys() if survey.call == talk.customer] == []


def test_a_board_that_says_anything_else_of_the_survey_is_refused(scene: Scene) -> None:
    """It may mean no."""
    scene.supervisor.sets_group(has_survey=True)
    talk = scene.connect(RECEIVED)
    reply = scene.board.hangup(AGENT, survey="nao")
    assert (reply.status, reply.code) == ("refused", "malformed-request")
    assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


def test_an_operator_may_say_no_to_the_survey(scene: Scene) -> None:
    """``fluxcc hangup --no-survey``"""
    scene.supervisor.sets_group(has_survey=True)
    talk = scene.connect(RECEIVED)
    answer = scene.daemon.operate("hangup", agent=AGENT, survey=False)
    assert answer["reply"]["code"] == "ended"
    assert talk.customer_is_gone()
    talk.wait_over()
