"""A person is the same in every spelling, and nobody else."""

from __future__ import annotations

from hashlib import blake2s

import pytest

from fluxcc.config import NumberSettings
from fluxcc.domain.persons import RULES, AsSeen, Persons, name_reading
from tests.builders import NUMBER, OTHER, SAO_PAULO, SPELLINGS

PERSONS = Persons(SAO_PAULO, "reading")
PROBES = (
    *SPELLINGS,
    "(11) 98888-7777",
    "00 55 11 98888-7777",
    "011988887777",
    "2345-6789",
    "40041234",
    "08001234567",
    "+14155550123",
    "00390612345678",
    "1234",
    "anonymous",
)
READ = "b30819d0"
"""What the probes are read as. Where this test fails, numbers are read otherwise than before: raise
``RULES``, so that old records are read again, and write down the new value."""


@pytest.mark.parametrize("asked", SPELLINGS)
@pytest.mark.parametrize("seen", [*SPELLINGS, "(11) 98888-77 77", " 11-98888-7777"])
def test_every_spelling_is_theirs(asked: str, seen: str) -> None:
    assert PERSONS.find(asked).has(seen)


@pytest.mark.parametrize(
    "seen", ["", OTHER, "21988887777", "988887778", "1188887777x", "anonymous"]
)
def test_nobody_elses_number_is_theirs(seen: str) -> None:
    assert not PERSONS.find(NUMBER).has(seen)


@pytest.mark.parametrize("spelling", [*SPELLINGS, "(11) 98888-77 77", "+55 (11) 98888.7777"])
def test_a_text_loses_the_number_and_nothing_else(spelling: str) -> None:
    text = f'{{"who": "{spelling}"}} called 2 times, once for {OTHER}, then {spelling} 30'
    without = PERSONS.find(NUMBER).erase_from(text)
    assert without == f'{{"who": "***"}} called 2 times, once for {OTHER}, then *** 30'


def test_numbers_without_anything_between_them_but_a_blank_are_told_apart() -> None:
    text = f"{OTHER} {SPELLINGS[1]} 12345678 {SPELLINGS[4]}/30"
    assert PERSONS.find(NUMBER).erase_from(text) == f"{OTHER} *** 12345678 ***/30"


@pytest.mark.parametrize("text", ["", "7777", "says 8888-7776", f"{OTHER}", "handed-over:1001"])
def test_a_text_without_the_number_stays(text: str) -> None:
    assert PERSONS.find(NUMBER).erase_from(text) == text


def test_a_name_in_place_of_a_number_goes_as_a_whole_word() -> None:
    erased = PERSONS.find("maria.s").erase_from("for maria.s, not maria.silva or mariaxs")
    assert erased == "for ***, not maria.silva or mariaxs"


def test_what_is_no_number_is_only_itself() -> None:
    person = PERSONS.find("unknown")
    assert (person.has("unknown"), person.has(""), person.has(NUMBER)) == (True, False, False)


def test_without_a_plan_each_number_is_its_own() -> None:
    person = AsSeen().find(NUMBER)
    assert (person.has(NUMBER), person.has(SPELLINGS[1])) == (True, False)


def test_a_reading_is_named_by_what_numbers_are_read_with() -> None:
    here, there = NumberSettings(area_code="11"), NumberSettings(area_code="21")
    assert name_reading(here) == name_reading(NumberSettings(area_code="11"))
    assert name_reading(here) != name_reading(there)


def test_rules_change_with_what_they_read() -> None:
    read = "\n".join(PERSONS.canonical(probe) for probe in PROBES)
    assert (RULES, blake2s(read.encode(), digest_size=4).hexdigest()) == (1, READ)
