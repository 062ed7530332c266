"""The rule by which the gate and the daemon tell whose number a caller ID is: what FreeSWITCH makes
of such an expression, what it may say of other countries' numbers, and that both read alike."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS

from fluxcc.domain import dialling
from fluxcc.domain.numbers import NumberPlan
from fluxcc.kit import find_kit, names
from fluxcc.lab.simulator.dialplan import Hunt
from fluxcc.lab.simulator.expansion import expand
from fluxcc.pbx.commands import set_variable
from fluxcc.pbx.markup import parse
from tests import numbers

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
PLANS = [
    numbers.plan_named(name) for name in ("BR 11", "BR 55", "BR", "US 212", "IT", "PT", "DE 30")
]
NEVER = "(?!)"


@pytest.mark.parametrize("country", [*COUNTRIES, "ZZ"])
def test_freeswitch_takes_the_rule_of_every_country_as_it_is(country: str) -> None:
    """``global_setvar`` would split it, and an expansion change it, by what is not in it."""
    rule = dialling.rule(country, 2)
    assert set_variable(names.PERSON_VARIABLE, rule).endswith(rule)
    assert "${" not in rule
    assert len(rule) < 6_000


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.country + plan.area_code)
@given(data=st.data())
def test_no_group_catches_nothing(plan: NumberPlan, data: st.DataObject) -> None:
    """An empty one would throw away what those before it caught."""
    expression = re.compile(dialling.in_python(plan.rule))
    plain = data.draw(st.from_regex(r"[+]?[0-9]{1,18}", fullmatch=True))
    found = expression.match(dialling.subject(plain, f"//{plan.area_code}"))
    assert found is None or "" not in found.groups()


# The gate and the daemon


class Gate:
    """The kit's gate, as the simulator's engine walks its conditions."""

    def __init__(self, plan: NumberPlan) -> None:
        self._document = parse((find_kit() / names.GATE_PATH).read_text(encoding="utf-8"))
        self._globals = {"fluxcc_person": plan.rule, "fluxcc_home": plan.area_code}

    def key(self, caller_id: str) -> str:
        """What it looks up in mod_hash; empty where it looks nothing up."""
        asked: list[str] = []
        caught: list[str] = []

        def variable(name: str) -> str:
            if found := re.fullmatch(r"DP_MATCH\[([0-9]+)\]", name):
                return dict(enumerate(caught)).get(int(found[1]), "")
            return self._globals.get(name, "")

        def api(name: str, arguments: str) -> str:
            asked.append(arguments.removeprefix(f"select/{names.BLOCK_REALM}/"))
            return ""

        def keep(groups: list[str]) -> None:
            caught[:] = groups

        hunt = Hunt(
            read_field=lambda name: expand(name, variable, api) if "$" in name else caller_id,
            expand=lambda text: expand(text, variable, api),
            run_inline=lambda action: None,
            matched=keep,
        )
        hunt.through(self._document)
        return asked[0] if asked else ""


GATES = [Gate(plan) for plan in PLANS]
EXAMPLES = [
    phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for country in COUNTRIES
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    if (example := phonenumbers.example_number_for_type(country, kind)) is not None
]
HEADS = ["", "+", "00", "0", "015", "0021", "55", "+55", "5515", "55021", "5555", "90", "9090", "1"]
BRAZILIAN = st.from_regex(r"([1-9][1-9])?([6-9]?[0-9]{8}|[0-9]{9})", fullmatch=True)
PLAIN = st.one_of(
    st.builds(str.__add__, st.sampled_from(HEADS), BRAZILIAN),
    st.builds(str.__add__, st.sampled_from(HEADS), st.from_regex(r"[0-9]{1,16}", fullmatch=True)),
    st.sampled_from(EXAMPLES),
    st.sampled_from([each.text for each in numbers.spellings()]),
)
SEPARATED = st.builds(
    lambda plain, places, sign: "".join(
        f"{sign if place in places else ''}{digit}" for place, digit in enumerate(plain)
    ),
    PLAIN,
    st.sets(st.integers(2, 12), max_size=8),
    st.sampled_from(["-", " ", ".", "/", ") ", " ("]),
)


@given(place=st.integers(0, len(PLANS) - 1), caller_id=st.one_of(PLAIN, SEPARATED, st.text()))
def test_the_gate_looks_up_whom_the_daemon_reads(place: int, caller_id: str) -> None:
    """Whom the daemon takes for blocked the gate refuses, and the other way round."""
    known = PLANS[place].read(caller_id)
    if caller_id == caller_id.strip() and known.key:
        assert GATES[place].key(caller_id) == known.key
    if looked_up := GATES[place].key(caller_id):
        assert known.key in (looked_up, "")


# Other countries

KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number"),
    *("voip", "pager", "uan", "voicemail"),
)
WILD = "x"
"""Stands for any digit in a widened pattern."""


def widened(pattern: str) -> str:
    """A pattern that also matches ``x`` wherever it matches any digit."""
    tokens = re.compile(r"(\{[0-9,]+\})|\[([^]]*)\]|(\\d)|([0-9])")

    def widen(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        return f"[{found[2] or found[4] or '0-9'}{WILD}]"

    return tokens.sub(widen, pattern)


@lru_cache
def abroad(code: int) -> re.Pattern[str]:
    """Every number of the countries with this code."""
    metadata = [
        PhoneMetadata.metadata_for_nongeo_region(code)
        if region == "001"
        else PhoneMetadata.metadata_for_region(region)
        for region in REGIONS[code]
    ]
    described = (getattr(each, kind) for each in metadata for kind in KINDS)
    patterns = {each.national_number_pattern for each in described if each is not None}
    return re.compile("|".join(f"(?:{widened(each)})" for each in patterns - {None}))


def may_be_foreign(beginning: str, length: int) -> bool:
    """Whether a number of another country may begin so and have so many digits."""
    whole = beginning + WILD * (length - len(beginning))
    codes = (int(whole[:digits]) for digits in (1, 2, 3))
    return any(
        code in REGIONS and code != 55 and abroad(code).fullmatch(whole[len(str(code)) :])
        for code in codes
    )


@pytest.mark.parametrize("head", ["+", "00", "0015", "0021", "0031", "0099"])
def test_no_number_of_another_country_is_read_as_a_brazilian_one(head: str) -> None:
    """What stands behind a plus sign or 00 without 55 is Brazilian only where it cannot be
    foreign."""
    carrier = head[2:]
    for area in range(11, 100):
        for first in range(20, 100):
            for length in (10, 11):
                begins = f"{area}{first}"
                if not may_be_foreign(carrier + begins, len(carrier) + length):
                    continue
                # A digit behind the beginning that no pattern fixes makes no difference.
                for filling in ("0", "1", "5", "8"):
                    caller_id = head + begins + filling * (length - 4)
                    assert not PLANS[0].read(caller_id).canonical.startswith("+55")


@pytest.mark.parametrize("number", EXAMPLES)
def test_a_number_of_any_country_keeps_its_country(number: str) -> None:
    for plan in PLANS:
        assert plan.read(number).canonical in (number, plan.read(number.lstrip("+")).canonical)
        assert plan.read(number).canonical == plan.read(f"+{number[1:]}").canonical


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_reads_its_own_numbers(country: str) -> None:
    plan = NumberPlan(country, "", ())
    for number in EXAMPLES:
        if phonenumbers.region_code_for_number(phonenumbers.parse(number)) == country:
            national = plan.read(number)
            assert national.canonical == number
            trunk = phonenumbers.ndd_prefix_for_region(country, True) or ""
            assert plan.key(f"{trunk}{national.key}") == national.key
