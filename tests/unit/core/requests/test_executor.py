"""A request from the door to its reply: in this order, once, and with the truth at the end."""

from __future__ import annotations

import pytest

from fluxcc.core.requests.confirmation import ASK_AFTER
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.requests import Reply
from tests.builders import NUMBER, OTHER, SPELLINGS, World, a_request, an_operators
from tests.fakes import NOW
from tests.unit.core.requests.hangups import PRANK, tell_later, tell_nothing

# A prank


def test_a_prank_is_written_down_published_disarmed_ended_and_only_then_answered(
    world: World,
) -> None:
    """Commit, publish, disarm, end the customer's leg, wait for the hangup, reply."""
    world.received_call()
    world.story.clear()
    reply = world.ask(a_request())
    assert world.story == PRANK
    assert reply.code is Code.BLOCKED
    assert (reply.call, reply.number, reply.agent) == ("customer", NUMBER, "1000")
    assert (reply.blocked, reply.expires) == (True, int(NOW) + 1800)
    assert not reply.record_pending
    assert set(world.pbx.gate) == set(SPELLINGS)
    assert not world.tracker.calls


def test_ok_is_said_when_the_events_show_it_and_not_when_a_command_was_accepted(
    world: World,
) -> None:
    """Contract, section 3."""
    world.received_call()
    tell_later(world, flushes=5)
    before = world.clock.monotonic()
    assert world.ask(a_request()).code is Code.BLOCKED
    assert world.clock.monotonic() > before


def test_a_hangup_whose_event_was_dropped_is_asked_for(world: World) -> None:
    """Under overload: FreeSWITCH says itself that the legs are gone."""
    world.received_call()
    world.pbx.on_end = lambda leg, cause: None
    world.pbx.legs = {"customer", "telephone"}
    world.runtime.meanwhile.append(world.pbx.legs.clear)
    began = world.clock.monotonic()
    assert world.ask(a_request()).code is Code.BLOCKED
    assert ASK_AFTER <= world.clock.monotonic() - began < ASK_AFTER + 0.2


def test_a_hangup_that_is_never_seen_is_a_failure_in_time_for_the_reply(world: World) -> None:
    """The reply is due after 5 s (contract, section 3)."""
    call = world.received_call()
    tell_nothing(world)
    before = world.clock.monotonic()
    reply = world.ask(a_request())
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
    assert world.clock.monotonic() - before < 5
    assert call.outcome == "live"


def test_a_second_mark_renews(world: World) -> None:
    world.received_call()
    first = world.ask(a_request())
    world.clock.step(600)
    world.received_call("011988887777")
    second = world.ask(a_request())
    assert (first.code, second.code) == (Code.BLOCKED, Code.RENEWED)
    assert second.expires is not None
    assert second.expires >= int(NOW) + 600 + 1800
    assert set(world.pbx.gate.values()) == {second.expires}
    assert [notice["Fluxcc-Change"] for notice in world.pbx.heard("fluxcc::block")] == [
        "blocked",
        "renewed",
    ]


@pytest.mark.parametrize(
    ("number", "code"),
    [("1001", Code.NOT_BLOCKED_INTERNAL), ("anonymous", Code.NOT_BLOCKED_WITHHELD), ("", None)],
)
def test_who_cannot_be_blocked_is_hung_up_and_the_reply_says_so(
    world: World, number: str, code: Code | None
) -> None:
    """Contract, section 1."""
    world.received_call(number)
    reply = world.ask(a_request(call="customer"))
    assert reply.code is (code or Code.NOT_BLOCKED_WITHHELD)
    assert (reply.status, reply.blocked, reply.expires) == (Status.OK, False, None)
    assert world.pbx.gate == {}
    assert not world.tracker.calls


def test_on_an_internal_call_the_other_one_is_the_customer_for_both(world: World) -> None:
    for agent, other in (("1000", "a"), ("1001", "b")):
        world.caller_dials("a", "1001", "1000", Caller_Context="default")
        world.telephone_rings("b", "1000", "a")
        world.bridged("a", "b")
        reply = world.ask(a_request(agent=agent))
        assert (reply.code, reply.call) == (Code.NOT_BLOCKED_INTERNAL, other)


def test_an_internal_number_from_a_trunk_is_told_apart_in_the_audit(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not blocked (contract, section 1), but whoever looks finds out who tries that."""
    world.received_call("1234")
    reply = world.ask(a_request())
    assert (reply.code, reply.blocked) == (Code.NOT_BLOCKED_INTERNAL, False)
    assert world.blocklist.blocks() == []
    world.journal.flush()
    (row,) = world.store.audit.values()
    assert (row.number, row.subject) == ("1234", "internal-number-on-trunk")
    assert "internal number" in caplog.text


def test_an_internal_number_from_a_telephone_is_not(world: World) -> None:
    world.caller_dials("a", "1001", "1000", Caller_Context="default")
    world.telephone_rings("b", "1000", "a")
    world.bridged("a", "b")
    assert world.ask(a_request()).code is Code.NOT_BLOCKED_INTERNAL
    world.journal.flush()
    (row,) = world.store.audit.values()
    assert row.subject == ""


def test_the_refusal_of_somebody_elses_call_is_audited(world: World) -> None:
    world.received_call()
    world.ask(a_request(agent="1001", call="customer", reason="mine"))
    world.journal.flush()
    (row,) = world.store.audit.values()
    assert (row.agent, row.call) == ("1001", "customer")
    assert (row.status, row.code, row.reason) == ("refused", "not-your-call", "mine")


def test_history_and_audit_say_what_was_done_by_whom_and_why(world: World) -> None:
    world.received_call()
    world.ask(a_request(id="r-x", reason="swears"))
    world.journal.flush()
    (call,) = world.store.calls.values()
    (row,) = world.store.audit.values()
    (block,) = world.store.blocks.values()
    assert (call.outcome, call.cause) == ("prank", "CALL_REJECTED")
    assert (row.request, row.action, row.by, row.agent) == ("r-x", "prank", "agent:1000", "1000")
    assert (row.call, row.number, row.reason) == ("customer", NUMBER, "swears")
    assert (row.status, row.code, row.blocked) == ("ok", "blocked", True)
    assert (row.at, row.expires) == (NOW, int(NOW) + 1800)
    assert row.ended is not None
    assert (block.by, block.reason, block.call) == ("agent:1000", "swears", "customer")


# Refusals: nothing is done


def refused(world: World, reply: Reply) -> Code:
    """The code of a refusal, of which nothing but the audit may be left."""
    assert reply.status is Status.REFUSED
    world.journal.flush()
    assert world.story == ["write audit refused"]
    assert [row.status for row in world.store.audit.values()][-1] == "refused"
    return reply.code


def test_an_agent_without_a_call(world: World) -> None:
    world.received_call()
    assert refused(world, world.ask(a_request(agent="1001"))) is Code.NO_LIVE_CALL


def test_an_agent_with_two_calls_must_say_which(world: World) -> None:
    world.received_call()
    world.received_call(OTHER, customer="next", telephone="second line")
    assert refused(world, world.ask(a_request())) is Code.AMBIGUOUS_CALL


def test_with_two_calls_either_leg_says_which(world: World) -> None:
    world.received_call()
    world.received_call(OTHER, customer="next", telephone="second line")
    assert world.ask(a_request(call="second line")).number == OTHER
    assert world.ask(a_request(call="customer")).number == NUMBER


def test_a_call_that_is_not_there(world: World) -> None:
    world.received_call()
    assert refused(world, world.ask(a_request(call="nobody"))) is Code.NO_SUCH_CALL


def test_a_call_that_has_ended(world: World) -> None:
    world.received_call()
    world.hung_up("customer")
    world.hung_up("telephone")
    assert refused(world, world.ask(a_request(call="customer"))) is Code.NO_SUCH_CALL


def test_someone_elses_call(world: World) -> None:
    world.received_call()
    request = a_request(agent="1001", call="customer")
    assert refused(world, world.ask(request)) is Code.NOT_YOUR_CALL


def test_an_operator_acts_on_anybodys_call(world: World) -> None:
    world.received_call()
    reply = world.ask(an_operators(Action.PRANK, call="customer"))
    assert (reply.code, reply.agent) == (Code.BLOCKED, "1000")
    assert world.blocklist.blocks()[0].by == "operator:maria"


def test_two_actions_on_one_call_at_once(world: World) -> None:
    world.received_call()
    tell_nothing(world)
    second: list[Reply] = []

    def ask_again() -> None:
        if not second:
            second.append(world.ask(a_request()))
            world.hung_up("customer")
            world.hung_up("telephone")

    world.pbx.on_flush = ask_again
    assert world.ask(a_request()).code is Code.BLOCKED
    assert second[0].code is Code.ACTION_IN_PROGRESS


def test_a_call_whose_action_failed_is_free_for_the_next(world: World) -> None:
    world.received_call()
    world.pbx.rejected.add("end_leg")
    assert world.ask(a_request()).code is Code.PBX_REJECTED
    world.pbx.rejected.clear()
    assert world.ask(a_request()).code is Code.RENEWED


# Numbers


def test_an_operator_blocks_a_number_without_a_call(world: World) -> None:
    reply = world.ask(an_operators(Action.BLOCK, number="988887777", duration=60, reason="x"))
    assert (reply.code, reply.number, reply.expires) == (Code.BLOCKED, NUMBER, int(NOW) + 60)
    assert world.pbx.gate == dict.fromkeys(SPELLINGS, int(NOW) + 60)
    (notice,) = world.pbx.heard("fluxcc::block")
    assert (notice["Fluxcc-Change"], notice["Fluxcc-By"]) == ("blocked", "operator:maria")


def test_a_block_ends_no_call_that_talks(world: World) -> None:
    world.received_call()
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert len(world.tracker.calls) == 1


def test_an_operator_frees_a_number(world: World) -> None:
    block = world.blocks()
    reply = world.ask(an_operators(Action.UNBLOCK, number="011988887777"))
    assert (reply.code, reply.number, reply.blocked) == (Code.RELEASED, NUMBER, False)
    assert world.pbx.gate == {}
    world.journal.flush()
    kept = world.store.blocks[block.id]
    assert (kept.state, kept.ended_by) == ("released", "operator:maria")
    assert [notice["Fluxcc-Change"] for notice in world.pbx.heard("fluxcc::block")] == ["released"]


@pytest.mark.parametrize(
    ("action", "number", "code"),
    [
        (Action.BLOCK, "1000", Code.NUMBER_INTERNAL),
        (Action.BLOCK, "anonymous", Code.NUMBER_UNUSABLE),
        (Action.UNBLOCK, NUMBER, Code.NOT_BLOCKED),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    world: World, action: Action, number: str, code: Code
) -> None:
    assert refused(world, world.ask(an_operators(action, number=number))) is code


def test_every_audit_row_has_an_id_of_its_own(world: World) -> None:
    for _ in range(5):
        world.ask(a_request())
    world.journal.flush()
    assert len(world.store.audit) == 5
