"""The last happenings, numbered, for browsers that come back. Pure.

Counterpart: ``live``, which fills it from the daemon's stream; the daemon keeps as many itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from fluxcc.protocol.watching import AnyHappening, SiteHappening, StatusHappening
from fluxcc.web.shapes import Status, StatusEvent
from fluxcc.web.sight import KINDS, Sight

LONGEST = 10_000


class Entry:
    """One happening, and how each sight is told of it."""

    __slots__ = ("_told", "happening", "number")

    def __init__(self, happening: AnyHappening) -> None:
        self.number = happening.number
        self.happening = happening
        self._told: dict[Sight, bytes] = {}

    def told(self, sight: Sight, status: Callable[[Sight], Status]) -> bytes:
        """The event; empty where the sight does not see it. Agents' are not kept: each has a sight
        of the own, and few happenings are theirs."""
        if sight.agent is not None:
            return self._encode(sight, status)
        found = self._told.get(sight)
        if found is None:
            found = self._told[sight] = self._encode(sight, status)
        return found

    def _encode(self, sight: Sight, status: Callable[[Sight], Status]) -> bytes:
        happening = self.happening
        body = (
            StatusEvent(at=happening.at, status=status(sight))
            if isinstance(happening, StatusHappening | SiteHappening)
            else sight.event(happening)
        )
        return encode(KINDS[type(happening)], body, happening.number) if body else b""


class Ring:
    """The entries in order. A position counts every entry that ever came, so that a reader's stays
    true while old ones go."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._entries: deque[Entry] = deque()
        self._longest = longest
        self.start = 0
        """The position of the oldest one that is kept."""

    @property
    def end(self) -> int:
        """The position of the next one that comes."""
        return self.start + len(self._entries)

    @property
    def oldest(self) -> int | None:
        """The number of the oldest one."""
        return self._entries[0].number if self._entries else None

    def append(self, happening: AnyHappening) -> None:
        """Add the newest one; the oldest goes where there are too many."""
        self._entries.append(Entry(happening))
        if len(self._entries) > self._longest:
            self._entries.popleft()
            self.start += 1

    def put_before(self, happenings: Iterable[AnyHappening]) -> None:
        """Add older ones, the oldest first, as far as there is room."""
        found = [Entry(each) for each in happenings]
        room = self._longest - len(self._entries)
        kept = found[-room:] if room else []
        self._entries.extendleft(reversed(kept))
        self.start -= len(kept)

    def clear(self) -> None:
        """Forget everything: no reader's position is true any more."""
        self.start = self.end + 1
        self._entries.clear()

    def position_after(self, number: int) -> int:
        """Where a reader goes on who has read up to this number."""
        newer = sum(1 for _ in self._newer_than(number))
        return self.end - newer

    def since(self, position: int) -> Iterator[Entry]:
        """The entries from a position on, in order."""
        wanted = self.end - position
        return reversed(list(islice(reversed(self._entries), wanted)))

    def _newer_than(self, number: int) -> Iterator[Entry]:
        for entry in reversed(self._entries):
            if entry.number <= number:
                return
            yield entry


def encode(event: str, body: Any, number: int | None = None) -> bytes:
    """A server-sent event. JSON has no line end in it, also where a caller chose one."""
    name = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (name, event.encode(), msgspec.json.encode(body))
