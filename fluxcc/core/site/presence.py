"""Tells the site that this node is there, and how it is; hears how the site is.

One daemon has a node's name. Each beat leaves a token, and the next one shows that it knows it: of
two daemons with one name, also of a machine and its copy, the one that comes later is told that the
name is taken, and takes no part. It has the name once the other has not been heard of for a while,
as a node has that comes back on another machine. A daemon that starts again where it was has it at
once (``claim``).

A node's clock is FreeSWITCH's (``Clock.now``), and the server's is the one that all nodes have in
common: each tells by how much its own is ahead of it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from uuid import uuid4

from msgspec.structs import replace

from fluxcc.core.ports import Clock, Runtime
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import SILENT_AFTER, Beat, NodeState, Sign

PERIOD = 3.0
"""Seconds between two beats: a node that misses two is still heard of."""
TOKENS = 20
"""Tokens that are known: a replica that takes over may lack the last ones."""
TIDIED_EVERY = 60.0
"""Seconds between two times that what nobody waits for is deleted."""

log = logging.getLogger(__name__)


class Presence:
    """One per daemon that is in a site."""

    def __init__(
        self,
        neighbours: Neighbours,
        node: str,
        claim: str,
        describe: Callable[[], NodeState],
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``claim`` is what only a daemon with this store on this machine has, since it was booted.
        ``describe`` tells how the node is now, but for its clock."""
        self._neighbours = neighbours
        self.node = node
        self._claim = claim
        self._tokens: deque[str] = deque(maxlen=TOKENS)
        """The last ones that were sent: of one whose answer was lost the site may have it."""
        self.has_name = False
        """Whether this daemon is in the site under the node's name."""
        self.holder: NodeState | None = None
        """The other one that is."""
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
        return self.last is not None and self.has_name and not self.failure and is_fresh

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

    def _sign(self) -> Sign:
        former = tuple(self._tokens)
        self._tokens.append(f"{self._claim}/{uuid4()}")
        is_first = self.last is None
        return Sign(
            token=self._tokens[-1],
            former=former,
            claim=f"{self._claim}/" if is_first and self._claim else "",
        )

    def _note_holder(self, holder: NodeState | None) -> None:
        if holder is not None and self.holder is None:
            log.error(
                "another daemon is in the site under the name of this node: this one takes no part",
                extra={"node": self.node, "host": holder.host},
            )
        if holder is None and self.holder is not None:
            log.info("this node is in the site under its name", extra={"node": self.node})
        self.holder, self.has_name = holder, holder is None

    def _beat(self) -> None:
        began, now = self._clock.monotonic(), self._clock.now()
        beat: Beat = self._apart.offload(self._neighbours.beat, self.node, self._sign(), self.state)
        took = self._clock.monotonic() - began
        # The server read its clock about in the middle.
        self.offset = round(now + took / 2 - beat.now, 3) if self._clock.is_known else None
        self.last, self._told = beat, began + took / 2
        self._note_holder(beat.holder)
        if self._clock.monotonic() - self._tidied >= TIDIED_EVERY:
            self._tidied = self._clock.monotonic()
            self._apart.offload(self._neighbours.tidy)
