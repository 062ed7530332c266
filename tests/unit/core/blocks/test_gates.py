"""What is known of the gates: asked once, grown old, asked again."""

from __future__ import annotations

import logging

import pytest

from fluxcc.core.blocks.gates import MOST_AGE, PATIENCE, REMEMBERED, SETTLING, STEP, Gates
from fluxcc.domain.sight import Sight
from tests.fakes import FakePbx, InlineRuntime, SteppedClock


class World:
    """Gates over a PBX that is as the test wants it."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.pbx = FakePbx()
        self.runtime = InlineRuntime(self.clock)
        self.gates = Gates(self.pbx, self.runtime, self.clock)

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and the job of the daemon with it."""
        self.clock.step(seconds)
        assert self.gates.step() == STEP


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("gated", "unseen", "expected"),
    [
        ({"public"}, set(), Sight.THERE),
        (set(), set(), Sight.MISSING),
        (set(), {"public"}, Sight.UNSEEN),
    ],
)
def test_the_answer_is_one_of_three(
    world: World, gated: set[str], unseen: set[str], expected: Sight
) -> None:
    world.pbx.gated, world.pbx.unseen = gated, unseen
    assert world.gates.look("public") is expected
    assert [sight for sight in Sight if world.gates.with_sight(sight)] == [expected]


def test_a_context_is_asked_about_once_while_the_answer_is_young(world: World) -> None:
    for _ in range(3):
        world.gates.look("public")
        world.clock.step(MOST_AGE / 4)
    assert world.pbx.gate_questions == ["public"]


def test_an_answer_that_has_grown_old_is_not_believed(world: World) -> None:
    assert world.gates.look("public") is Sight.THERE
    world.pbx.gated.clear()
    world.clock.step(MOST_AGE)
    assert world.gates.look("public") is Sight.MISSING


def test_no_alarm_lasts_for_ever_although_nothing_tells_of_a_change(world: World) -> None:
    """A GUI that saves, and a back end that is up again, send no event."""
    world.pbx.unseen.add("public")
    world.gates.look("public")
    world.pbx.unseen.clear()
    world.pass_time(MOST_AGE)
    assert world.gates.with_sight(Sight.UNSEEN) == []


def test_a_change_that_was_told_is_looked_at_when_it_has_settled(world: World) -> None:
    """FusionPBX tells before it deletes: who asks at once may be answered out of the cache."""
    world.pbx.gated.clear()
    world.gates.look("public")
    world.clock.step(1)
    world.gates.doubt()
    assert world.gates.look("public") is Sight.MISSING
    world.pbx.gated.add("public")
    world.pass_time(SETTLING)
    assert world.gates.with_sight(Sight.MISSING) == []
    assert world.pbx.gate_questions == ["public"] * 3


def test_a_context_by_which_no_blocked_caller_comes_any_more_is_forgotten(world: World) -> None:
    world.pbx.gated.clear()
    world.gates.look("public")
    world.pass_time(REMEMBERED + 1)
    assert world.gates.with_sight(Sight.MISSING) == []


def test_while_freeswitch_is_away_it_is_not_asked(world: World) -> None:
    world.gates.look("public")
    world.pbx.lose()
    world.pass_time(MOST_AGE)
    assert world.pbx.gate_questions == ["public"]
    assert world.gates.look("public") is Sight.UNSEEN


def test_who_has_to_wait_too_long_is_told_that_it_cannot_be_seen(world: World) -> None:
    begun = world.clock.monotonic()
    world.runtime.spawn = lambda *_work: None  # type: ignore[method-assign]  # no answer ever comes
    assert world.gates.look("public") is Sight.UNSEEN
    assert world.gates.look("public") is Sight.UNSEEN
    assert world.clock.monotonic() == pytest.approx(begun + 2 * PATIENCE)
    assert world.gates.with_sight(Sight.UNSEEN) == []


def test_what_is_not_in_order_is_logged_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Contract, section 2: the log says that the gate is missing; and never calls so what cannot be
    seen."""
    world.pbx.unseen.add("served")
    for _ in range(2):
        for context in ("public", "from-trunk", "served"):
            world.gates.look(context)
        world.clock.step(MOST_AGE)
    told = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert [(each.__dict__["context"], "missing" in each.getMessage()) for each in told] == [
        ("from-trunk", True),
        ("served", False),
    ]
