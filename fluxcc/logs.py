"""One line a log record: what happened, then its facts, as ``key=value`` or as a JSON object.

Every text is escaped, because a caller may have chosen it: it can neither end the line nor move a
terminal's cursor. Telephone numbers are masked except for their last four digits, unless the level
is DEBUG. The keys are listed in ``docs/watching.md``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import select
import sys
import time
from collections import Counter
from types import TracebackType
from typing import Any, TextIO

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

TIME = "%Y-%m-%dT%H:%M:%S%z"
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NUMBERS = frozenset({"number", "caller_id"})
_SENTENCES = frozenset({"error", "reason", "problem"})
"""Facts that are sentences and may contain a number, which is masked. A UUID has digits too, but
always beside letters or dashes."""
_NUMBER_IN_A_SENTENCE = re.compile(r"(?<![\w-])\+?\d{8,}(?![\w-])", re.ASCII)
_SHOWN_DIGITS = 4
TRACE_MARK = "| "
"""Stands before each line of a traceback, so that no exception's text looks like a record."""


class KeyValue(logging.Formatter):
    """``2026-11-22T10:15:00-0300 INFO fluxcc.daemon connected legs=3``"""

    def __init__(self, *, is_masking: bool = True) -> None:
        super().__init__(datefmt=TIME)
        self._is_masking = is_masking

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; a traceback follows on lines of its own, each marked."""
        facts, trace = _facts(record, self._is_masking), _trace(record, self._is_masking)
        words = [f"{key}={_quote(value)}" for key, value in facts.items()]
        when = self.formatTime(record, TIME)
        message = _printable(_message(record, self._is_masking))
        line = " ".join([when, record.levelname, record.name, message, *words])
        return "\n".join([line, *(f"{TRACE_MARK}{_printable(row)}" for row in trace.splitlines())])


class JsonLines(logging.Formatter):
    """``{"time": …, "level": "INFO", "logger": "fluxcc.daemon", "message": "connected", …}``"""

    def __init__(self, *, is_masking: bool = True) -> None:
        super().__init__(datefmt=TIME)
        self._is_masking = is_masking

    def format(self, record: logging.LogRecord) -> str:
        """The record as one object on one line, in ASCII; a traceback is its ``trace``."""
        document: dict[str, Any] = {
            "time": self.formatTime(record, TIME),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record, self._is_masking),
        }
        for key, value in vars(record).items():
            if key not in _OWN:
                is_plain = isinstance(value, int | float) and key not in _NUMBERS
                shown = value if is_plain else _text(key, value, self._is_masking)
                # A fact named like one of the record's own keys does not replace that key.
                document[f"{key}_" if key in document else key] = shown
        trace = _trace(record, self._is_masking)
        if trace:
            document["trace"] = trace
        # ASCII only: U+2028 ends a line for some readers, and U+202E reverses it.
        return json.dumps(document)


class Tally(logging.Handler):
    """Counts records by level, for the metrics (``watching.collector``)."""

    def __init__(self) -> None:
        super().__init__()
        self.records: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a record."""
        self.records[record.levelname] += 1


MOST_HELD = 1024 * 1024
"""Bytes that are kept for a reader who does not read; the lines beyond are lost, and counted."""
LAST_WAIT = 1.0
"""Seconds for which the reader is waited for when the program ends."""


class PatientHandler(logging.Handler):
    """Writes to a pipe, a socket or a terminal and never waits for its reader: where journald or
    another reader is stopped, the daemon goes on.

    What is not taken is kept and written before the next record. Where that is too much, the lines
    beyond are lost; a record tells how many as soon as the rest is written.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._held = bytearray()
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or keep it."""
        self._write(0.0)
        if self._lost and not self._held:
            lost, self._lost = self._lost, 0
            self._keep(_notice("nobody read the log, and lines of it are lost", lines=lost))
        self._keep(record)
        self._write(0.0)

    def flush(self) -> None:
        """Write what is kept; called when the program ends."""
        self._write(LAST_WAIT)

    def take_over(self, other: PatientHandler) -> None:
        """Write what the other one kept."""
        self._held, self._lost = other._held, other._lost

    def _keep(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        if len(self._held) + len(line) > MOST_HELD:
            self._lost += 1
        else:
            self._held += line

    def _write(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self._held:
            left = max(0.0, deadline - time.monotonic())
            if not self._poll.poll(left * 1000):
                return
            try:
                # A pipe that is ready takes so much without waiting, and a socket more.
                size = os.write(self._descriptor, self._held[: select.PIPE_BUF])
            except OSError:
                # Nobody will ever read it, or its disk is full.
                self._held.clear()
                return
            del self._held[:size]


def _notice(message: str, **facts: object) -> logging.LogRecord:
    """A record of this module's own."""
    return logging.makeLogRecord(
        {"name": __name__, "levelname": "WARNING", "levelno": 30, "msg": message, **facts}
    )


TALLY = Tally()
"""Counts of the records since the program began."""


def set_up(level: str = "INFO", shape: str = TEXT, stream: TextIO | None = None) -> None:
    """Log to stderr, where systemd's journal reads it. May be called again at any time."""
    is_masking = level != "DEBUG"
    handler = _handler(stream or sys.stderr)
    for former in logging.getLogger().handlers:
        if isinstance(former, PatientHandler) and isinstance(handler, PatientHandler):
            handler.take_over(former)
    formatter = JsonLines if shape == JSON else KeyValue
    handler.setFormatter(formatter(is_masking=is_masking))
    logging.basicConfig(level=level, handlers=[handler, TALLY], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _handler(stream: TextIO) -> logging.Handler:
    try:
        return PatientHandler(stream.fileno())
    except (OSError, ValueError):
        # It is in memory.
        return logging.StreamHandler(stream)


def log_crash(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
    """``sys.excepthook`` of a program whose stderr is its log."""
    logging.getLogger(__name__).critical("the program failed", exc_info=(kind, value, trace))


def _message(record: logging.LogRecord, is_masking: bool) -> str:
    return _mask_sentence(record.getMessage()) if is_masking else record.getMessage()


def _facts(record: logging.LogRecord, is_masking: bool) -> dict[str, str]:
    facts = {key: value for key, value in vars(record).items() if key not in _OWN}
    return {key: _text(key, value, is_masking) for key, value in facts.items()}


def _text(key: str, value: object, is_masking: bool) -> str:
    text = str(value)
    if not is_masking:
        return text
    if key in _NUMBERS:
        return _mask(text)
    return _mask_sentence(text) if key in _SENTENCES else text


def _trace(record: logging.LogRecord, is_masking: bool) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    trace = logging.Formatter().formatException(record.exc_info)
    return _mask_sentence(trace) if is_masking else trace


def _mask(number: str) -> str:
    if len(number) <= _SHOWN_DIGITS:
        return number
    return "*" * (len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]


def _mask_sentence(sentence: str) -> str:
    return _NUMBER_IN_A_SENTENCE.sub(lambda found: _mask(found[0]), sentence)


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _quote(value: str) -> str:
    if value and value.isprintable() and not set(value) & set(" \"'=\\"):
        return value
    return ascii(value)
