"""What a check found: how bad it is, what is wrong, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    SKIPPED = "skipped"
    """It could not be checked; the finding says why."""
    NOTE = "note"
    """Nothing is wrong; it says what follows from how the PBX is built."""
    WARNING = "warning"
    GRAVE = "grave"
    """The product does not work as promised."""


class Finding(msgspec.Struct, frozen=True):
    """One fault that a check found."""

    code: str
    """For programs, and never renamed: ``gate-missing``."""
    state: State
    problem: str
    """What is wrong: an English sentence with ``{facts}``."""
    remedy: str = ""
    """What to do about it: likewise a sentence with ``{facts}``."""
    facts: dict[str, Any] = {}


def grave(code: str, problem: str, remedy: str, /, **facts: Any) -> Finding:
    """A fault by which the product does not work as promised."""
    return Finding(code, State.GRAVE, problem, remedy, facts)


def warning(code: str, problem: str, remedy: str, /, **facts: Any) -> Finding:
    """A fault that should be corrected although the product works."""
    return Finding(code, State.WARNING, problem, remedy, facts)


def note(code: str, problem: str, remedy: str, /, **facts: Any) -> Finding:
    """What follows from how the PBX is built, and is no fault."""
    return Finding(code, State.NOTE, problem, remedy, facts)


def skipped(code: str, problem: str, remedy: str = "", /, **facts: Any) -> Finding:
    """A check that could not be done."""
    return Finding(code, State.SKIPPED, problem, remedy, facts)
