"""Who a stored number belongs to: the person, in whichever spelling a trunk presented them.

The store keeps a number as it was seen, and beside it the person: the canonical number, as
``domain.numbers`` reads it. How it reads may change, by a setting or by a newer program; what was
written before is then read again in small steps (``core.filling``), and until that is done the
store's answers are checked here, number by number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2s

import msgspec
import phonenumbers

from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.retention import RecordKind

RULES = 1
"""Raised whenever ``domain.numbers`` reads a number otherwise than before, so that what was stored
is read again."""
ERASED = "***"
"""What stands in a text where a number was."""
_ENDING = 4
"""Digits by which a person's numbers are looked for before each is read, which takes longer."""
_RUN = re.compile(r"[+(]*\d(?:[\d ()./+-]*\d)?")
"""Digits in a text, with what may stand between those of a number: perhaps several numbers."""
_GROUP = re.compile(r"[+(]*\d+")


class Person:
    """One person, to be looked for."""

    def __init__(self, seen: str, canonical: str, read: Callable[[str], str]) -> None:
        """``seen`` is how they were asked for; ``read`` returns a number's canonical one."""
        self.seen = seen
        self.canonical = canonical
        self._read = read
        self.ending = _digits(canonical)[-_ENDING:]
        """The digits with which each of their numbers ends; empty where it has none."""

    def has(self, seen: str) -> bool:
        """Whether this number, as it was seen, is theirs."""
        if not self.ending or seen in (self.seen, self.canonical):
            return seen in (self.seen, self.canonical)
        return _digits(seen).endswith(self.ending) and self._read(seen) == self.canonical

    def erase_from(self, text: str) -> str:
        """The text with ``ERASED`` in place of each of their numbers."""
        if not self.ending:
            return re.sub(rf"(?<!\w){re.escape(self.seen)}(?!\w)", ERASED, text)
        if self.ending not in _digits(text):
            return text
        return _RUN.sub(lambda run: self._erase_from_run(run[0]), text)

    def _erase_from_run(self, run: str) -> str:
        """The same of digits that are one number or several."""
        groups = [found.span() for found in _GROUP.finditer(run)]
        for first, (start, _) in enumerate(groups):
            for _, end in reversed(groups[first:]):
                if self.has(run[start:end]):
                    return run[:start] + ERASED + self.erase_from(run[end:])
        return run


class Persons:
    """How this PBX reads numbers. One per daemon, or per command."""

    def __init__(self, numbers: NumberPlan, reading: str) -> None:
        """``reading`` is ``name_reading`` of the settings; to be replaced together with them."""
        self.numbers = numbers
        self.reading = reading

    def canonical(self, seen: str) -> str:
        """The person whose number this is; takes any text and never raises."""
        return self.numbers.read(seen).canonical or seen

    def find(self, number: str) -> Person:
        """The person with this number, in any spelling."""
        known = self.numbers.read(number)
        return Person(known.seen, known.canonical or known.seen, self.canonical)

    def forget(self) -> None:
        """Forget the numbers that were read."""
        self.numbers.forget()


class AsSeen:
    """``Persons`` where no numbering plan is known: each number as it was seen is one."""

    reading = ""

    def canonical(self, seen: str) -> str:
        """The number itself."""
        return seen

    def find(self, number: str) -> Person:
        """The person with exactly that number."""
        return Person(number, number, self.canonical)


class Filled(msgspec.Struct, frozen=True):
    """How far the persons of old records have been read."""

    rows: int
    """How many records were looked at just now."""
    unread: tuple[RecordKind, ...]
    """The kinds of which some are still to be read; none once all is done."""
    reached: float | None = None
    """The epoch second up to which the calls are read, while they are."""


def name_reading(settings: msgspec.Struct) -> str:
    """A short name for how numbers are read with these settings (``[numbers]``), the same in every
    process in which they are read alike."""
    facts = [RULES, phonenumbers.__version__, msgspec.to_builtins(settings)]
    return blake2s(msgspec.json.encode(facts), digest_size=6).hexdigest()


def _digits(text: str) -> str:
    """The digits in a text, also those of other scripts, as 0 to 9."""
    return "".join(str(int(character)) for character in text if character.isdecimal())
