"""The lines of the watch stream: noted while events are handled, written when they are read."""

from __future__ import annotations

from typing import Any

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.calls import CallChange
from fluxcc.domain.provisioning import Group, User, UserRole
from fluxcc.domain.surveys import Survey
from fluxcc.doors import feed as feed_module
from fluxcc.doors.feed import LONGEST, Feed
from fluxcc.protocol.watching import (
    AttemptHappening,
    BlockHappening,
    CallHappening,
    ReplyHappening,
    StatusHappening,
    SurveyHappening,
    read_line,
)
from tests.builders import NUMBER, World, a_block, an_operators
from tests.fakes import NOW

from .doors import a_feed, readings_of


@pytest.fixture
def feed(world: World) -> Feed:
    """One that notes."""
    feed = a_feed(world)
    feed.rouse()
    return feed


def lines(feed: Feed, after: int) -> list[Any]:
    """What is told after that line."""
    return [read_line(line) for line in feed.after(after, 1_000)]


def told(feed: Feed, after: int) -> list[str]:
    """The same, in short."""
    found = []
    for line in lines(feed, after):
        match line:
            case CallHappening(change=change) | BlockHappening(change=change):
                found.append(change.value)
            case _:
                found.append(type(line).__name__.removesuffix("Happening").lower())
    return found


def test_a_prank_from_its_first_ring_to_the_release(world: World, feed: Feed) -> None:
    begin = feed.number
    world.caller_dials()
    assert told(feed, begin)[0] == CallChange.BEGAN
    rung = feed.number
    world.telephone_rings()
    world.bridged("customer", "telephone")
    bridged = lines(feed, rung)[-1]
    assert (bridged.change, bridged.call.agent, bridged.call.talking) == ("bridged", "1000", True)
    talked = feed.number
    world.ask(an_operators(Action.PRANK, call="customer"))
    assert [each for each in told(feed, talked) if each != "changed"] == [
        "blocked",
        "ended",
        "reply",
    ]
    *_, ended, reply = lines(feed, talked)
    assert (ended.call.outcome, ended.call.id) == ("prank", bridged.call.id)
    assert (reply.reply.code, reply.by) == ("blocked", "operator:maria")
    blocked = feed.number
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert told(feed, blocked) == ["released", "reply"]
    assert [line.number for line in lines(feed, begin)] == [*range(begin + 1, feed.number + 1)]


def test_nothing_is_noted_until_there_is_a_watcher(world: World) -> None:
    feed = a_feed(world)
    begin = feed.number
    world.received_call()
    world.block(a_block())
    assert feed.number == begin
    feed.rouse()
    world.hung_up("customer")
    # Of a call that was there before, no beginning is told.
    assert CallChange.BEGAN not in told(feed, begin)


def test_several_changes_that_nobody_has_read_are_one_line(world: World, feed: Feed) -> None:
    world.received_call()
    begin = feed.number
    list(feed.after(feed.number - 1, 9))
    call = world.call_of("customer")
    for group in ("one", "two", "three"):
        call.group = group
        world.journal.call_changed(call)
    (line,) = lines(feed, begin)
    assert (line.change, line.call.group) == (CallChange.CHANGED, "three")
    call.group = "four"
    world.journal.call_changed(call)
    assert lines(feed, begin + 1)[0].call.group == "four"


def test_a_change_after_a_snapshot_is_a_line_of_its_own(world: World, feed: Feed) -> None:
    """Otherwise it would stand in a line that who has the snapshot takes for known."""
    world.received_call()
    call = world.call_of("customer")
    world.journal.call_changed(call)
    number = feed.settle()
    call.group = "later"
    world.journal.call_changed(call)
    assert [line.call.group for line in lines(feed, number)] == ["later"]


def test_every_kind_has_its_line(world: World, feed: Feed) -> None:
    begin = feed.number
    world.block(a_block())
    world.caller_dials()
    world.happenings.survey_answered(
        Survey("s", "customer", NUMBER, "g", "1000", "received", NOW, NOW, 1, (4,))
    )
    world.ask(an_operators(Action.SET, entry=Group("sales", domain="a.example")))
    world.pbx.lose()
    world.clock.step(2)
    feed.look()
    found = {type(line): line for line in lines(feed, begin)}
    assert found[AttemptHappening].block.attempts == 1
    assert found[SurveyHappening].survey.answers == (4,)
    assert found[ReplyHappening].entry == "group:sales@a.example"
    assert found[StatusHappening].status.connected is False
    assert {CallHappening, BlockHappening} < found.keys()


def test_the_state_is_told_once(world: World, feed: Feed) -> None:
    begin = feed.number
    for _ in range(3):
        world.clock.step(2)
        feed.look()
    assert told(feed, begin) == []


@pytest.mark.parametrize("is_private", [False, True])
def test_a_number_that_its_caller_hides_is_in_no_line(
    world: World, feed: Feed, is_private: bool
) -> None:
    begin = feed.number
    world.block(a_block(is_private=is_private))
    world.happenings.caller_refused(a_block(is_private=is_private))
    text = b"".join(feed.after(begin, 9)).decode()
    assert (NUMBER in text) is not is_private


def test_no_secret_is_in_a_line(world: World, feed: Feed) -> None:
    begin = feed.number
    secret = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
    user = User("ana", UserRole.VIEWER, password_hash=secret)
    world.ask(an_operators(Action.SET, entry=user))
    assert [line.entry for line in lines(feed, begin)] == ["user:ana"]
    assert b"argon2id" not in b"".join(feed.after(begin, 9))


def test_the_change_of_a_block_is_the_one_that_memory_made(world: World, feed: Feed) -> None:
    begin = feed.number
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.ask(an_operators(Action.BLOCK, number=NUMBER, duration=60))
    (block,) = world.blocklist.blocks()
    world.blocking.reword(block, "another reason")
    world.clock.step(3600)
    world.blocking.expire_due()
    changes = [line for line in lines(feed, begin) if isinstance(line, BlockHappening)]
    assert [line.change for line in changes] == [
        BlockChange.BLOCKED,
        BlockChange.RENEWED,
        BlockChange.RENEWED,
        BlockChange.EXPIRED,
    ]
    assert changes[2].block.reason == "another reason"


def test_lines_are_kept_up_to_a_number_and_for_a_time(
    world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = feed.number
    for _ in range(feed_module.MOST + 5):
        world.happenings.caller_refused(a_block())
    assert not feed.has(begin)
    assert not feed.has(begin + 4)
    assert feed.has(begin + 5)
    assert len(lines(feed, begin + 5)) == 1_000
    world.clock.step(LONGEST + 1)
    feed.look()
    assert not feed.has(feed.number - 1)
    assert feed.has(feed.number)


def test_a_number_of_another_life_is_known_to_be_another_ones(world: World, feed: Feed) -> None:
    later = Feed(world, lambda: pytest.fail("not asked"), NOW + 1)
    assert later.number > feed.number + 999_999
    assert not later.has(feed.number)
    assert not feed.has(later.number)
    assert later.number < 2**53


def test_a_life_begun_in_the_same_second_has_numbers_that_the_earlier_one_never_used(
    world: World,
) -> None:
    earlier = Feed(world, readings_of(world).state, NOW)
    earlier.rouse()
    world.caller_dials()
    assert earlier.has(earlier.number - 1)
    later = Feed(world, readings_of(world).state, NOW + 0.1)
    assert later.number > earlier.number
    assert not later.has(earlier.number)


def test_after_an_erasure_everybody_begins_anew(world: World, feed: Feed) -> None:
    """The lines of before may be about the person, also those that were sent already."""
    world.received_call()
    number = feed.number
    world.erasure.erase_person(NUMBER, "operator:maria", "r")
    assert not feed.has(number)
    assert NUMBER.encode() not in b"".join(feed.after(feed.number, 9))


def test_what_nobody_reads_is_forgotten(
    world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "MOST", 3)
    for number in range(9):
        world.caller_dials(f"leg{number}")
    assert len(feed._unread) <= 3
    feed.doze()
    begin = feed.number
    world.received_call()
    assert (feed.number, list(feed.after(begin, 9))) == (begin, [])
