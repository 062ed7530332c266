"""The daemon reads each spelling of the table as its person, and no stranger as one of them."""

from __future__ import annotations

import pytest

from tests import numbers

PERSONS = {(each.plan, each.person) for each in numbers.spellings()}


def test_the_table_is_as_large_as_it_must_be() -> None:
    assert len(numbers.spellings()) >= 150
    assert len(PERSONS) >= 30
    assert len(numbers.strangers()) >= 60
    assert {each.kind for each in numbers.spellings()} == set(numbers.sources())


@pytest.mark.parametrize("each", numbers.spellings(), ids=lambda each: f"{each.plan}:{each.text}")
def test_a_spelling_is_read_as_its_person(each: numbers.Spelling) -> None:
    plan = numbers.plan_named(each.plan)
    assert plan.read(each.text).canonical == each.person
    assert plan.read(each.person).key == plan.read(each.text).key


@pytest.mark.parametrize("each", numbers.strangers(), ids=lambda each: f"{each.plan}:{each.caller}")
def test_a_stranger_is_none_of_them(each: numbers.Stranger) -> None:
    plan = numbers.plan_named(each.plan)
    persons = [person for name, person in PERSONS if name == each.plan]
    held = {key for person in persons for key in plan.read(person).spellings}
    assert plan.key(each.caller) not in held
