"""What is live now: calls, blocks and the daemon's state, as its stream has told them.

Counterpart: ``live``, which keeps it up. Pages and API read it; every method takes who asks.
"""

from __future__ import annotations

import time

from fluxcc.domain.agents import Agent
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallChange, CallRecord
from fluxcc.domain.nodes import SiteSight
from fluxcc.protocol.operators import DaemonStatus
from fluxcc.protocol.watching import Snapshot, WatchedCall
from fluxcc.web import shapes
from fluxcc.web.problems import ProblemError
from fluxcc.web.sight import Sight


class Present:
    """One per process."""

    def __init__(self) -> None:
        self.number = 0
        """The number of the last line that it stands for."""
        self.is_reached = False
        """Whether the daemon is being watched; otherwise this is a picture of the past."""
        self.daemon: DaemonStatus | None = None
        self.site = SiteSight()
        """The site, as the daemon sees it."""
        self._calls: dict[tuple[str, int], WatchedCall] = {}
        """(node, id) → the call."""
        self._blocks: dict[str, Block] = {}
        self._ahead = 0.0
        self._heard = 0.0

    @property
    def is_known(self) -> bool:
        """Whether there ever was a picture."""
        return self.daemon is not None

    @property
    def age(self) -> float:
        """Seconds since the daemon was last heard."""
        return time.monotonic() - self._heard

    def beat(self, at: float | None = None) -> None:
        """Note that the daemon was heard, and the time of FreeSWITCH's clock where it told that."""
        self._heard = time.monotonic()
        if at is not None:
            self._ahead = at - time.time()

    def begin(self, number: int, snapshot: Snapshot) -> None:
        """Replace everything."""
        self.number = number
        self.daemon = snapshot.status
        self.site = snapshot.site
        self._calls = {(call.node, call.id): call for call in snapshot.calls}
        self._blocks = {block.id: block for block in reversed(snapshot.blocks)}
        self._ahead = snapshot.status.clock_offset

    def put_call(self, call: WatchedCall, change: CallChange) -> None:
        """A call as it is now."""
        if change in (CallChange.ENDED, CallChange.LOST):
            self._calls.pop((call.node, call.id), None)
        else:
            self._calls[call.node, call.id] = call

    def put_block(self, block: Block) -> None:
        """A block as it is now."""
        if block.state is BlockState.LIVE:
            self._blocks[block.id] = block
        else:
            self._blocks.pop(block.id, None)

    def demand(self) -> None:
        """Raises ``ProblemError`` where it is a picture of the past, or none at all."""
        if not self.is_reached:
            raise ProblemError(503, "unavailable", "the daemon is not being watched")

    @property
    def node(self) -> str:
        """The PBX's name; empty where it is not known."""
        return self.daemon.node if self.daemon else ""

    @property
    def are_several(self) -> bool:
        """Whether there are several PBXs, so that it has to be said which one is meant."""
        return len(self.site.nodes) > 1

    def is_strange(self, agent: Agent, record: CallRecord | AuditRecord) -> bool:
        """Whether what happened on another PBX happened to another person of the same extension: an
        agent without a SIP domain is one of this PBX's."""
        node = getattr(record, "node", "")
        if agent.domain or node in ("", self.node):
            return False
        known = self.daemon.domains if self.daemon else []
        return bool(known) and record.domain not in ("", *known)

    def live_calls(self, sight: Sight) -> list[WatchedCall]:
        """The live calls that are seen, the oldest first, as the daemon tells them."""
        return [each for each in self._calls.values() if sight.has_call(each)]

    def find_call(self, uuid: str) -> WatchedCall | None:
        """The live call with this leg."""
        return next(
            (each for each in self._calls.values() if uuid == each.call or uuid in each.legs), None
        )

    def calls(self, sight: Sight) -> list[shapes.Call]:
        """The live calls that are seen, the oldest first."""
        return [sight.call(each) for each in self.live_calls(sight)]

    def blocks(self, sight: Sight) -> list[shapes.Block]:
        """The live blocks that are seen, the newest first."""
        found = [each for each in self._blocks.values() if sight.has_block(each)]
        return [sight.block(each) for each in sorted(found, key=lambda each: -each.since)]

    def status(self, sight: Sight) -> shapes.Status:
        """The daemon's state."""
        return sight.status(
            self.daemon,
            is_reached=self.is_reached,
            calls=sum(map(sight.has_call, self._calls.values())),
            blocks=sum(map(sight.has_block, self._blocks.values())),
            clock=self.clock(),
            site=self.site,
        )

    def snapshot(self, sight: Sight) -> shapes.Snapshot:
        """All of it."""
        return shapes.Snapshot(
            status=self.status(sight), calls=self.calls(sight), blocks=self.blocks(sight)
        )

    def clock(self) -> float:
        """The time by FreeSWITCH's clock."""
        return time.time() + self._ahead
