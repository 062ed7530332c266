"""FreeSWITCH was started by a clock that is far ahead: no block ends by it alone (``domain.clocks``
decides; the clocks are stepped here)."""

from __future__ import annotations

import pytest

from fluxcc.core.blocks.scheduler import LONGEST_SLEEP
from fluxcc.domain.actions import Action
from fluxcc.domain.clocks import LARGEST_DIFFERENCE
from tests.builders import NUMBER, OTHER, World, an_operators
from tests.fakes import NOW

FAR = 400 * 86_400
THIRD = "+551133334444"


def live(world: World) -> set[str]:
    """The numbers that are blocked after the blocks that are due were ended."""
    world.scheduler.step()
    return {block.number for block in world.blocklist.blocks()}


def block(world: World, number: str, seconds: int) -> None:
    """An operator blocks it."""
    world.ask(an_operators(Action.BLOCK, number=number, duration=seconds))


@pytest.fixture
def ahead(world: World) -> World:
    """Two numbers were blocked; then FreeSWITCH's clock became wrong."""
    block(world, NUMBER, 1800)
    block(world, OTHER, 3600)
    world.clock.set_pbx(NOW + FAR)
    return world


def test_a_block_is_held_until_the_machines_clock_says_that_it_is_over(ahead: World) -> None:
    assert live(ahead) == {NUMBER, OTHER}
    ahead.clock.step(1800)
    assert live(ahead) == {OTHER}
    ahead.clock.step(1800)
    assert live(ahead) == set()


def test_one_that_is_made_meanwhile_ends_before_those_that_are_held(ahead: World) -> None:
    assert live(ahead) == {NUMBER, OTHER}
    block(ahead, THIRD, 60)
    assert live(ahead) == {NUMBER, OTHER, THIRD}
    ahead.clock.step(60)
    assert live(ahead) == {NUMBER, OTHER}


def test_one_that_is_renewed_meanwhile_ends_by_its_new_end(ahead: World) -> None:
    live(ahead)
    block(ahead, OTHER, 60)
    ahead.clock.step(60)
    assert live(ahead) == {NUMBER}
    block(ahead, NUMBER, 7200)
    ahead.clock.step(7199)
    assert live(ahead) == {NUMBER}
    ahead.clock.step(1)
    assert live(ahead) == set()


@pytest.mark.parametrize("difference", [0, LARGEST_DIFFERENCE - 1])
def test_once_the_clocks_agree_freeswitchs_decides_again(ahead: World, difference: float) -> None:
    assert live(ahead) == {NUMBER, OTHER}
    ahead.clock.set_pbx(NOW + difference)
    assert live(ahead) == ({NUMBER, OTHER} if difference == 0 else {OTHER})
    ahead.clock.step(1800)
    assert live(ahead) == ({OTHER} if difference == 0 else set())


def test_a_clock_that_is_wrong_in_another_way_later_loses_none(ahead: World) -> None:
    """Held; then made by that clock and not over by it any more; then over."""
    ahead.clock.set_pbx(NOW + FAR)
    block(ahead, THIRD, 600)
    ahead.clock.set_pbx(NOW + 2 * FAR)
    assert live(ahead) == {NUMBER, OTHER, THIRD}
    ahead.clock.set_pbx(NOW + FAR // 2)
    ahead.clock.step(3600)
    assert live(ahead) == {THIRD}
    ahead.clock.set_pbx(NOW + FAR + 3600)
    assert live(ahead) == set()


def test_a_released_one_is_gone(ahead: World) -> None:
    live(ahead)
    assert ahead.ask(an_operators(Action.UNBLOCK, number=NUMBER)).code == "released"
    ahead.clock.set_pbx(NOW)
    assert live(ahead) == {OTHER}


def test_held_ones_cost_no_sleepless_scheduler(ahead: World) -> None:
    ahead.scheduler.step()
    assert ahead.scheduler.step() == LONGEST_SLEEP


def test_they_are_told_once(ahead: World, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        ahead.scheduler.step()
    told = [record for record in caplog.records if "are held" in record.getMessage()]
    assert [record.held for record in told] == [2]


def test_what_counts_for_the_next_block_is_not_forgotten(ahead: World) -> None:
    live(ahead)
    ahead.clock.set_pbx(NOW)
    assert ahead.repeaters.most(NUMBER, NOW) == 1
