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
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TextIO, cast

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
MOST_WAITING = 4 * 1024 * 1024
"""Characters of the log that wait for being written."""
LAST_LINES_TIMEOUT = 1.0
"""Seconds for which the log's last lines are waited for."""
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


TALLY = Tally()
"""Counts of the records since the program began."""


def set_up(level: str = "INFO", shape: str = TEXT, stream: TextIO | None = None) -> None:
    """Log to stderr, where systemd's journal reads it. May be called again at any time."""
    is_masking = level != "DEBUG"
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = JsonLines if shape == JSON else KeyValue
    handler.setFormatter(formatter(is_masking=is_masking))
    logging.basicConfig(level=level, handlers=[handler, TALLY], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


class BackgroundStream:
    """Writes to a descriptor on a thread of its own: a terminal that was stopped, a pipe that
    nobody reads or a journal that hangs must not stop the program that logs.

    At most ``MOST_WAITING`` characters wait; what does not fit is lost, and told as soon as there
    is room.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[str] = deque()
        self._taken = 0
        self._written = 0
        """Characters that ``write`` took, and that were written since; each has one thread that
        changes it."""
        self._lost = 0
        self._is_closed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Have it written, without waiting; after ``close`` it is written here."""
        if self._is_closed:
            self._put(text)
        elif self._taken - self._written > MOST_WAITING:
            self._lost += 1
        else:
            if self._lost:
                text = f"{_lost_line(self._lost)}{text}"
                self._lost = 0
            self._taken += len(text)
            self._waiting.append(text)
            self._wake.set()
        return len(text)

    def flush(self) -> None:
        """Return at once."""

    def close(self, timeout: float = LAST_LINES_TIMEOUT) -> None:
        """Write what waits, for so many seconds at most."""
        self._is_closed = True
        self._wake.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait()
            self._wake.clear()
            # Before the rest is written, so that nothing comes after it.
            is_last = self._is_closed
            while self._waiting:
                text = self._waiting.popleft()
                self._put(text)
                self._written += len(text)

    def _put(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        # As ``logging`` does by itself, a line that cannot be written is passed over.
        with suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


@contextmanager
def in_background() -> Iterator[None]:
    """What goes to stderr is written by a ``BackgroundStream``, in a ``with``."""
    plain = sys.stderr
    background = BackgroundStream(plain.fileno())
    sys.stderr = cast(TextIO, background)
    try:
        yield
    finally:
        sys.stderr = plain
        background.close()


def _lost_line(count: int) -> str:
    when = time.strftime(TIME)
    return f"{when} WARNING {__name__} lines of the log were lost: nobody read it count={count}\n"


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
