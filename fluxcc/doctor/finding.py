"""What a check found: how bad it is, what is wrong, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    SKIPPED = "skipped"
    """Could not be looked at; the finding says why."""
    WARNING = "warning"
    GRAVE = "grave"
    """Something that was promised does not hold."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that a check found."""

    code: str
    """For programs, and never renamed: ``gate-missing``."""
    state: State
    problem: str
    """What is wrong: an English sentence with ``{facts}``."""
    remedy: str = ""
    """What to do about it, likewise."""
    facts: dict[str, Any] = {}


def grave(code: str, problem: str, remedy: str, /, **facts: Any) -> Finding:
    """Something that was promised does not hold."""
    return Finding(code, State.GRAVE, problem, remedy, facts)


def warning(code: str, problem: str, remedy: str, /, **facts: Any) -> Finding:
    """Something that works, and should not be so."""
    return Finding(code, State.WARNING, problem, remedy, facts)


def skipped(code: str, problem: str, remedy: str = "", /, **facts: Any) -> Finding:
    """Something that could not be looked at."""
    return Finding(code, State.SKIPPED, problem, remedy, facts)
