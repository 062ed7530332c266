"""One line a log record, whatever a caller put into it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc import logs
from fluxcc.logs import JSON, TALLY, TEXT, JsonLines, KeyValue, set_up

HOSTILE = (
    "x\n2026-11-22T10:15:00-0300 CRITICAL root the daemon was taken over",
    "x\r\nlevel=CRITICAL",
    "\x1b[2J\x1b[31mred",
    'x" level=CRITICAL msg="',
    '","level":"CRITICAL","x":"',
    "\u2028\u202e\x85\x00",
    "lone \udc80 surrogate",
)
"""What a caller may have for a name."""


@pytest.fixture
def _restored() -> Iterator[None]:
    """Logging as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def a_record(message: str = "connected", **facts: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "fluxcc.daemon", "levelname": "INFO", "levelno": 20, "msg": message, **facts}
    )


def document(message: str = "connected", **facts: object) -> dict[str, Any]:
    """A record as it is written in JSON, read again."""
    written = JsonLines().format(a_record(message, **facts))
    assert written.isascii()
    assert written.isprintable()
    read: dict[str, Any] = json.loads(written)
    return read


def line(message: str = "connected", **facts: object) -> str:
    """A record as it is written."""
    return KeyValue().format(a_record(message, **facts))


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
    assert rest[-1] == "| ValueError: broken"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_message_or_exception_is_taken_for_a_record_of_its_own(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError as error:
        written = line(text, exc_info=(ValueError, error, error.__traceback__))
    first, *rest = written.split("\n")
    assert " INFO fluxcc.daemon " in first
    assert all(row.startswith("| ") for row in rest)
    assert all(row.isprintable() for row in (first, *rest))


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("hash insert/fluxcc_block/+5511988887777", "hash insert/fluxcc_block/**********7777"),
        ("no connection to 127.0.0.1:8021", "no connection to 127.0.0.1:8021"),
        ("8745baec-1111-2222-3333-123456789012", "8745baec-1111-2222-3333-123456789012"),
    ],
)
def test_a_number_in_a_sentence_is_masked_too(sentence: str, shown: str) -> None:
    assert document(reason=sentence)["reason"] == shown
    assert document(sentence)["message"] == shown


# JSON


def test_json_says_the_same() -> None:
    told = document(legs=3, at=1.5, reason="", number="+5511988887777")
    assert told.pop("time")
    assert told == {
        "level": "INFO",
        "logger": "fluxcc.daemon",
        "message": "connected",
        "legs": 3,
        "at": 1.5,
        "reason": "",
        "number": "**********7777",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_json_gives_a_callers_text_back_and_nothing_else(text: str) -> None:
    told = document(text, agent=text)
    assert told["agent"] == told["message"] == text
    assert told["level"] == "INFO"


def test_a_fact_does_not_take_the_place_of_a_records_own() -> None:
    assert document(level="CRITICAL")["level"] == "INFO"


def test_json_has_a_traceback_on_the_same_line() -> None:
    try:
        raise ValueError("broken\nin two")
    except ValueError as error:
        told = document(exc_info=(ValueError, error, error.__traceback__))
    assert told["trace"].endswith("ValueError: broken\nin two")


# Set up


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("shape", [TEXT, JSON])
def test_numbers_are_whole_for_whoever_asks_for_debug(shape: str) -> None:
    for level, is_whole in (("INFO", False), ("DEBUG", True)):
        stream = io.StringIO()
        set_up(level, shape, stream)
        logging.getLogger("fluxcc").info("dialled", extra={"number": "+5511988887777"})
        assert ("+5511988887777" in stream.getvalue()) is is_whole


@pytest.mark.usefixtures("_restored")
def test_records_are_counted_by_level() -> None:
    set_up("INFO", TEXT, io.StringIO())
    before = TALLY.records["WARNING"]
    logging.getLogger("fluxcc").warning("twice")
    logging.getLogger("fluxcc").warning("twice")
    logging.getLogger("fluxcc").debug("never")
    assert TALLY.records["WARNING"] == before + 2


# A reader that does not read


def test_a_log_that_nobody_reads_stops_nobody_and_tells_what_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "MOST_WAITING", 100_000)
    reader, writer = os.pipe()
    stream = logs.BackgroundStream(writer)
    line = "x" * 999 + "\n"
    begun = time.monotonic()
    for _ in range(1_000):
        stream.write(line)
    assert time.monotonic() - begun < 5
    read = b""
    while read.count(b"\n") < 100:
        read += os.read(reader, 65536)
    while stream._taken > stream._written:
        read += os.read(reader, 65536)
    stream.write("after\n")
    stream.close()
    os.close(writer)
    while rest := os.read(reader, 65536):
        read += rest
    os.close(reader)
    lines = read.decode().splitlines()
    assert lines[-1] == "after"
    lost = re.fullmatch(r".* lines of the log were lost: nobody read it count=([0-9]+)", lines[-2])
    assert lost is not None
    assert len(lines) - 2 + int(lost[1]) == 1_000


def test_the_last_lines_are_written_at_the_end_but_not_for_ever() -> None:
    reader, writer = os.pipe()
    stream = logs.BackgroundStream(writer)
    stream.write("x" * 200_000)
    begun = time.monotonic()
    stream.close(0.1)
    assert 0.1 <= time.monotonic() - begun < 5
    # The thread ends as soon as somebody reads.
    left = 200_000
    while left:
        left -= len(os.read(reader, 65536))
    stream._thread.join(5)
    assert not stream._thread.is_alive()
    for end in (reader, writer):
        os.close(end)


def test_a_text_that_is_no_utf_8_is_written_all_the_same() -> None:
    reader, writer = os.pipe()
    stream = logs.BackgroundStream(writer)
    stream.write("a\udcff\n")
    stream.close()
    stream.write("here\n")
    os.close(writer)
    assert os.read(reader, 99) == b"a\\udcff\nhere\n"
    os.close(reader)
