"""Blocks end by the clock, stepped here by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.core.blocks.scheduler import LONGEST_SLEEP
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from tests.builders import NUMBER, OTHER, SAO_PAULO, World, a_request, an_operators
from tests.fakes import NOW


def test_with_nothing_blocked_it_naps(world: World) -> None:
    assert world.scheduler.step() == LONGEST_SLEEP


def test_a_block_ends_on_its_second_in_memory_at_the_gate_in_the_store_and_in_a_notice(
    world: World,
) -> None:
    block = world.blocks()
    world.clock.step(1799.9)
    assert world.scheduler.step() == pytest.approx(0.1)
    assert len(world.blocklist) == 1
    world.clock.step(0.1)
    world.scheduler.step()
    assert len(world.blocklist) == 0
    assert world.pbx.gate == {}
    world.journal.flush()
    kept = world.store.blocks[block.id]
    assert (kept.state, kept.ended_at, kept.ended_by) == (BlockState.EXPIRED, NOW + 1800, "time")
    assert world.pbx.heard("fluxcc::block") == [
        {
            "Fluxcc-Change": "expired",
            "Fluxcc-Number": NUMBER,
            "Fluxcc-Expires-Epoch": str(int(NOW) + 1800),
            "Fluxcc-By": "time",
        }
    ]


def test_it_never_sleeps_longer_than_a_nap_so_that_a_clock_set_forward_is_noticed(
    world: World,
) -> None:
    world.blocks()
    assert world.scheduler.step() == LONGEST_SLEEP
    world.clock.set(NOW + 7200)
    world.scheduler.step()
    assert len(world.blocklist) == 0


def test_a_clock_set_back_keeps_the_block_until_its_second_comes_again(world: World) -> None:
    """The gate compares with the same clock, so both tell the same story."""
    world.blocks()
    world.clock.set(NOW - 3600)
    assert world.scheduler.step() == LONGEST_SLEEP
    assert len(world.blocklist) == 1
    world.clock.set(NOW + 1800)
    world.scheduler.step()
    assert len(world.blocklist) == 0


def test_a_renewed_block_ends_at_its_new_time(world: World) -> None:
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.clock.step(1000)
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.clock.step(1000)
    world.scheduler.step()
    assert len(world.blocklist) == 1
    world.clock.step(801)
    world.scheduler.step()
    assert len(world.blocklist) == 0


def test_two_pranks_of_one_number_in_the_same_second_do_not_end_the_scheduler(
    world: World,
) -> None:
    world.received_call()
    world.received_call(NUMBER, "1001", "again", "second telephone")
    assert world.ask(a_request()).code == "blocked"
    assert world.ask(a_request(agent="1001")).code == "renewed"
    world.clock.step(2000)
    world.scheduler.step()
    assert len(world.blocklist) == 0


def test_a_block_released_before_its_time_ends_once(world: World) -> None:
    world.blocks()
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    world.clock.step(2000)
    world.scheduler.step()
    changes = [notice["Fluxcc-Change"] for notice in world.pbx.heard("fluxcc::block")]
    assert changes == ["released"]


def test_a_number_marked_again_while_others_end_stays_blocked(world: World) -> None:
    """Telling the gate takes a moment, in which an agent marks the next one again."""
    world.blocks(NUMBER, id="b1", until=int(NOW) + 10)
    world.blocks(OTHER, id="b2", until=int(NOW) + 11)
    world.clock.step(60)
    marked = []

    def mark_again() -> None:
        if not marked:
            marked.append(True)
            other = SAO_PAULO.read(OTHER)
            block = world.blocklist.make(other, 1800, world.clock.now(), by="", reason="", call="")
            world.block(block)

    world.pbx.on_withdraw = mark_again
    world.scheduler.step()
    assert [block.number for block in world.blocklist.blocks()] == [OTHER]
    assert OTHER in world.pbx.gate


def test_a_link_that_is_down_does_not_keep_a_block_alive(world: World) -> None:
    world.blocks()
    world.pbx.lose()
    world.clock.step(1800)
    world.scheduler.step()
    assert len(world.blocklist) == 0


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([NUMBER, OTHER, "+551133334444"]),
            st.integers(1, 50),
            st.floats(0, 20, allow_nan=False),
        ),
        max_size=20,
    )
)
def test_a_number_is_blocked_exactly_while_its_last_block_holds(
    steps: list[tuple[str, int, float]],
) -> None:
    """Any series of blocks and renewals, each with a time of its own."""
    world = World()
    ends: dict[str, int] = {}
    for number, duration, pause in steps:
        reply = world.ask(an_operators(Action.BLOCK, number=number, duration=duration))
        assert reply.expires is not None
        ends[number] = reply.expires
        world.clock.step(pause)
        world.scheduler.step()
        now = world.clock.now()
        assert {block.number for block in world.blocklist.blocks()} == {
            blocked for blocked, end in ends.items() if end > now
        }
        assert {key: end for key, end in world.pbx.gate.items() if key in ends} == {
            blocked: end for blocked, end in ends.items() if end > now
        }
