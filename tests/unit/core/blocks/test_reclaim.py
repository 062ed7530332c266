"""What only the gate knows, after the store was lost."""

from __future__ import annotations

from fluxcc.domain.blocks import BlockState
from tests.builders import NUMBER, World, a_block
from tests.fakes import NOW

END = int(NOW) + 1800


def test_the_gates_blocks_are_known_again_although_the_store_was_lost(world: World) -> None:
    """``docs/decisions/0012``."""
    block = a_block()
    world.pbx.gate = dict.fromkeys(block.keys, END)
    world.reclaim.step()
    assert world.reclaim.is_done
    (adopted,) = world.blocklist.blocks()
    assert (adopted.number, adopted.until, adopted.by) == (NUMBER, END, "gate")
    assert set(adopted.keys) == set(block.keys)
    world.journal.flush()
    assert [kept.number for kept in world.store.live_blocks()] == [NUMBER]


def test_what_the_store_knows_is_not_adopted(world: World) -> None:
    world.store.blocks = {"b1": a_block()}
    world.recovery.step()
    world.gate_table.publish_all()
    world.reclaim.step()
    assert [block.id for block in world.blocklist.blocks()] == ["b1"]


def test_what_has_ended_meanwhile_is_taken_out_of_the_gate(world: World) -> None:
    """Released while FreeSWITCH was away, and then the daemon died."""
    ended = a_block(state=BlockState.RELEASED, ended_at=NOW - 1, ended_by="operator:maria")
    world.store.blocks = {ended.id: ended}
    world.pbx.gate = dict.fromkeys(ended.keys, END)
    world.reclaim.step()
    assert world.blocklist.blocks() == []
    assert world.pbx.gate == {}


def test_what_is_over_by_itself_is_left_alone(world: World) -> None:
    world.pbx.gate = {NUMBER: int(NOW) - 1}
    world.reclaim.step()
    assert world.blocklist.blocks() == []


def test_without_a_store_nothing_is_adopted_yet(world: World) -> None:
    world.pbx.gate = {NUMBER: END}
    world.store.failure = "gone"
    world.reclaim.step()
    assert not world.reclaim.is_done
    assert world.blocklist.blocks() == []
