"""What an action wants to happen, as data: decided by ``actions``, done by ``service.executor``."""

from __future__ import annotations

import msgspec

from fluxcc.domain.codes import Code
from fluxcc.domain.numbers import Number


class BlockNumber(msgspec.Struct, frozen=True):
    """Refuse a number from now on, for ``duration`` seconds."""

    number: Number
    duration: int


class ReleaseNumber(msgspec.Struct, frozen=True):
    """Let a number through again."""

    number: Number


class DisarmSurvey(msgspec.Struct, frozen=True):
    """Take back whatever waits for the end of this leg's bridge."""

    leg: str


class EndLeg(msgspec.Struct, frozen=True):
    """Hang a leg up. One that has gone meanwhile is as good as ended."""

    leg: str
    cause: str


Effect = BlockNumber | ReleaseNumber | DisarmSurvey | EndLeg


class AllEnded(msgspec.Struct, frozen=True):
    """Confirmed once every one of these legs was seen to hang up."""

    legs: frozenset[str]


class Plan(msgspec.Struct, frozen=True):
    """The answer of an action: do these in this order, then wait for ``confirmation``."""

    effects: tuple[Effect, ...]
    code: Code
    """What the reply says once it is confirmed."""
    confirmation: AllEnded | None = None
    number: str = ""
    blocked: bool | None = None
