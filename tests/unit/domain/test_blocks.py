"""A block's name stands for the number where that is shown to nobody."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.blocks import is_name, without_number
from tests.builders import NUMBER, SAO_PAULO, SPELLINGS, a_block

IDS = st.text(string.digits + "abcdef", min_size=32, max_size=32)


@given(IDS.filter(lambda text: not text.isdigit()))
def test_a_name_is_the_beginning_of_the_id_that_no_number_can_be(id: str) -> None:
    name = a_block(id).name
    assert id.startswith(name)
    assert is_name(name)
    assert not SAO_PAULO.read(name).is_usable


def test_it_is_as_short_as_it_can_be() -> None:
    assert a_block("3f9a1c2e5b7d").name == "3f9a1c2e"
    assert a_block("1234567890ab").name == "1234567890a"


@pytest.mark.parametrize("text", [*SPELLINGS, "", "abc", "anonymous!", "1234567890123456"])
def test_a_number_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_without_its_number_a_private_block_has_no_digits_of_it() -> None:
    private = without_number(a_block(is_private=True))
    assert (private.number, private.keys) == ("withheld", ())
    assert without_number(a_block()).number == NUMBER
