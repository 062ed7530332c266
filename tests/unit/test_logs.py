"""One line a log record, whatever a caller put into it."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc import logs
from fluxcc.logs import JSON, TALLY, TEXT, JsonLines, KeyValue, PatientHandler, set_up

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


# A reader who does not read


@pytest.fixture
def unread() -> Iterator[tuple[PatientHandler, int]]:
    """A handler on a pipe, and the end to read it from."""
    reader, writer = os.pipe()
    handler = PatientHandler(writer)
    handler.setFormatter(KeyValue())
    os.set_blocking(reader, False)
    yield handler, reader
    os.close(writer)
    os.close(reader)


def read_all(reader: int) -> str:
    """What is in the pipe."""
    data = b""
    try:
        while chunk := os.read(reader, 65536):
            data += chunk
    except BlockingIOError:
        pass
    return data.decode()


def test_a_log_that_is_read_is_written_at_once(unread: tuple[PatientHandler, int]) -> None:
    handler, reader = unread
    handler.emit(a_record("y" * 20_000))
    assert read_all(reader).count("y") == 20_000


def test_nobody_waits_for_a_reader_who_pauses(unread: tuple[PatientHandler, int]) -> None:
    """journald that is stopped, a terminal after Ctrl-S: every line is there afterwards, in
    order."""
    handler, reader = unread
    for number in range(1_000):
        handler.emit(a_record(f"line {number} {'x' * 200}"))
    first = read_all(reader)
    assert 0 < first.count("\n") < 1_000
    handler.emit(a_record("the last one"))
    lines = (first + read_all(reader) + drained(handler, reader)).splitlines()
    assert [line.split(" line ")[1].split()[0] for line in lines[:-1]] == [
        str(number) for number in range(1_000)
    ]
    assert "the last one" in lines[-1]


def drained(handler: PatientHandler, reader: int) -> str:
    """What comes once the reader goes on."""
    found = ""
    while handler._held:
        handler._write(0.0)
        found += read_all(reader)
    return found


def test_lines_beyond_the_limit_are_lost_and_counted(
    unread: tuple[PatientHandler, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_HELD", 10_000)
    handler, reader = unread
    for number in range(1_000):
        handler.emit(a_record(f"line {number} {'x' * 200}"))
    text = read_all(reader) + drained(handler, reader)
    handler.emit(a_record("after it"))
    *_, notice, last = (text + read_all(reader)).splitlines()
    lost = 1_000 - text.count(" line ")
    assert lost > 100
    assert "WARNING fluxcc.logs nobody read the log, and lines of it are lost" in notice
    assert f"lines={lost}" in notice
    assert "after it" in last


def test_a_reader_who_has_gone_costs_nothing() -> None:
    reader, writer = os.pipe()
    handler = PatientHandler(writer)
    os.close(reader)
    for _ in range(10):
        handler.emit(a_record())
    assert not handler._held
    os.close(writer)


@pytest.mark.usefixtures("_restored")
def test_a_reload_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its reader is written by the handler that follows."""
    reader, writer = os.pipe()
    stderr = os.fdopen(writer, "w")
    monkeypatch.setattr("sys.stderr", stderr)
    set_up()
    for number in range(1_000):
        logging.warning("line %s %s", number, "x" * 200)
    set_up("INFO", JSON)
    os.set_blocking(reader, False)
    text = read_all(reader)
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, PatientHandler)
    assert (text + drained(handler, reader)).count("line ") == 1_000
    stderr.close()
    os.close(reader)
