"""Tells the site that this node is there, and how it is; hears how the site is.

A node's clock is FreeSWITCH's (``Clock.now``), and the server's is the one that all nodes have in
common: each tells by how much its own is ahead of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec.structs import replace

from fluxcc.core.ports import Clock, Runtime
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import SILENT_AFTER, Beat, NodeState

PERIOD = 3.0
"""Seconds between two beats: a node that misses two is still heard of."""
TIDIED_EVERY = 60.0
"""Seconds between two times that what nobody waits for is deleted."""

log = logging.getLogger(__name__)


class Presence:
    """One per daemon that is in a site."""

    def __init__(
        self,
        neighbours: Neighbours,
        node: str,
        describe: Callable[[], NodeState],
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``describe`` tells how the node is now, but for its clock."""
        self._neighbours = neighbours
        self.node = node
        self._describe = describe
        self._apart = apart
        self._clock = clock
        self._tidied = self._told = 0.0
        """When the site was tidied, and told, on the monotonic clock."""
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the site's tables are known to be there."""
        self.last: Beat | None = None
        """What the server said last."""
        self.failure = ""
        """Why it was not told the last time; empty where it was."""
        self.offset: float | None = None
        """Seconds by which FreeSWITCH's clock is ahead of the server's."""

    @property
    def is_there(self) -> bool:
        """Whether the site was told the last time, and not too long ago: a database that hangs
        says nothing."""
        is_fresh = self._clock.monotonic() - self._told < SILENT_AFTER
        return self.last is not None and not self.failure and is_fresh

    @property
    def server_now(self) -> float:
        """The server's clock, epoch seconds; 0 where it was never told."""
        passed = self._clock.monotonic() - self._told
        return self.last.now + passed if self.last is not None else 0.0

    @property
    def behind(self) -> int:
        """Numbers of changes that this node has not taken in, as far as it knows."""
        return max(self.last.number - self.state.number, 0) if self.last is not None else 0

    @property
    def state(self) -> NodeState:
        """How this node is now."""
        return replace(self._describe(), offset=self.offset)

    def step(self) -> float:
        """Tell the site; the seconds until the next time."""
        if not self.may_begin():
            return 0.2
        try:
            self._beat()
        except SiteUnavailableError as error:
            if not self.failure:
                log.error("the site is not told of this node", extra={"error": str(error)})
            self.failure = str(error)
        else:
            if self.failure:
                log.info("the site is told of this node again")
            self.failure = ""
        return PERIOD

    def _beat(self) -> None:
        began, now = self._clock.monotonic(), self._clock.now()
        beat: Beat = self._apart.offload(self._neighbours.beat, self.node, self.state)
        took = self._clock.monotonic() - began
        # The server read its clock about in the middle.
        self.offset = round(now + took / 2 - beat.now, 3) if self._clock.is_known else None
        self.last, self._told = beat, began + took / 2
        if self._clock.monotonic() - self._tidied >= TIDIED_EVERY:
            self._tidied = self._clock.monotonic()
            self._apart.offload(self._neighbours.tidy)
