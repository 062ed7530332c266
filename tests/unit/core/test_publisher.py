"""What mod_hash has is what it must have, whatever becomes of FreeSWITCH."""

from __future__ import annotations

import pytest

from fluxcc.core.core import NO_DIVERT
from fluxcc.core.publisher import Published
from fluxcc.domain.actions import Action
from fluxcc.domain.errors import LinkLostError
from fluxcc.domain.provisioning import Room
from tests.builders import NUMBER, World, an_operators

HOME = {"fluxcc_home": "21"}


@pytest.fixture
def known(world: World) -> World:
    """A block and a room are known, and nothing of them to FreeSWITCH."""
    world.blocks()
    world.ask(an_operators(Action.SET, entry=Room("1000")))
    world.pbx.lose()
    world.pbx.come_back()
    return world


def is_all_there(world: World) -> bool:
    pbx = world.pbx
    return (
        NUMBER in pbx.gate
        and "*1000" in pbx.rooms
        and pbx.settings == {"reject_cause": "CALL_REJECTED", "divert": NO_DIVERT}
    )


def test_everything_is_published(known: World) -> None:
    assert known.publisher.state is Published.NOTHING
    known.publisher.publish_all()
    assert known.publisher.state is Published.ALL
    assert is_all_there(known)


@pytest.mark.parametrize("method", ["write_blocks", "publish_rooms", "publish_setting"])
@pytest.mark.parametrize("trouble", ["broken", "rejected"])
def test_what_was_not_taken_is_published_again(known: World, trouble: str, method: str) -> None:
    getattr(known.pbx, trouble).add(method)
    known.publisher.publish_all()
    assert known.publisher.state is Published.NOTHING
    getattr(known.pbx, trouble).clear()
    known.publisher.repair()
    assert known.publisher.is_done
    assert is_all_there(known)


def test_a_publishing_that_nobody_answers_is_told_to_the_asker(known: World) -> None:
    """So that a connection that only looks alive is ended."""
    known.pbx.broken.add("write_blocks")
    with pytest.raises(LinkLostError):
        known.publisher.repair()
    assert known.publisher.state is Published.NOTHING


def test_a_repair_that_is_refused_is_no_error_each_time(
    known: World, caplog: pytest.LogCaptureFixture
) -> None:
    known.pbx.rejected.add("write_blocks")
    known.publisher.repair()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_publishing_that_broke_may_begin_again(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(known.gate_table, "publish_all", broken)
        with pytest.raises(ZeroDivisionError):
            known.publisher.publish_all()
    known.publisher.repair()
    assert is_all_there(known)


def test_what_is_known_is_not_published_again(known: World) -> None:
    known.publisher.publish_all()
    known.story.clear()
    known.publisher.repair()
    assert known.story == []


def test_a_hash_that_was_loaded_anew_is_filled_again(known: World) -> None:
    known.publisher.publish_all()
    known.pbx.come_back()
    known.publisher.repair()
    assert is_all_there(known)


def test_what_is_being_published_is_not_published_twice(known: World) -> None:
    known.publisher.state = Published.PARTLY
    known.publisher.repair()
    assert known.pbx.gate == {}


def test_where_nobody_answers_the_asker_hears_so(known: World) -> None:
    known.publisher.publish_all()
    known.pbx.broken.add("has_setting")
    with pytest.raises(LinkLostError):
        known.publisher.repair()


def test_a_changed_setting_is_published_at_once_or_with_the_next_connect(known: World) -> None:
    known.pbx.lose()
    known.publisher.configure({"reject_cause": "USER_BUSY", "divert": NO_DIVERT}, HOME)
    known.pbx.come_back()
    assert known.pbx.settings == {}
    known.publisher.publish_all()
    assert known.pbx.settings == {"reject_cause": "USER_BUSY", "divert": NO_DIVERT}
    known.publisher.configure({"reject_cause": "CALL_REJECTED"}, HOME)
    assert known.pbx.rules == HOME
    assert known.pbx.settings == {"reject_cause": "CALL_REJECTED", "divert": NO_DIVERT}


def test_a_setting_that_is_not_taken_harms_nothing(known: World) -> None:
    known.pbx.rejected.add("publish_setting")
    known.publisher.configure({"reject_cause": "USER_BUSY", "divert": NO_DIVERT}, HOME)
    assert known.pbx.settings == {}


def test_blocks_are_published_although_the_rule_was_not_taken(known: World) -> None:
    known.pbx.rejected.add("publish_rules")
    known.publisher.publish_all()
    assert is_all_there(known)


def test_a_module_that_was_loaded_while_everything_was_published_is_told_again(
    known: World,
) -> None:
    """``reload mod_hash`` in the middle: what was told before it is gone."""
    publish = known.gate_table.publish_all

    def reload() -> None:
        publish()
        known.gate_table.publish_all = publish  # type: ignore[method-assign]
        known.pbx.gate.clear()
        known.gate_table.doubt()

    known.gate_table.publish_all = reload  # type: ignore[method-assign]
    known.publisher.publish_all()
    assert not known.publisher.is_done
    known.hash_loaded()
    assert known.publisher.is_done
    assert is_all_there(known)


def test_what_mod_hash_has_already_is_not_told_again(known: World) -> None:
    """After a reconnect only what differs travels."""
    known.publisher.publish_all()
    known.story.clear()
    known.publisher.publish_all()
    assert known.story == []
    del known.pbx.gate[NUMBER]
    known.publisher.publish_all()
    assert known.story == ["publish 1 keys"]


def test_a_key_that_mod_hash_refused_is_told_with_the_rest(known: World) -> None:
    known.publisher.publish_all()
    known.pbx.rejected.add("write_blocks")
    known.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert not known.publisher.is_done
    known.pbx.rejected.clear()
    known.publisher.repair()
    assert known.pbx.gate == {}


def test_a_new_connection_has_nothing_until_it_was_told(known: World) -> None:
    """FreeSWITCH may have been restarted meanwhile: ``status`` says no more than what is known."""
    known.publisher.publish_all()
    assert known.publisher.is_done
    known.publisher.doubt()
    assert not known.publisher.is_done
    known.publisher.publish_all()
    assert known.publisher.is_done
