"""A protected number is never blocked, and is freed where it was."""

from __future__ import annotations

import pytest

from fluxcc.actions import block, prank, provisioning
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import EndBlock, EndLeg, EnforceBlock, Remove, Save
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Protected
from tests.builders import (
    NUMBER,
    OTHER,
    SPELLINGS,
    a_block,
    a_conversation,
    a_request,
    an_operators,
    some_rules,
)

ENTRIES = [Protected(NUMBER), Protected(r"\+5511\d+")]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("seen", SPELLINGS)
def test_a_pranks_call_ends_and_nothing_is_blocked(entry: Protected, seen: str) -> None:
    plan = prank.plan(a_conversation(number=seen), a_request(), some_rules(entry))
    assert (plan.code, plan.blocked, plan.number) == (Code.NOT_BLOCKED_PROTECTED, False, NUMBER)
    assert not any(isinstance(effect, EnforceBlock) for effect in plan.effects)
    ended = [effect.leg for effect in plan.effects if isinstance(effect, EndLeg)]
    assert ended == ["customer", "telephone"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_operator_is_refused(entry: Protected) -> None:
    with pytest.raises(RefusedError) as refusal:
        block.plan(an_operators(Action.BLOCK, number=SPELLINGS[2]), some_rules(entry))
    assert (refusal.value.code, refusal.value.number) == (Code.NUMBER_PROTECTED, NUMBER)


@pytest.mark.parametrize("text", [SPELLINGS[2], r"\+5511\d+"])
def test_a_number_that_is_blocked_is_freed_in_every_domain(text: str) -> None:
    rules = some_rules(
        a_block(), a_block("b2", domain="a.example", keys=()), a_block("b3", number=OTHER, keys=())
    )
    plan = provisioning.plan_set(an_operators(Action.SET, entry=Protected(text)), rules)
    save, *freed = plan.effects
    assert save == Save(Protected(NUMBER if text == SPELLINGS[2] else text))
    assert set(freed) == {EndBlock(NUMBER, ""), EndBlock(NUMBER, "a.example")}
    assert (plan.code, plan.freed) == (Code.SAVED, 2)


def test_one_number_has_one_entry_however_it_is_spelt() -> None:
    plan = provisioning.plan_remove(
        an_operators(Action.REMOVE, entry=Protected(SPELLINGS[3])), some_rules(Protected(NUMBER))
    )
    assert plan.effects == (Remove(Protected(NUMBER)),)


def test_what_cannot_be_blocked_needs_no_protection() -> None:
    with pytest.raises(RefusedError) as refusal:
        provisioning.plan_set(an_operators(Action.SET, entry=Protected("0000000")), some_rules())
    assert refusal.value.code is Code.NUMBER_UNUSABLE
