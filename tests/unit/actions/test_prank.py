"""``prank``: the call ends whatever the number is, and only a number that may be is blocked."""

from __future__ import annotations

import pytest

from fluxcc.actions import prank
from fluxcc.config import NumberSettings, Settings
from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllEnded, DisarmSurvey, EndLeg, EnforceBlock
from tests.builders import NUMBER, SPELLINGS, a_block, a_conversation, a_request, some_rules
from tests.fakes import NOW


def test_a_prank_blocks_first_then_disarms_the_survey_then_ends_both_legs() -> None:
    """A caller who redials in the same second is refused already; the survey never starts."""
    plan = prank.plan(a_conversation(), a_request(), some_rules())
    block, disarm, end_customer, end_agent = plan.effects
    assert isinstance(block, EnforceBlock)
    assert (block.block.number, block.block.keys) == (NUMBER, SPELLINGS)
    assert (block.block.until, block.block.by) == (int(NOW) + 1800, "agent:1000")
    assert (block.block.call, block.change) == ("customer", BlockChange.BLOCKED)
    assert disarm == DisarmSurvey("customer")
    assert end_customer == EndLeg("customer", "CALL_REJECTED")
    assert end_agent == EndLeg("telephone", "NORMAL_CLEARING")
    assert (plan.code, plan.number, plan.blocked) == (Code.BLOCKED, NUMBER, True)


def test_it_is_done_when_both_legs_were_seen_to_hang_up() -> None:
    plan = prank.plan(a_conversation(), a_request(), some_rules())
    assert plan.confirmation == AllEnded(frozenset({"customer", "telephone"}))


def test_a_call_without_an_agents_leg_ends_by_its_customers_alone() -> None:
    plan = prank.plan(a_conversation(agent_leg=""), a_request(), some_rules())
    assert plan.confirmation == AllEnded(frozenset({"customer"}))
    assert [effect.leg for effect in plan.effects if isinstance(effect, EndLeg)] == ["customer"]


@pytest.mark.parametrize("seen", ["988887777", "011988887777", NUMBER])
def test_a_second_mark_renews_in_whatever_spelling(seen: str) -> None:
    plan = prank.plan(a_conversation(number=seen), a_request(), some_rules(a_block()))
    assert plan.code is Code.RENEWED
    assert isinstance(plan.effects[0], EnforceBlock)


def test_an_internal_number_is_never_blocked_and_its_call_ends() -> None:
    plan = prank.plan(a_conversation(number="1001"), a_request(), some_rules())
    assert not any(isinstance(effect, EnforceBlock) for effect in plan.effects)
    assert [effect.leg for effect in plan.effects if isinstance(effect, EndLeg)] == [
        "customer",
        "telephone",
    ]
    assert (plan.code, plan.blocked) == (Code.NOT_BLOCKED_INTERNAL, False)


@pytest.mark.parametrize("seen", ["", "anonymous", "+", "Restricted", "José", "0000000000"])
def test_a_withheld_number_is_never_blocked_and_its_call_ends(seen: str) -> None:
    plan = prank.plan(a_conversation(number=seen), a_request(), some_rules())
    assert not any(isinstance(effect, EnforceBlock) for effect in plan.effects)
    assert plan.confirmation == AllEnded(frozenset({"customer", "telephone"}))
    assert (plan.code, plan.blocked) == (Code.NOT_BLOCKED_WITHHELD, False)


def test_a_prank_holds_for_the_configured_time_whatever_the_request_says() -> None:
    plan = prank.plan(a_conversation(), a_request(duration=5), some_rules())
    block = plan.effects[0]
    assert isinstance(block, EnforceBlock)
    assert block.block.until == int(NOW) + 1800


def test_a_telephone_that_stays_connected_is_left_alone() -> None:
    """Contract, section 1a."""
    plan = prank.plan(a_conversation(is_standing=True), a_request(), some_rules())
    assert [effect.leg for effect in plan.effects if isinstance(effect, EndLeg)] == ["customer"]
    assert plan.confirmation == AllEnded(frozenset({"customer"}), parted=frozenset({"telephone"}))
    assert plan.code is Code.BLOCKED


def test_whom_the_agent_asks_meanwhile_is_hung_up_too_and_the_customer_blocked() -> None:
    """Contract, section 1a: an action means the customer who waits."""
    call = a_conversation(
        originatee="", consulted_inside="colleague", consulted=("second line", "expert")
    )
    plan = prank.plan(call, a_request(), some_rules())
    assert isinstance(plan.effects[0], EnforceBlock)
    assert plan.effects[0].block.number == NUMBER
    assert [effect for effect in plan.effects if isinstance(effect, EndLeg)] == [
        EndLeg("customer", "CALL_REJECTED"),
        EndLeg("colleague", "NORMAL_CLEARING"),
        EndLeg("telephone", "NORMAL_CLEARING"),
        EndLeg("second line", "NORMAL_CLEARING"),
        EndLeg("expert", "NORMAL_CLEARING"),
    ]
    assert plan.confirmation == AllEnded(frozenset({"customer", "telephone"}))


def test_who_is_asked_for_advice_blocks_nobody_and_only_leaves() -> None:
    """Contract, section 1a: the customer is not theirs."""
    call = a_conversation(customer="colleague", agent_leg="", number="1001", is_consulted=True)
    plan = prank.plan(call, a_request(), some_rules())
    assert plan.effects == (EndLeg("colleague", "NORMAL_CLEARING"),)
    assert plan.confirmation == AllEnded(frozenset({"colleague"}))
    assert (plan.code, plan.number, plan.blocked) == (Code.NOT_BLOCKED_INTERNAL, "1001", False)
    assert (plan.outcome, plan.ends_survey) == (None, False)


@pytest.mark.parametrize("seen", ["266696687", "+266696687", "86282452253", "8656696"])
def test_a_word_typed_on_the_keys_is_withheld(seen: str) -> None:
    """Contract, section 2a: *anonymous*, *unavailable*, *unknown*."""
    plan = prank.plan(a_conversation(number=seen), a_request(), some_rules())
    assert (plan.code, plan.blocked) == (Code.NOT_BLOCKED_WITHHELD, False)


@pytest.mark.parametrize(
    "pattern", [r"1133334\d{3}", r"\+551133334000", r"01133334000"], ids=["inside", "E.164", "seen"]
)
def test_what_stands_for_withheld_here_is_never_blocked(pattern: str) -> None:
    """Contract, section 2a: ``[numbers] withheld``, such as the site's own pilot number."""
    rules = some_rules(settings=Settings(numbers=NumberSettings(withheld=(pattern,))))
    plan = prank.plan(a_conversation(number="01133334000"), a_request(), rules)
    assert (plan.code, plan.blocked) == (Code.NOT_BLOCKED_WITHHELD, False)
    plan = prank.plan(a_conversation(number="01122224000"), a_request(), rules)
    assert plan.code is Code.BLOCKED


def test_the_number_that_the_caller_dialled_is_withheld() -> None:
    """Contract, section 2a: many a trunk presents the site's own number for a withheld one."""
    call = a_conversation(number="+551133334000", dialled="1133334000")
    assert prank.plan(call, a_request(), some_rules()).code is Code.NOT_BLOCKED_WITHHELD
    call = a_conversation(number="+551133334001", dialled="1133334000")
    assert prank.plan(call, a_request(), some_rules()).code is Code.BLOCKED
