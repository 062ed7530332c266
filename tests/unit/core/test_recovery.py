"""A new life of the daemon, and the memory of what was answered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.core.requests.replies import RECENT_REPLIES, WINDOW
from fluxcc.domain.actions import Action
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.requests import Answered, Asked, Reply
from tests.builders import NUMBER, OTHER, World, a_block, an_operators
from tests.fakes import NOW


def test_a_new_life_takes_over_the_live_blocks_and_ends_those_whose_time_has_passed(
    world: World,
) -> None:
    world.store.blocks = {
        "b1": a_block("b1"),
        "b2": a_block("b2", number=OTHER, keys=(OTHER,), until=int(NOW) - 5),
    }
    assert world.recovery.step()
    world.scheduler.step()
    assert [block.number for block in world.blocklist.blocks()] == [NUMBER]
    world.journal.flush()
    assert world.store.blocks["b2"].state == "expired"


def test_a_store_that_cannot_be_read_stops_nobody_and_is_tried_again(world: World) -> None:
    world.store.blocks = {"b1": a_block()}
    world.store.failure = "no such host"
    assert not world.recovery.step()
    assert world.journal.failure == "no such host"
    world.store.failure = ""
    assert world.recovery.step()
    assert len(world.blocklist) == 1


def test_what_was_blocked_before_the_store_could_be_read_is_newer_than_the_store(
    world: World,
) -> None:
    world.store.blocks = {"b1": a_block(until=int(NOW) + 60)}
    world.block(a_block("b2", until=int(NOW) + 1800))
    world.recovery.step()
    assert [block.until for block in world.blocklist.blocks()] == [int(NOW) + 1800]


def test_of_two_live_blocks_of_a_number_the_one_that_ends_last_counts_and_the_other_ends(
    world: World,
) -> None:
    """The second was made while the store could not be read; each of them was acknowledged."""
    world.store.blocks = {
        "newer": a_block("newer", until=int(NOW) + 1800),
        "older": a_block("older", until=int(NOW) + 60),
    }
    world.recovery.step()
    assert [block.id for block in world.blocklist.blocks()] == ["newer"]
    world.journal.flush()
    assert [block.id for block in world.store.live_blocks()] == ["newer"]


def test_what_a_former_life_left_half_done_is_called_unknown(world: World) -> None:
    """Requested before acting; then done, refused, failed or unknown."""
    half_done = AuditRecord(
        id=int((NOW - 5) * 1e6),
        at=NOW - 5,
        request="r-1",
        action="prank",
        by="agent:1000",
        agent="1000",
        call="customer",
        number=NUMBER,
        reason="",
    )
    # This life began before the store could be read, and FreeSWITCH's clock is far behind.
    ours = replace(half_done, id=int((NOW + 1) * 1e6), at=NOW - 172_800, request="r-2")
    world.replies.keep(answered("r-2"))
    world.store.audit = {row.id: row for row in (half_done, ours)}
    world.recovery.step()
    world.journal.flush()
    closed = world.store.audit[half_done.id]
    assert (closed.status, closed.code) == (Status.UNKNOWN, Code.OUTCOME_UNKNOWN)
    assert world.store.audit[ours.id] == ours
    assert world.replies.find("r-1").reply.code is Code.OUTCOME_UNKNOWN


def an_asked(request: str) -> Asked:
    return Asked(request, "agent:1000", "prank", "a1b2")


def a_reply(request: str) -> Reply:
    return Reply(request=request, action="prank", code=Code.BLOCKED)


def answered(request: str) -> Answered:
    return Answered(an_asked(request), a_reply(request))


def never() -> Reply:
    raise AssertionError("it is the same request")


def test_the_same_request_cannot_run_twice_at_the_same_time(world: World) -> None:
    def answer() -> Reply:
        assert world.replies.once(an_asked("r"), answer, never) is None
        return a_reply("r")

    assert world.replies.once(an_asked("r"), answer, never) == a_reply("r")


def test_a_request_that_broke_off_may_run_again(world: World) -> None:
    def breaks() -> Reply:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.replies.once(an_asked("r"), breaks, never)
    assert world.replies.once(an_asked("r"), lambda: a_reply("r"), never) == a_reply("r")


def test_a_reply_is_at_hand_although_the_store_is_down(world: World) -> None:
    world.replies.keep(answered("r"))
    world.store.failure = "gone"
    assert world.replies.find("r") == answered("r")
    assert world.replies.find("never asked") is None


def test_only_so_many_replies_are_kept_at_hand(world: World) -> None:
    for number in range(RECENT_REPLIES + 1):
        world.replies.keep(answered(str(number)))
    assert world.replies.find("0") is None
    assert world.replies.find("1") is not None
    assert world.replies.find(str(RECENT_REPLIES)) is not None


def test_a_request_id_is_remembered_for_24_hours() -> None:
    """Contract, section 3."""
    assert WINDOW == 24 * 3600


def test_a_number_that_was_released_while_the_store_was_read_stays_free(world: World) -> None:
    """What was read is older than what was done since."""
    stored = a_block("stored", until=int(NOW) + 7200)
    world.store.blocks = {stored.id: stored}
    read = world.store.live_calls

    def release() -> list[CallRecord]:
        world.ask(an_operators(Action.BLOCK, number=NUMBER))
        world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
        return read()

    world.store.live_calls = release  # type: ignore[method-assign]
    assert world.recovery.step()
    assert world.blocklist.blocks() == []
    world.journal.flush()
    assert world.store.live_blocks() == []


def test_a_repeaters_blocks_count_although_freeswitchs_clock_is_far_behind(world: World) -> None:
    """It is not known yet when they are read, and no other clock says which of them are old."""
    days = 86_400.0
    world.store.blocks = {"b1": a_block("b1", since=NOW - 20 * days, state=BlockState.EXPIRED)}
    world.clock.is_known = False
    world.recovery.step()
    world.clock.is_known = True
    world.clock.set_pbx(NOW - 18 * days)
    world.scheduler.step()
    assert world.repeaters.most(NUMBER, world.clock.now()) == 1
