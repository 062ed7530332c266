"""Live blocks follow ``[numbers]``: under the number and the keys that they are read as now."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.config import Settings
from fluxcc.core.core import Core
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.codes import Code
from tests.builders import SETTINGS, World, a_block, an_operators
from tests.fakes import NOW

LOCAL = "988887777"
HERE, THERE = "+5511988887777", "+5521988887777"


def at_home(area_code: str) -> Settings:
    """The settings with another area code at home."""
    return replace(SETTINGS, numbers=replace(SETTINGS.numbers, area_code=area_code))


def agree(world: World) -> None:
    """Memory, gate and store have the same."""
    world.journal.flush()
    assert world.pbx.gate == dict(world.blocklist.entries())
    assert {b.id: b for b in world.store.live_blocks()} == {
        b.id: b for b in world.blocklist.blocks()
    }


def test_a_block_that_was_made_before_the_area_code_was_set_can_be_released() -> None:
    world = World(at_home(""))
    world.ask(an_operators(Action.BLOCK, number=LOCAL))
    assert set(world.pbx.gate) == {LOCAL}
    world.configure(at_home("11"))
    (block,) = world.blocklist.blocks()
    assert block.number == HERE
    assert "11988887777" in world.pbx.gate
    agree(world)
    assert world.blocklist.match("01511988887777") == block
    assert world.ask(an_operators(Action.UNBLOCK, number=LOCAL)).code is Code.RELEASED
    assert world.pbx.gate == {}
    agree(world)


def test_a_spelling_that_is_another_persons_now_leaves_the_gate() -> None:
    world = World(at_home("11"))
    world.ask(an_operators(Action.BLOCK, number=HERE))
    assert LOCAL in world.pbx.gate
    world.configure(at_home("21"))
    assert LOCAL not in world.pbx.gate
    assert world.blocklist.match(LOCAL) is None
    agree(world)


def test_new_keys_are_there_before_the_rule_and_old_ones_go_after_it() -> None:
    world = World(at_home(""))
    world.ask(an_operators(Action.BLOCK, number=LOCAL))
    gates: list[set[str]] = []
    publish = world.publisher.configure

    def look(*settings: dict[str, str]) -> None:
        gates.append(set(world.pbx.gate))
        publish(*settings)

    world.publisher.configure = look  # type: ignore[method-assign]
    world.configure(at_home("11"))
    assert gates == [{LOCAL, HERE, "5511988887777", "11988887777", "011988887777"}]


def test_of_two_blocks_that_are_one_persons_now_the_longer_one_counts() -> None:
    world = World(at_home(""))
    world.ask(an_operators(Action.BLOCK, number=LOCAL, duration=7200))
    world.ask(an_operators(Action.BLOCK, number=HERE, duration=3600))
    world.configure(at_home("11"))
    (block,) = world.blocklist.blocks()
    assert (block.number, block.until) == (HERE, int(NOW) + 7200)
    agree(world)
    states = {kept.number: kept.state for kept in world.store.blocks.values() if kept is not block}
    assert BlockState.RELEASED in states.values()


def test_the_blocks_of_late_follow_too() -> None:
    world = World(at_home(""))
    world.ask(an_operators(Action.BLOCK, number=LOCAL))
    world.configure(at_home("11"))
    assert world.blocking.of_late(HERE) == 1


def test_without_a_link_the_gate_follows_after_the_next_connect() -> None:
    world = World(at_home("11"))
    world.ask(an_operators(Action.BLOCK, number=HERE))
    world.pbx.lose()
    world.configure(at_home("21"))
    assert LOCAL in world.pbx.gate
    world.pbx.find_again()
    world.publisher.publish_all()
    assert LOCAL not in world.pbx.gate
    agree(world)


def test_a_start_reads_the_stores_blocks_by_the_settings_of_now() -> None:
    keys = (HERE, "5511988887777", "11988887777", "011988887777", LOCAL)
    stored = a_block(number=HERE, keys=keys)
    world = World(at_home("21"))
    world.store.blocks = {stored.id: stored}
    world.pbx.gate = dict.fromkeys(keys, stored.until)
    world.recover()
    world.publisher.publish_all()
    world.reclaim_blocks()
    assert [block.number for block in world.blocklist.blocks()] == [HERE]
    assert LOCAL not in world.pbx.gate
    agree(world)


def test_where_the_numbering_is_the_same_no_block_is_touched(world: Core) -> None:
    assert isinstance(world, World)
    before = world.blocks()
    world.configure(SETTINGS)
    assert world.blocklist.blocks() == [before]
