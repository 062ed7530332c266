"""Entries of numbers that nobody can block: numbers in any spelling, or expressions."""

from __future__ import annotations

import pytest

from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.protection import LONGEST, Protections, fault, is_number
from fluxcc.domain.provisioning import Protected, faults
from tests.builders import NUMBER, OTHER, SAO_PAULO, SPELLINGS


@pytest.mark.parametrize("text", [*SPELLINGS, "(11) 98888-7777", r"\+5511.*", r"\+5511\d{9}"])
def test_a_number_is_protected_in_any_spelling_and_by_an_expression(text: str) -> None:
    assert Protections((text,), SAO_PAULO).has(NUMBER)
    assert not Protections((text,), SAO_PAULO).has(OTHER)


def test_what_was_read_already_is_not_read_again() -> None:
    """By the same number plan: `Core` makes new ones when that changes."""
    earlier = Protections(("98888-7777", r"\+5511.*"), SAO_PAULO)
    later = Protections(("98888-7777", "97777-6666"), NumberPlan("BR", "21", ()), earlier)
    assert later.has(NUMBER)
    assert later.has("+5521977776666")
    assert not later.has("+5511977776666")


def test_an_expression_has_to_match_the_whole_number() -> None:
    assert not Protections((r"\+5511", "8888"), SAO_PAULO).has(NUMBER)


@pytest.mark.parametrize("text", ["", " ", r"\+55(", "[", "a\nb", "9" * (LONGEST + 1)])
def test_what_is_neither_is_a_fault(text: str) -> None:
    assert fault(text)
    assert faults(Protected(text))


def test_only_digits_and_signs_are_a_number() -> None:
    assert is_number("0800 123")
    assert is_number("+55")
    assert not is_number("5511.*")
    assert not is_number("")


def test_a_comment_is_one_line_and_a_protected_number_has_no_domain() -> None:
    assert not faults(Protected(NUMBER, "the hospital"))
    assert faults(Protected(NUMBER, "two\nlines"))
    assert faults(Protected(NUMBER, "x" * 201))
    assert faults(Protected(NUMBER, domain="a.example"))
