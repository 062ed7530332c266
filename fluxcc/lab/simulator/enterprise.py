"""Enterprise originate: dial strings joined by ``:_:``, each of which is called on its own.

Its counterpart is ``dialing.py``. The legs are nobody's: the caller is named only by a variable,
until one of them is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import gevent

from .channel import Channel

SEPARATOR = ":_:"


class UnreachableError(Exception):
    """Nobody was reached; the argument is FreeSWITCH's cause."""

    @property
    def cause(self) -> str:
        """FreeSWITCH's word for it."""
        return str(self.args[0])


@dataclass
class Race:
    """Who of several dial strings is reached first."""

    winner: Channel | None = None
    legs: list[Channel] = field(default_factory=list)

    @property
    def is_won(self) -> bool:
        """One was reached; all others are to give up."""
        return self.winner is not None

    def run(self, dials: list[Callable[[], Channel]]) -> Channel:
        """Dial all at once; the leg that was taken first."""
        causes: list[str] = []
        runners = [gevent.spawn(self._dial, one, causes) for one in dials]
        gevent.joinall(runners)
        if self.winner is None:
            raise UnreachableError(causes[-1] if causes else "DESTINATION_OUT_OF_ORDER")
        return self.winner

    def _dial(self, dial: Callable[[], Channel], causes: list[str]) -> None:
        try:
            leg = dial()
        except UnreachableError as failure:
            causes.append(failure.cause)
            return
        if self.winner is None:
            self.winner = leg
            for other in self.legs:
                other.changed()
