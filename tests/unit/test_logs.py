"""One line a log record, whatever a caller put into it."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.logs import KeyValue


def line(message: str = "connected", **facts: object) -> str:
    """A record as it is written."""
    record = logging.makeLogRecord(
        {"name": "fluxcc.daemon", "levelname": "INFO", "levelno": 20, "msg": message, **facts}
    )
    return KeyValue().format(record)


def test_a_line_says_what_happened_and_its_facts() -> None:
    assert line(legs=3, reason="").endswith(" INFO fluxcc.daemon connected legs=3 reason=''")


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("number", "+5511988887777", "**********7777"),
        ("caller_id", "988887777", "*****7777"),
        ("number", "1000", "1000"),
        ("leg", "8745baec", "8745baec"),
    ],
)
def test_telephone_numbers_show_their_last_four_digits_only(
    key: str, value: str, shown: str
) -> None:
    assert line(**{key: value}).endswith(f"{key}={shown}")


@pytest.mark.parametrize(
    "value", ["a b", "a=b", 'a"b', "a'b", "a\\b", "a\nb", "\x1b[31m", "\u2028"]
)
def test_what_could_be_taken_for_another_fact_is_quoted(value: str) -> None:
    assert line(reason=value).endswith(f"reason={value!a}")


@given(st.text(), st.sampled_from(["reason", "number", "error"]))
def test_no_value_ends_the_line_or_moves_a_terminals_cursor(value: str, key: str) -> None:
    written = line(**{key: value})
    assert len(written.splitlines()) == 1
    assert written.isprintable()


def test_a_traceback_follows_on_lines_of_its_own() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        written = line(exc_info=(ValueError, error, error.__traceback__), request="r-1")
    first, *rest = written.splitlines()
    assert first.endswith("connected request=r-1")
    assert rest[-1] == "ValueError: broken"
