"""``block`` and ``unblock``: an operator refuses or frees a number without a call."""

from __future__ import annotations

import pytest

from fluxcc.actions import PLANS_ON_CALLS, PLANS_WITHOUT_CALL, block, unblock
from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EndBlock, EnforceBlock
from fluxcc.domain.errors import RefusedError
from tests.builders import NUMBER, SPELLINGS, a_block, an_operators, some_rules
from tests.fakes import NOW


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_block_is_of_the_number_in_whatever_spelling(spelling: str) -> None:
    plan = block.plan(an_operators(Action.BLOCK, number=spelling), some_rules())
    (effect,) = plan.effects
    assert isinstance(effect, EnforceBlock)
    assert (effect.block.number, effect.block.until) == (NUMBER, int(NOW) + 1800)
    assert (plan.code, plan.number, plan.blocked) == (Code.BLOCKED, NUMBER, True)
    assert plan.confirmation is None


def test_a_block_holds_as_long_as_the_operator_says() -> None:
    plan = block.plan(an_operators(Action.BLOCK, number=NUMBER, duration=90), some_rules())
    assert plan.expires == int(NOW) + 90


def test_blocking_again_renews() -> None:
    rules = some_rules(a_block())
    assert block.plan(an_operators(Action.BLOCK, number="988887777"), rules).code is Code.RENEWED


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1000", Code.NUMBER_INTERNAL),
        (" 1000 ", Code.NUMBER_INTERNAL),
        ("anonymous", Code.NUMBER_UNUSABLE),
        ("+", Code.NUMBER_UNUSABLE),
        ("9" * 40, Code.NUMBER_UNUSABLE),
    ],
)
def test_what_cannot_be_blocked_is_refused(number: str, code: Code) -> None:
    with pytest.raises(RefusedError) as refusal:
        block.plan(an_operators(Action.BLOCK, number=number), some_rules())
    assert refusal.value.code is code


@pytest.mark.parametrize("spelling", [*SPELLINGS, "+55 11 98888-7777", "02111988887777"])
def test_a_number_is_freed_in_whatever_spelling(spelling: str) -> None:
    rules = some_rules(a_block())
    plan = unblock.plan(an_operators(Action.UNBLOCK, number=spelling), rules)
    (effect,) = plan.effects
    assert effect == EndBlock(NUMBER, "")
    assert (plan.code, plan.number, plan.blocked) == (Code.RELEASED, NUMBER, False)


@pytest.mark.parametrize("number", [NUMBER, "anonymous", "", "1000"])
def test_what_is_not_blocked_cannot_be_freed(number: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        unblock.plan(an_operators(Action.UNBLOCK, number=number), some_rules())
    assert refusal.value.code is Code.NOT_BLOCKED


def test_every_action_is_planned_in_exactly_one_place() -> None:
    assert set(PLANS_ON_CALLS) | set(PLANS_WITHOUT_CALL) == set(Action)
    assert set(PLANS_ON_CALLS) == set(ON_CALLS)
    assert not set(PLANS_ON_CALLS) & set(PLANS_WITHOUT_CALL)
