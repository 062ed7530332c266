"""What a text shows is what it means."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.shown import number, visible

PLAIN = "5511988887777"
PERSON = "+5511988887777"
DISGUISES = {
    "a zero-width blank inside": "551198888\u200b7777",
    "one between all digits": "\u200b".join(PLAIN),
    "marks of direction around": "\u202a5511988887777\u202c",
    "an override": "\u202d5511988887777\u202c",
    "isolates": "\u20685511988887777\u2069",
    "a byte order mark": "\ufeff5511988887777",
    "soft hyphens": "55\u00ad11\u00ad988887777",
    "a word joiner": "55119\u206088887777",
    "a Hangul filler": "5511988887777\u3164",
    "a variation selector": "5511988887777\ufe0f",
    "a tag": "5511988887777\U000e0031",
    "a grapheme joiner": "551198888\u034f7777",
    "full-width digits": "".join(chr(ord(each) + 0xFEE0) for each in PLAIN),
    "Arabic-Indic digits": "".join(chr(ord(each) - 48 + 0x660) for each in PLAIN),
    "Devanagari digits": "".join(chr(ord(each) - 48 + 0x966) for each in PLAIN),
    "mathematical digits": "".join(chr(ord(each) - 48 + 0x1D7CE) for each in PLAIN),
    "superscript digits": "⁵⁵¹¹⁹⁸⁸⁸⁸⁷⁷⁷⁷",
    "a stroke through a digit": "551198888\u03367777",
    "a full-width plus sign": "\uff0b5511988887777",
    "other blanks and hyphens": "55\u00a011\u202f98888\u20117777",
    "a minus sign": "55 11 98888\u22127777",
    "a tabulator": "55 11\t98888-7777",
}
PLAN = NumberPlan("BR", "11", ())


@pytest.mark.parametrize("text", DISGUISES.values(), ids=list(DISGUISES))
def test_a_number_is_read_as_what_it_shows(text: str) -> None:
    assert PLAN.read(text).canonical == PERSON
    assert PLAN.key(text) == PLAN.key(PLAIN)
    assert all(each.isprintable() for each in (PLAN.read(text).seen, number(text)))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_unseen_is_left(text: str) -> None:
    for shown in (number(text), visible(text)):
        assert not any(_is_unseen(letter) for letter in shown)
        assert not any(unicodedata.category(letter) == "Cc" for letter in shown)
    assert number(number(text)) == number(text)
    assert visible(visible(text)) == visible(text)


def test_every_mark_of_direction_and_every_digit_is_known() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.bidirectional(letter) in _BIDI or "ZERO WIDTH" in unicodedata.name(
            letter, ""
        ):
            assert visible(letter) == number(letter) == ""
        if unicodedata.category(letter) == "Nd":
            assert number(letter) == str(unicodedata.decimal(letter))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    assert number(text) == visible(text) == text


def test_a_text_keeps_its_letters() -> None:
    assert visible("José\u202e \u200b日本\r\n☎") == "José 日本 ☎"


_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _is_unseen(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _BIDI or letter in "\u200b\u200e\u200f\u2060\ufeff"
