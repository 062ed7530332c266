"""A block tells the same story in memory, at the gate, in the store and in the notices."""

from __future__ import annotations

import pytest

from fluxcc.domain.blocks import BlockChange, BlockState
from fluxcc.domain.errors import LinkLostError
from tests.builders import NUMBER, OTHER, SPELLINGS, World, a_block
from tests.fakes import NOW


def test_an_enforced_block_is_at_the_gate_in_every_spelling_with_its_end(world: World) -> None:
    """Contract, section 2: key one spelling, value the epoch second at which it ends."""
    world.block(a_block())
    assert world.pbx.gate == dict.fromkeys(SPELLINGS, int(NOW) + 1800)


def test_a_gate_that_takes_nothing_does_not_stop_the_prank(world: World) -> None:
    """The call must end all the same, and the daemon refuses the caller itself."""
    world.pbx.rejected.add("write_blocks")
    world.block(a_block())
    assert world.blocklist.match(NUMBER) is not None


def test_a_block_made_while_the_link_breaks_counts_and_reaches_the_gate_later(
    world: World,
) -> None:
    world.pbx.lose()
    with pytest.raises(LinkLostError):
        world.block(a_block())
    assert world.blocklist.match(NUMBER) is not None
    world.pbx.come_back()
    world.gate_table.publish_all()
    assert set(world.pbx.gate) == set(SPELLINGS)


def test_after_a_restart_of_freeswitch_all_live_blocks_are_at_the_gate_again(world: World) -> None:
    world.blocks(NUMBER)
    world.blocks(OTHER, id="b2")
    before = dict(world.pbx.gate)
    world.pbx.come_back()
    assert world.pbx.gate == {}
    world.gate_table.publish_all()
    assert world.pbx.gate == before


def test_a_released_block_leaves_the_gate_and_the_list(world: World) -> None:
    block = world.blocks()
    ended = world.blocking.release(block, "operator:maria")
    assert (ended.state, ended.ended_by) == (BlockState.RELEASED, "operator:maria")
    assert world.pbx.gate == {}
    assert world.blocklist.match(NUMBER) is None


def test_keys_that_could_not_be_withdrawn_are_withdrawn_after_the_next_connect(
    world: World,
) -> None:
    """The link broke and FreeSWITCH lived on, with its gate."""
    block = world.blocks()
    world.pbx.broken.add("write_blocks")
    world.blocking.release(block, "operator:maria")
    assert set(world.pbx.gate) == set(SPELLINGS)
    world.pbx.broken.clear()
    world.gate_table.publish_all()
    assert world.pbx.gate == {}


def test_keys_of_a_number_that_was_blocked_again_meanwhile_are_not_withdrawn(
    world: World,
) -> None:
    block = world.blocks()
    world.pbx.broken.add("write_blocks")
    world.blocking.release(block, "operator:maria")
    world.pbx.broken.clear()
    world.block(a_block("b2", until=int(NOW) + 3600))
    world.gate_table.publish_all()
    assert world.pbx.gate == dict.fromkeys(SPELLINGS, int(NOW) + 3600)


def test_what_could_not_be_withdrawn_is_tried_until_it_is(world: World) -> None:
    block = world.blocks()
    world.pbx.broken.add("write_blocks")
    world.blocking.release(block, "operator:maria")
    with pytest.raises(LinkLostError):
        world.gate_table.publish_all()
    world.pbx.broken.clear()
    world.gate_table.publish_all()
    assert world.pbx.gate == {}


def test_a_notice_tells_what_changed_until_when_and_by_whom(world: World) -> None:
    """Contract, section 3."""
    world.blocking.put(a_block())
    world.blocking.announce(BlockChange.BLOCKED, a_block(), "agent:1000")
    assert world.pbx.heard("fluxcc::block") == [
        {
            "Fluxcc-Change": "blocked",
            "Fluxcc-Number": NUMBER,
            "Fluxcc-Expires-Epoch": str(int(NOW) + 1800),
            "Fluxcc-By": "agent:1000",
        }
    ]


def test_a_notice_that_cannot_be_sent_harms_nobody(world: World) -> None:
    world.pbx.lose()
    world.blocking.announce(BlockChange.BLOCKED, a_block(), "agent:1000")
    assert world.pbx.announced == []


def test_attempts_are_counted_per_block_with_the_time_of_the_last(world: World) -> None:
    block = world.blocks()
    for seconds in (10, 20, 30):
        world.clock.set(NOW + seconds)
        world.blocking.count_attempt(world.blocklist.blocks()[0])
    world.journal.flush()
    kept = world.store.blocks[block.id]
    assert (kept.attempts, kept.last_attempt) == (3, NOW + 30)


def test_whoever_listens_is_told_of_an_attempt(world: World) -> None:
    world.blocking.announce_attempt(world.blocks(), "988887777", is_private=False)
    assert world.pbx.heard("fluxcc::attempt")[0]["Fluxcc-Number"] == NUMBER
