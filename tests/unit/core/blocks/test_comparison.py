"""The gate is compared with memory, and what differs is mended and counted."""

from __future__ import annotations

import pytest

from fluxcc.core.blocks.comparison import PERIOD, Difference
from fluxcc.core.blocks.gate_table import IN_CHANGE
from fluxcc.pbx.inquiry import REHEARSAL_DURATION
from tests.builders import NUMBER, SPELLINGS, World
from tests.fakes import NOW

END = int(NOW) + 1800


@pytest.fixture
def settled(world: World) -> World:
    """A number is blocked for a while already, and everything was told."""
    world.blocks()
    world.gate_table.is_settled = True
    world.clock.step(IN_CHANGE)
    world.story.clear()
    return world


def test_where_nothing_differs_nothing_is_told(settled: World) -> None:
    assert settled.comparison.step() == PERIOD
    assert settled.story == []
    assert settled.comparison.found.total() == 0
    assert settled.comparison.last == settled.clock.now()


def test_a_missing_key_and_a_wrong_end_are_mended_at_once(
    settled: World, caplog: pytest.LogCaptureFixture
) -> None:
    del settled.pbx.gate[SPELLINGS[0]]
    settled.pbx.gate[SPELLINGS[1]] += 1
    settled.pbx.gate[SPELLINGS[2]] = 0
    settled.comparison.step()
    assert settled.pbx.gate == dict.fromkeys(SPELLINGS, END)
    assert settled.comparison.found == {Difference.MISSING: 1, Difference.WRONG_END: 2}
    assert "the gate differed from the blocks" in caplog.text


def test_a_superfluous_key_is_deleted_when_it_is_seen_again(settled: World) -> None:
    """``fluxcc doctor`` tries the gate with a key that is gone by then."""
    assert REHEARSAL_DURATION <= PERIOD
    settled.pbx.gate["+1555"] = END
    settled.comparison.step()
    assert "+1555" in settled.pbx.gate
    settled.comparison.step()
    assert "+1555" not in settled.pbx.gate
    assert settled.comparison.found == {Difference.SUPERFLUOUS: 1}


def test_a_key_in_change_is_left_alone(settled: World) -> None:
    """Memory is ahead of the gate while a block is being committed."""
    block = settled.blocklist.blocks()[0]
    settled.blocking.end(block.number, block.domain, "operator:maria")
    for _ in range(2):
        settled.comparison.step()
    assert set(settled.pbx.gate) == set(SPELLINGS)
    settled.clock.step(IN_CHANGE)
    for _ in range(2):
        settled.comparison.step()
    assert settled.pbx.gate == {}


@pytest.mark.parametrize("what", ["is_told", "is_settled"])
def test_nothing_is_compared_before_all_was_told_and_taken_over(settled: World, what: str) -> None:
    setattr(settled.gate_table, what, False)
    settled.pbx.gate.clear()
    settled.comparison.step()
    assert settled.pbx.gate == {}
    assert settled.comparison.done == 0


def test_a_gate_that_cannot_be_read_is_compared_later(settled: World) -> None:
    settled.pbx.broken.add("gate_entries")
    assert settled.comparison.step() == PERIOD
    assert settled.comparison.done == 0


def test_others_have_their_turn_while_thousands_are_compared(settled: World) -> None:
    """And what they change meanwhile counts."""
    settled.pbx.gate.clear()
    sleep = settled.runtime.sleep

    def release(seconds: float) -> None:
        sleep(seconds)
        settled.blocking.release(settled.blocklist.blocks()[0], "operator:maria")
        settled.runtime.sleep = sleep

    settled.runtime.sleep = release
    settled.comparison.step()
    assert settled.pbx.gate == {}
    assert settled.blocklist.match(NUMBER) is None
