"""Which of a plan's effects go together."""

from __future__ import annotations

from fluxcc.domain.effects import BlockNumber, Brief, DisarmSurvey, EndLeg, MoveLeg, steps
from tests.builders import SAO_PAULO

BLOCK, DISARM = BlockNumber(SAO_PAULO.read("11988887777"), 1800), DisarmSurvey("c")
BRIEF, MOVE = Brief("c", ()), MoveLeg("c", "7001", "default")
END, END_AGENT = EndLeg("c", "NORMAL_CLEARING"), EndLeg("a", "NORMAL_CLEARING")


def test_a_prank_is_one_step() -> None:
    assert steps((BLOCK, DISARM, END)) == [(BLOCK, DISARM, END)]


def test_whatever_may_fail_is_waited_for_before_what_follows() -> None:
    assert steps((DISARM, BRIEF, MOVE)) == [(DISARM, BRIEF), (MOVE,)]
    assert steps((DISARM, END, END_AGENT)) == [(DISARM, END), (END_AGENT,)]


def test_a_block_alone_is_a_step_too() -> None:
    assert steps((BLOCK,)) == [(BLOCK,)]
    assert steps(()) == []
