"""A request while the store or FreeSWITCH fails: the reply says what is known."""

from __future__ import annotations

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Protected
from tests.builders import NUMBER, SPELLINGS, World, a_request, an_operators
from tests.fakes import NOW
from tests.unit.core.requests.hangups import tell_nothing


def test_without_a_store_the_call_ends_the_number_is_refused_and_the_record_follows(
    world: World,
) -> None:
    """The reply says that the record is pending (contract, section 3)."""
    world.received_call()
    world.store.failure = "the disk is full"
    reply = world.ask(a_request())
    assert (reply.code, reply.record_pending) == (Code.BLOCKED, True)
    assert set(world.pbx.gate) == set(SPELLINGS)
    assert not world.tracker.calls
    assert world.journal.pending > 0
    world.store.failure = ""
    world.journal.flush()
    assert world.journal.pending == 0
    (row,) = world.store.audit.values()
    (block,) = world.store.blocks.values()
    assert (row.status, block.number) == ("ok", NUMBER)


def test_a_store_that_breaks_between_the_two_commits_is_told_too(world: World) -> None:
    world.received_call()

    def break_store(leg: str, cause: str) -> None:
        world.store.failure = "gone"
        world.hung_up(leg, cause)

    world.pbx.on_end = break_store
    reply = world.ask(a_request())
    assert (reply.code, reply.record_pending) == (Code.BLOCKED, True)


def test_freeswitch_says_no(world: World) -> None:
    call = world.received_call()
    world.pbx.rejected.add("end_leg")
    reply = world.ask(a_request())
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
    assert call.outcome == "live"
    world.journal.flush()
    (row,) = world.store.audit.values()
    assert (row.status, row.code) == ("failed", "pbx-rejected")


def test_a_gate_that_takes_no_block_does_not_keep_the_call_alive(world: World) -> None:
    world.received_call()
    world.pbx.rejected.add("write_blocks")
    reply = world.ask(a_request())
    assert (reply.code, reply.blocked) == (Code.GATE_PENDING, True)
    assert not world.tracker.calls
    assert world.blocklist.match(NUMBER) is not None


def test_a_release_that_the_gate_was_not_told_says_so(world: World) -> None:
    world.blocks()
    world.pbx.lose()
    reply = world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert (reply.status, reply.code) == (Status.OK, Code.RELEASE_PENDING)
    assert set(world.pbx.gate) == set(SPELLINGS)
    world.pbx.find_again()
    world.gate_table.publish_all()
    assert world.pbx.gate == {}


def test_a_block_that_was_released_meanwhile_is_not_told_as_one(world: World) -> None:
    """Two operators at once; the audit says what became of the first one's."""
    others = [an_operators(Action.UNBLOCK, number=NUMBER)]
    world.runtime.meanwhile.insert(0, lambda: world.ask(others.pop()) if others else None)
    reply = world.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert (reply.code, reply.blocked, reply.expires) == (Code.RELEASED, False, None)
    assert world.pbx.gate == {}
    assert [each["Fluxcc-Change"] for each in world.pbx.heard("fluxcc::block")] == ["released"]


def test_a_prank_whose_block_was_released_meanwhile_has_ended_the_call(world: World) -> None:
    world.received_call()
    others = [an_operators(Action.UNBLOCK, number=NUMBER)]
    world.runtime.meanwhile.insert(0, lambda: world.ask(others.pop()) if others else None)
    reply = world.ask(a_request())
    assert (reply.code, reply.blocked, reply.expires) == (Code.ENDED, False, None)
    assert not world.tracker.calls


def test_a_block_that_was_renewed_meanwhile_tells_the_end_that_counts(world: World) -> None:
    world.received_call()
    others = [an_operators(Action.BLOCK, number=NUMBER, duration=2_592_000)]
    world.runtime.meanwhile.insert(0, lambda: world.ask(others.pop()) if others else None)
    reply = world.ask(a_request())
    (block,) = world.blocklist.blocks()
    assert reply.expires == block.until > NOW + 2_000_000
    assert set(world.pbx.gate.values()) == {block.until}
    assert [each["Fluxcc-Change"] for each in world.pbx.heard("fluxcc::block")] == ["renewed"]


def test_a_number_that_is_protected_in_that_moment_is_not_blocked_again(world: World) -> None:
    """A mark between the decision to protect it and the protection would stay for ever."""
    world.received_call()
    marks = [a_request()]
    world.runtime.meanwhile.insert(0, lambda: world.ask(marks.pop()) if marks else None)
    world.ask(an_operators(Action.SET, entry=Protected(NUMBER)))
    assert world.blocklist.blocks() == []
    assert world.pbx.gate == {}


def test_a_notice_that_cannot_be_sent_does_not_keep_the_call_alive(world: World) -> None:
    world.received_call()
    world.pbx.broken.add("announce")
    assert world.ask(a_request()).code is Code.BLOCKED


@pytest.mark.parametrize("where", ["write_blocks", "disarm_survey", "end_leg", "flush_events"])
def test_a_link_that_breaks_in_the_middle_leaves_the_outcome_unknown(
    world: World, where: str
) -> None:
    world.received_call()
    tell_nothing(world)
    world.pbx.broken.add(where)
    reply = world.ask(a_request())
    assert (reply.status, reply.code) == (Status.UNKNOWN, Code.OUTCOME_UNKNOWN)
    world.journal.flush()
    assert [row.code for row in world.store.audit.values()] == ["outcome-unknown"]


def test_an_operators_block_without_a_link_is_made_and_says_what_it_waits_for(
    world: World,
) -> None:
    world.pbx.lose()
    reply = world.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert (reply.status, reply.code) == (Status.OK, Code.GATE_PENDING)
    assert reply.expires
    world.pbx.come_back()
    world.gate_table.publish_all()
    assert set(world.pbx.gate) == set(SPELLINGS)


def test_a_block_whose_link_broke_holds_after_the_next_connect(world: World) -> None:
    """It was written down before anything was done."""
    world.received_call()
    world.pbx.lose()
    world.ask(a_request())
    world.pbx.come_back()
    world.gate_table.publish_all()
    assert set(world.pbx.gate) == set(SPELLINGS)


def test_a_leg_that_is_gone_already_is_as_good_as_ended(world: World) -> None:
    """The caller hung up in the same moment; the event comes while we wait."""
    world.received_call()
    world.pbx.legs = set()
    world.pbx.on_flush = lambda: (world.hung_up("customer"), world.hung_up("telephone"), None)[-1]
    assert world.ask(a_request()).code is Code.BLOCKED


def test_a_caller_who_hangs_up_before_the_first_command_is_blocked_all_the_same(
    world: World,
) -> None:
    world.received_call()
    world.pbx.legs = set()
    hung_up: list[bool] = []

    def hang_up() -> None:
        if not hung_up:
            hung_up.append(True)
            world.hung_up("customer")
            world.hung_up("telephone")

    world.runtime.meanwhile.append(hang_up)
    assert world.ask(a_request()).code is Code.BLOCKED
    assert set(world.pbx.gate) == set(SPELLINGS)


def test_nobody_is_watched_any_more_when_the_reply_is_given(world: World) -> None:
    world.received_call()
    world.pbx.rejected.add("end_leg")
    world.ask(a_request())
    assert world.tracker.watchers.count == 0
