"""Looks at what the other nodes show, as long as there is a watcher: which of their calls are new,
changed or gone since last time, and which nodes are not heard of.

Without a watcher it asks nothing. Counterparts: ``showing`` tells what is read here, ``doors.feed``
tells the watchers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from fluxcc.core.happenings import Signal
from fluxcc.core.ports import Clock, Runtime
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.core.site.presence import Presence
from fluxcc.domain.calls import CallChange
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import SILENT_AFTER, Node, NodeCall, SiteSight

PERIOD = 0.5
"""Seconds between two looks."""
PATIENCE = 5.0
"""Seconds for which an answer is waited for."""
MARGIN = 2.0
"""Seconds by which a node may become silent between the question for the nodes and that for their
calls."""

Calls = Mapping[tuple[str, int], NodeCall]
"""(node, call's id) → the call."""


class Looking:
    """One per daemon that is in a site."""

    def __init__(
        self,
        neighbours: Neighbours,
        presence: Presence,
        failure: Callable[[], str],
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``failure`` tells why the site is not reached; empty where it is."""
        self._neighbours = neighbours
        self._presence = presence
        self._failure = failure
        self._apart = apart
        self._clock = clock
        self._seen = 0.0
        """When the calls were read last, on the monotonic clock."""
        self.is_watched: Callable[[], bool] = lambda: False
        """Tells whether there is a watcher."""
        self.calls: Calls = {}
        """The live calls of the other nodes."""
        self.sight = SiteSight()
        self.call_changed: Signal[[str, NodeCall, CallChange]] = Signal()
        """A call of this node of the site began, changed, ended, or is not known any more."""
        self.sight_changed: Signal[[SiteSight]] = Signal()
        """Nodes came, went, or are heard of again; or the site is reached again, or not."""

    def step(self) -> float:
        """Look, where there is a watcher; the seconds until the next time."""
        if not self.is_watched():
            self.calls, self.sight = {}, SiteSight()
            return PERIOD
        try:
            self._look()
        except (SiteUnavailableError, TimeoutError) as error:
            self._lose(str(error))
        return PERIOD

    def _look(self) -> None:
        if not self._presence.is_there:
            self._lose("")
            return
        nodes: list[Node] = self._apart.within(PATIENCE, self._neighbours.nodes)
        told = self._apart.within(PATIENCE, self._neighbours.calls, self._presence.node)
        self._seen = self._clock.monotonic()
        heard = {each.name for each in nodes if each.silence < SILENT_AFTER - MARGIN}
        self._put({(node, call.id): call for node, call in told}, heard)
        self._tell(
            SiteSight(
                nodes=tuple(each.name for each in nodes),
                silent=tuple(each.name for each in nodes if each.is_silent),
                failure=self._failure(),
            )
        )

    def _lose(self, reason: str) -> None:
        """The site is not reached: what was seen of it is kept for a while."""
        if self._clock.monotonic() - self._seen >= SILENT_AFTER:
            self._put({}, set())
        self._tell(replace(self.sight, failure=self._failure() or reason))

    def _put(self, now: Calls, heard: set[str]) -> None:
        before, self.calls = self.calls, now
        for (node, _), call, change in changes(before, now, heard):
            self.call_changed(node, call, change)

    def _tell(self, sight: SiteSight) -> None:
        if sight != self.sight:
            self.sight = sight
            self.sight_changed(sight)


def changes(
    before: Calls, now: Calls, heard: set[str]
) -> Iterator[tuple[tuple[str, int], NodeCall, CallChange]]:
    """What happened to calls between two looks. Of a node that is ``heard`` of, a call that is not
    there any more has ended; of another one it is lost sight of. Pure."""
    for key, call in before.items():
        if key not in now:
            yield key, call, CallChange.ENDED if key[0] in heard else CallChange.LOST
    for key, call in now.items():
        known = before.get(key)
        if known is None:
            yield key, call, CallChange.BEGAN
        elif known != call:
            is_new = call.talking and (not known.talking or known.agent != call.agent)
            yield key, call, CallChange.BRIDGED if is_new else CallChange.CHANGED
