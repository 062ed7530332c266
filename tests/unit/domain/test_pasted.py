"""A pasted number is read as what it shows; what cannot be read says why (contract, section 2a)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain import pasted


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("\u202a+55 11 98888-7777\u202c", "+5511988887777"),
        ("\u2066(11) 98888\u20117777\u2069", "11988887777"),
        ("+55\u00a011\u00a098888\u20137777", "+5511988887777"),
        ("11\u202f98888\u22127777", "11988887777"),
        ("11/98888.7777", "11988887777"),
        ("(0xx11) 98888-7777", "011988887777"),
        ("(0XX11)98888-7777", "011988887777"),
        ("0xx11 98888-7777", "011988887777"),
        ("0 (xx11) 98888-7777".replace("0 (", "(0"), "011988887777"),
        ("tel:+55-11-98888-7777", "+5511988887777"),
        ("tel:988887777;phone-context=+5511", "988887777"),
        ("sip:+5511988887777@trunk.example:5060;user=phone", "+5511988887777"),
        ("<sip:11988887777@10.0.0.1>", "11988887777"),
        ('"Maria" <sip:%2B5511988887777@10.0.0.1>;tag=x', "+5511988887777"),
        (
            "\uff0b\uff15\uff15\u3000\uff11\uff11\u3000\uff19\uff18\uff18\uff18\uff18\uff0d\uff17\uff17\uff17\uff17",
            "+5511988887777",
        ),
        ("\u0661\u0661\u0669\u0668\u0668\u0668\u0668\u0667\u0667\u0667\u0667", "11988887777"),
        ("11\u200b98888\u00ad7777\ufeff", "11988887777"),
        (" \t11988887777\n", "11988887777"),
        ("190", "190"),
    ],
)
def test_it_is_read_as_what_it_shows(text: str, number: str) -> None:
    assert pasted.read(text) == pasted.Pasted(number)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "nothing"),
        ("()", "nothing"),
        ("anonymous", "letters"),
        ("11988887777 ou 21988887777", "letters"),
        ("+5511988887777 +5521988887777", "two numbers"),
        ("11988887777;11988887778", "no digit"),
        ("*28", "no digit"),
    ],
)
def test_what_cannot_be_read_says_why_and_stays_as_it_is(text: str, word: str) -> None:
    read = pasted.read(text)
    assert word in read.fault
    assert read.number == text.strip()


@given(text=st.text())
def test_any_text_can_be_read_twice_with_the_same_result(text: str) -> None:
    read = pasted.read(text)
    if not read.fault:
        assert pasted.read(read.number) == read
