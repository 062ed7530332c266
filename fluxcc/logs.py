"""One line a log record: what happened, then its facts as ``key=value``.

Whatever a caller could have chosen is written so that it can neither end the line nor move a
terminal's cursor, and telephone numbers are masked but for their last four digits.
"""

from __future__ import annotations

import logging
import sys

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NUMBERS = frozenset({"number", "caller_id"})
_SHOWN_DIGITS = 4


class KeyValue(logging.Formatter):
    """``2026-11-22T10:15:00 INFO fluxcc.daemon connected legs=3``"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; a traceback follows on lines of its own."""
        facts = {key: value for key, value in vars(record).items() if key not in _OWN}
        words = [f"{key}={_quote(_mask(key, str(value)))}" for key, value in facts.items()]
        line, separator, trace = super().format(record).partition("\n")
        return " ".join([line, *words]) + separator + trace


def _mask(key: str, value: str) -> str:
    if key in _NUMBERS and len(value) > _SHOWN_DIGITS:
        return "*" * (len(value) - _SHOWN_DIGITS) + value[-_SHOWN_DIGITS:]
    return value


def _quote(value: str) -> str:
    if value and value.isprintable() and not set(value) & set(" \"'=\\"):
        return value
    return ascii(value)


def set_up(level: str = "INFO") -> None:
    """Log to stderr, where systemd's journal reads it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValue())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
