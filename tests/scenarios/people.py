"""Somebody with a telephone number, in every spelling by which a trunk may present it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A mobile number in São Paulo, where the scenarios' PBX is at home (DDD 11)."""

    local: str
    """``988887777``"""

    @property
    def number(self) -> str:
        """Canonical, and what most trunks present: ``+5511988887777``."""
        return f"+5511{self.local}"

    @property
    def other_spellings(self) -> tuple[str, ...]:
        """The other ones that are keys of the gate (contract, section 2)."""
        return (f"5511{self.local}", f"11{self.local}", f"011{self.local}", self.local)


def _strangers() -> Iterator[Person]:
    for count in itertools.count(1):
        yield Person(f"97{count:07d}")


STRANGERS = _strangers()
"""People who never called before, in all tests of a process."""
