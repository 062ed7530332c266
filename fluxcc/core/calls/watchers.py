"""Callbacks for what happens to single legs, and how the last legs ended.

Counterparts: ``tracker`` reports what happens; ``requests.confirmation`` and
``requests.follow_up`` watch legs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from fluxcc.domain.events import LegNews

Watcher = Callable[[str, LegNews], None]
"""Called with a leg's UUID and what happened to it."""
ENDS_REMEMBERED = 1_000
"""Destroyed legs whose end is kept, for ``end_of``."""


class Watchers:
    """One per daemon."""

    def __init__(self) -> None:
        self._by_leg: dict[str, list[Watcher]] = {}
        self._ends: OrderedDict[str, LegNews] = OrderedDict()

    @property
    def count(self) -> int:
        """How many legs have a watcher."""
        return len(self._by_leg)

    def watch(self, legs: Iterable[str], watcher: Watcher) -> None:
        """Call ``watcher`` whenever something happens to one of these legs."""
        for uuid in legs:
            self._by_leg.setdefault(uuid, []).append(watcher)

    def unwatch(self, legs: Iterable[str], watcher: Watcher) -> None:
        """Undo a ``watch``."""
        for uuid in legs:
            watchers = self._by_leg.get(uuid)
            if watchers and watcher in watchers:
                watchers.remove(watcher)
                if not watchers:
                    del self._by_leg[uuid]

    def happened(self, uuid: str, news: LegNews) -> None:
        """Call the watchers of this leg."""
        watchers = self._by_leg.get(uuid)
        if watchers:
            for watcher in tuple(watchers):
                watcher(uuid, news)

    def gone(self, uuid: str, news: LegNews) -> None:
        """A leg was destroyed: keep how it ended, and call its watchers."""
        self._ends[uuid] = news
        if len(self._ends) > ENDS_REMEMBERED:
            self._ends.popitem(last=False)
        self.happened(uuid, news)

    def began(self, uuid: str) -> None:
        """A leg of that UUID was created: forget how an earlier one ended."""
        self._ends.pop(uuid, None)

    def end_of(self, uuid: str) -> LegNews | None:
        """How a leg ended, for the last ``ENDS_REMEMBERED`` legs; None for others."""
        return self._ends.get(uuid)
