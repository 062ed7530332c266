"""Every connection of the graph that daemon and tests share: a test here fails without it."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from fluxcc.config import BlockSettings, RetentionSettings
from fluxcc.core.blocks.unblockable import BLOCKS_PER_TURN
from fluxcc.core.core import NO_DIVERT
from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Group, Protected, Trigger
from fluxcc.domain.retention import RecordKind
from tests.builders import NUMBER, SETTINGS, World, a_block, an_operators

ANY = Group("sales", has_survey=True, trigger=Trigger.ANY)


def test_a_blocked_caller_who_comes_in_is_refused(world: World) -> None:
    world.blocks()
    world.pbx.gated.clear()
    world.caller_dials()
    assert "end customer CALL_REJECTED" in world.story


def test_a_call_that_is_bridged_has_its_survey_armed(world: World) -> None:
    world.ask(an_operators(Action.SET, entry=ANY))
    world.received_call()
    assert set(world.pbx.armed) == {"customer"}


def test_a_group_that_changes_counts_for_the_calls_that_are_up(world: World) -> None:
    world.received_call()
    world.ask(an_operators(Action.SET, entry=ANY))
    assert set(world.pbx.armed) == {"customer"}


def test_a_store_that_was_begun_anew_gets_what_is_still_true(world: World) -> None:
    world.blocks()
    world.ask(an_operators(Action.SET, entry=ANY))
    world.received_call()
    world.journal.flush()
    for lost in (world.store.blocks, world.store.settings, world.store.calls):
        lost.clear()
    world.store.recreated += 1
    world.journal.check_store()
    world.journal.flush()
    assert [block.number for block in world.store.blocks.values()] == [NUMBER]
    assert list(world.store.settings.values()) == [ANY]
    assert [call.number for call in world.store.calls.values()] == [NUMBER]


def test_blocks_that_only_the_gate_knows_are_taken_over_once_connected(world: World) -> None:
    world.pbx.gate = {NUMBER: a_block().until}
    world.recover()
    world.happenings.connected()
    assert [block.number for block in world.blocklist.blocks()] == [NUMBER]


def test_not_before_the_store_was_read(world: World) -> None:
    """It may know them, by whom and why."""
    world.pbx.gate = {NUMBER: a_block().until}
    world.happenings.connected()
    assert not world.blocklist.blocks()


def test_a_gate_that_cannot_be_read_is_read_later(world: World) -> None:
    world.pbx.gate = {NUMBER: a_block().until}
    world.recover()
    world.pbx.broken.add("gate_entries")
    world.happenings.connected()
    assert not world.blocklist.blocks()
    world.pbx.broken.clear()
    world.reclaim_blocks()
    assert [block.number for block in world.blocklist.blocks()] == [NUMBER]


def test_blocks_are_taken_over_by_one_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads the whole of mod_hash."""
    steps: list[str] = []

    def step() -> None:
        steps.append("step")
        world.reclaim_blocks()

    monkeypatch.setattr(world.reclaim, "step", step)
    world.recover()
    world.reclaim_blocks()
    assert steps == ["step"]


def test_whoever_listens_hears_of_every_request(world: World) -> None:
    heard: list[str] = []
    world.happenings.request_answered.connect(lambda request, reply, _: heard.append(reply.code))
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert heard == ["blocked"]


def test_a_signal_calls_its_listeners_in_the_order_in_which_they_came(world: World) -> None:
    told: list[str] = []
    world.happenings.connected.connect(lambda: told.append("first"))
    world.happenings.connected.connect(lambda: told.append("second"))
    world.happenings.connected()
    assert told == ["first", "second"]


def test_what_may_change_at_run_time_counts_at_once(world: World) -> None:
    wanted = msgspec.structs.replace(
        SETTINGS,
        blocks=BlockSettings(duration=60, reject_cause="USER_BUSY"),  # type: ignore[arg-type]
        retention=RetentionSettings(calls=5),  # type: ignore[arg-type]
    )
    world.configure(wanted)
    assert world.rules.block_duration == 60
    assert world.attempts.cause == "USER_BUSY"
    assert world.pbx.settings == {"reject_cause": "USER_BUSY", "divert": NO_DIVERT}
    assert world.retention.ages[RecordKind.CALLS] == 5


def test_a_reload_with_thousands_of_blocks_lets_others_run(world: World) -> None:
    """A numbering or a list of protected numbers that changes is compared with every block."""
    for count in range(3 * BLOCKS_PER_TURN):
        world.ask(an_operators(Action.BLOCK, number=f"+551191{count:07d}"))
    turns: list[float] = []
    world.runtime.sleep = turns.append  # type: ignore[method-assign]
    world.configure(replace(SETTINGS, blocks=replace(SETTINGS.blocks, never=(r"\+551191.*5",))))
    assert len(turns) == 3
    assert len(world.blocklist.blocks()) == 3 * BLOCKS_PER_TURN * 9 // 10


def test_a_protected_number_counts_and_no_longer_counts_at_once(world: World) -> None:
    assert not world.is_protected("+55119100")
    world.provisioning.put(Protected(r"\+551191.*"))
    assert world.is_protected("+55119100")
    world.provisioning.drop(Protected(r"\+551191.*"))
    assert not world.is_protected("+55119100")
