"""Who is internal, and so never blocked."""

from __future__ import annotations

import pytest

from fluxcc.config import BlockSettings, NumberSettings, Settings
from fluxcc.doctor import numbers

from .builders import FakeInquiry, codes, installation


def with_internal(pattern: str, country: str = "BR") -> Settings:
    return Settings(
        numbers=NumberSettings(country=country), blocks=BlockSettings(internal=(pattern,))
    )


@pytest.mark.parametrize(
    ("pattern", "expected"), [(r"^\d{4}$", []), (r"^\d+$", ["outside-internal"])]
)
@pytest.mark.parametrize("country", ["BR", "US", "DE"])
def test_a_pattern_by_which_no_mobile_number_is_blocked(
    country: str, pattern: str, expected: list[str]
) -> None:
    whole = installation(settings=with_internal(pattern, country))
    assert codes(numbers.check_outside(whole)) == expected


def test_a_country_without_an_example_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonenumbers.example_number_for_type", lambda _country, _kind: None)
    assert codes(numbers.check_outside(installation(settings=with_internal(r"^\d+$")))) == []


def test_every_user_is_internal() -> None:
    # A name is no number that a caller could present.
    inquiry = FakeInquiry(users=["1000", "1001", "reception"])
    assert (
        codes(numbers.check_users(installation(inquiry, settings=with_internal(r"^1\d{3}$")))) == []
    )


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "2000"),
        (numbers.MOST_SHOWN, "2000, 2001, 2002, 2003, 2004"),
        (numbers.MOST_SHOWN + 1, "2000, 2001, 2002, 2003, 2004, …"),
    ],
)
def test_users_who_could_be_blocked_are_counted_and_named(count: int, named: str) -> None:
    inquiry = FakeInquiry(users=["1000", *(str(2000 + each) for each in range(count))])
    (finding,) = numbers.check_users(installation(inquiry, settings=with_internal(r"^1\d{3}$")))
    assert finding.code == "user-not-internal"
    assert finding.facts == {"count": count, "users": named}
