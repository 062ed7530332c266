"""Which of a plan's effects go together."""

from __future__ import annotations

from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.effects import Brief, DisarmSurvey, EndLeg, EnforceBlock, MoveLeg, steps
from tests.builders import a_block

BLOCK, DISARM = EnforceBlock(a_block(), BlockChange.BLOCKED), DisarmSurvey("c")
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
