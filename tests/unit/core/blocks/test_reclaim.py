"""What only the gate knows, after the store was lost."""

from __future__ import annotations

from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.provisioning import Protected
from tests.builders import NUMBER, World, a_block, an_operators
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


OVER = int(NOW) - 3600


def test_a_number_that_was_blocked_before_keeps_its_new_block(world: World) -> None:
    """Made while the store was away, or after the backup that was restored."""
    earlier = a_block("earlier", until=OVER, state=BlockState.EXPIRED, ended_at=float(OVER))
    released = a_block("released", until=END - 9, state=BlockState.RELEASED, ended_at=NOW - 5)
    world.store.blocks = {block.id: block for block in (earlier, released)}
    world.pbx.gate = dict.fromkeys(earlier.keys, END)
    world.reclaim.step()
    (adopted,) = world.blocklist.blocks()
    assert (adopted.number, adopted.until) == (NUMBER, END)
    assert world.pbx.gate == dict.fromkeys(earlier.keys, END)


def test_a_renewal_that_the_store_does_not_know_holds(world: World) -> None:
    """Acknowledged as pending, and then the daemon was killed."""
    world.store.blocks = {"b1": a_block(until=END)}
    world.pbx.gate = dict.fromkeys(a_block().keys, END + 600)
    world.recover()
    world.publisher.publish_all()
    world.reclaim_blocks()
    (block,) = world.blocklist.blocks()
    assert (block.id, block.until) == ("b1", END + 600)
    assert set(world.pbx.gate.values()) == {END + 600}
    world.journal.flush()
    assert world.store.blocks["b1"].until == END + 600


def test_an_earlier_end_at_the_gate_gives_way_to_the_stores(world: World) -> None:
    """Renewed while the link was down."""
    world.store.blocks = {"b1": a_block(until=END)}
    world.pbx.gate = dict.fromkeys(a_block().keys, END - 600)
    world.recover()
    world.publisher.publish_all()
    world.reclaim_blocks()
    assert world.pbx.gate == dict.fromkeys(a_block().keys, END)


def test_what_is_done_while_the_store_is_read_counts(world: World) -> None:
    """An operator blocks and releases the number in that moment."""
    world.pbx.gate = dict.fromkeys(a_block().keys, END)
    history = world.store.block_history

    def read(number: str) -> list[Block]:
        found = history(number)
        world.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
        world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
        return found

    world.store.block_history = read  # type: ignore[method-assign]
    world.reclaim.step()
    assert world.blocklist.blocks() == []
    assert world.pbx.gate == {}


def test_two_blocks_of_a_number_never_end_in_the_same_second(world: World) -> None:
    """By its end a key tells whose it is: one that was taken back, or the next one."""
    first = world.ask(an_operators(Action.BLOCK, number=NUMBER)).expires
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    second = world.ask(an_operators(Action.BLOCK, number=NUMBER)).expires
    assert second == first + 1


def test_a_number_that_is_protected_by_now_leaves_the_gate(world: World) -> None:
    world.ask(an_operators(Action.SET, entry=Protected(NUMBER)))
    world.pbx.gate = dict.fromkeys(a_block().keys, END)
    world.reclaim.step()
    assert world.pbx.gate == {}
    assert world.blocklist.blocks() == []
