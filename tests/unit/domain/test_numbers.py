"""Which person a caller ID stands for, and under which keys a block must be known
(contract, section 2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.domain.numbers import Number, NumberPlan
from tests.builders import NO_HOME, NUMBER, SANTA_MARIA, SAO_PAULO, SPELLINGS

GATE = re.compile(r"^\+?[0-9]{3,20}$")
"""The expression of the kit's gate: what does not match it never reaches an expansion."""
PLANS = st.sampled_from([SAO_PAULO, NO_HOME, SANTA_MARIA])


def keys(number: Number) -> set[str]:
    return set(number.spellings)


# The example in contract, section 2


@pytest.mark.parametrize("seen", SPELLINGS)
def test_every_spelling_of_the_contracts_example_is_one_number_with_the_same_keys(
    seen: str,
) -> None:
    number = SAO_PAULO.read(seen)
    assert number.canonical == NUMBER
    assert keys(number) == set(SPELLINGS)


@pytest.mark.parametrize(
    "seen",
    [
        "01511988887777",
        "02111988887777",
        "04111988887777",
        "005511988887777",
        "+55 11 98888-7777",
        "(11) 98888.7777",
        " 11988887777 ",
    ],
)
def test_a_carrier_code_an_international_prefix_and_punctuation_change_nobody(seen: str) -> None:
    assert SAO_PAULO.read(seen).canonical == NUMBER


def test_the_spelling_that_was_seen_is_a_key_too() -> None:
    assert keys(SAO_PAULO.read("02111988887777")) == {*SPELLINGS, "02111988887777"}


def test_the_canonical_number_is_the_first_key() -> None:
    assert SAO_PAULO.read("988887777").spellings[0] == NUMBER


# The area code at home


def test_without_an_area_code_at_home_there_is_no_local_spelling() -> None:
    assert keys(NO_HOME.read(NUMBER)) == set(SPELLINGS) - {"988887777"}


def test_a_number_of_another_area_has_no_local_spelling() -> None:
    assert keys(SAO_PAULO.read("+5521988887777")) == {
        "+5521988887777",
        "5521988887777",
        "21988887777",
        "021988887777",
    }


def test_without_an_area_code_at_home_a_local_number_is_blocked_as_seen_only() -> None:
    number = NO_HOME.read("988887777")
    assert (number.canonical, number.spellings) == ("988887777", ("988887777",))


def test_a_local_landline_has_eight_digits() -> None:
    assert SAO_PAULO.read("33334444").canonical == "+551133334444"
    assert "33334444" in SAO_PAULO.read("+551133334444").spellings


# 55 is a country and an area


@pytest.mark.parametrize(
    ("seen", "canonical"),
    [
        ("5511988887777", "+5511988887777"),
        ("55988887777", "+5555988887777"),
        ("5555988887777", "+5555988887777"),
        ("5533334444", "+555533334444"),
        ("555533334444", "+555533334444"),
        ("551133334444", "+551133334444"),
    ],
)
def test_whether_55_is_brazil_or_santa_maria_is_told_by_the_length(
    seen: str, canonical: str
) -> None:
    for plan in (SAO_PAULO, NO_HOME, SANTA_MARIA):
        assert plan.read(seen).canonical == canonical


def test_santa_maria_at_home() -> None:
    assert keys(SANTA_MARIA.read("988887777")) == {
        "+5555988887777",
        "5555988887777",
        "55988887777",
        "055988887777",
        "988887777",
    }


# Withheld, odd, short


@pytest.mark.parametrize(
    "seen",
    [
        "",
        " ",
        "+",
        "0",
        "00",
        "anonymous",
        "Anonymous",
        "ANONYMOUS",
        "Restricted",
        "unknown",
        "private",
        "unavailable",
        "joão",
        "abc",
        "12",
        "+1",
        "1" * 21,
        "1" * 5000,
        "+55+11",
        "11988887777;x",
        "${uuid}",
        "1198888\n7777x",
        "%0a",
        "000",
        "00000000",
        "0000000000",
        "+0000000",
    ],
)
def test_a_caller_id_that_tells_nobody_apart_cannot_be_blocked(seen: str) -> None:
    """It would block every such caller (contract, section 1)."""
    number = SAO_PAULO.read(seen)
    assert not number.is_usable
    assert number.spellings == ()


@pytest.mark.parametrize("seen", ["190", "1998", "12345", "8888777", "988887"])
def test_a_number_shorter_than_a_valid_one_is_only_ever_blocked_as_seen(seen: str) -> None:
    assert SAO_PAULO.read(seen).spellings == (seen,)


@pytest.mark.parametrize("extension", ["10", "1000", "123456"])
def test_an_extension_is_internal(extension: str) -> None:
    assert SAO_PAULO.is_internal(extension)


@pytest.mark.parametrize("number", ["1", "1234567", "+1000", "1000x", "", NUMBER, "1000\n"])
def test_nothing_else_is_internal(number: str) -> None:
    """Fails for "$" that lets a line end through: the expression must match the whole of it."""
    assert not SAO_PAULO.is_internal(number)


# Rules for all inputs

digits = st.text("0123456789", min_size=1, max_size=16)
caller_ids = st.one_of(
    st.text(),
    digits,
    digits.map(lambda number: f"+{number}"),
    st.builds(
        lambda tail: f"+5511{tail}", st.from_regex(r"9[0-9]{8}|[2-5][0-9]{7}", fullmatch=True)
    ),
    st.builds(
        lambda head, tail: head + tail,
        st.sampled_from(["", "0", "00", "015", "021", "55", "+55", "0055"]),
        st.from_regex(r"[1-9][1-9](9[0-9]{8}|[2-5][0-9]{7})", fullmatch=True),
    ),
    st.from_regex(r"(4004|3003|0800)[0-9]{4,7}", fullmatch=True),
)


@given(plan=PLANS, seen=caller_ids)
def test_any_text_can_be_read_and_every_key_passes_the_gates_expression(
    plan: NumberPlan, seen: str
) -> None:
    number = plan.read(seen)
    assert all(GATE.fullmatch(key) for key in number.spellings)
    assert len(keys(number)) == len(number.spellings)


@given(plan=PLANS, seen=caller_ids)
def test_a_usable_number_can_be_met_again_as_it_was_seen(plan: NumberPlan, seen: str) -> None:
    number = plan.read(seen)
    if number.is_usable:
        assert number.seen in number.spellings
        assert number.canonical in number.spellings


@given(plan=PLANS, seen=caller_ids)
def test_no_key_of_a_block_is_another_persons_number(plan: NumberPlan, seen: str) -> None:
    """A key either reads as the same number or, foreign ones without their plus sign, as none."""
    number = plan.read(seen)
    for key in number.spellings:
        assert plan.read(key).canonical in (number.canonical, key)


@given(seen=caller_ids)
def test_reading_a_canonical_number_changes_nothing(seen: str) -> None:
    number = SAO_PAULO.read(seen)
    assert SAO_PAULO.read(number.canonical).canonical == number.canonical


@settings(max_examples=30)
@given(
    area=st.sampled_from(["11", "21", "55", "92"]),
    line=st.from_regex(r"9[6-9][0-9]{7}", fullmatch=True),
    carrier=st.sampled_from(["15", "21", "31", "41"]),
)
def test_every_presentation_of_a_mobile_number_meets_the_same_block(
    area: str, line: str, carrier: str
) -> None:
    canonical = f"+55{area}{line}"
    for prefix in ("+55", "55", "", "0", f"0{carrier}", "0055"):
        assert SAO_PAULO.read(f"{prefix}{area}{line}").canonical == canonical


@given(seen=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), tail=digits)
def test_a_block_is_never_a_prefix(seen: str, tail: str) -> None:
    """11 blocks nobody in São Paulo."""
    number, longer = SAO_PAULO.read(seen), SAO_PAULO.read(seen + tail)
    if number.canonical != longer.canonical:
        assert longer.canonical not in number.spellings


def test_a_short_number_of_a_local_service_is_no_key_of_a_subscribers_block() -> None:
    """+55 11 4004-1234 is written 4004-1234 nowhere: that is a company's number."""
    assert "40041234" not in SAO_PAULO.read("+551140041234").spellings
    assert "5540041234" not in SAO_PAULO.read("40041234").spellings


def test_a_country_that_does_not_exist_breaks_nothing() -> None:
    assert NumberPlan("ZZ", "11", ()).read(NUMBER).canonical == NUMBER
    assert NumberPlan("ZZ", "11", ()).read("11988887777").spellings == ("11988887777",)
