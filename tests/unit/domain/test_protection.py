"""Entries of numbers that nobody can block: numbers in any spelling, or expressions."""

from __future__ import annotations

import pytest

from fluxcc.domain.protection import LONGEST, fault, is_number, is_protected
from fluxcc.domain.provisioning import Protected, faults
from tests.builders import NUMBER, OTHER, SAO_PAULO, SPELLINGS


@pytest.mark.parametrize("text", [*SPELLINGS, "(11) 98888-7777", r"\+5511.*", r"\+5511\d{9}"])
def test_a_number_is_protected_in_any_spelling_and_by_an_expression(text: str) -> None:
    assert is_protected(NUMBER, (text,), SAO_PAULO)
    assert not is_protected(OTHER, (text,), SAO_PAULO)


def test_an_expression_has_to_match_the_whole_number() -> None:
    assert not is_protected(NUMBER, (r"\+5511", "8888"), SAO_PAULO)


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
