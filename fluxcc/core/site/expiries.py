"""The audit's row that a block's time has passed: in a site every node sees that, one writes it.

Which one is settled in the site's database, by a key that is there once. Counterparts: ``feeding``
finds the marks of such blocks in the outbox, ``site.expiries`` has the key.
"""

from __future__ import annotations

from collections.abc import Sequence

from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Clock, Runtime
from fluxcc.core.site.port import Site
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import BY_TIME, Block, BlockState
from fluxcc.domain.changes import Expiry
from fluxcc.domain.codes import Status

EXPIRED = "expire"
"""The action in the audit: a block ended by its time."""


class Expiries:
    """One per daemon that is in a site."""

    def __init__(self, node: str, clock: Clock, ids: MomentIds) -> None:
        """``ids`` gives the ids of all audit rows."""
        self._node = node
        self._clock = clock
        self._ids = ids

    def rows(self, site: Site, apart: Runtime, blocks: Sequence[Block]) -> list[AuditRecord]:
        """The rows that this node is to write, of blocks whose time has passed."""
        over = {block.id: block for block in blocks if block.state is BlockState.EXPIRED}
        claimed = apart.offload(
            site.claim,
            self._node,
            [
                Expiry(block.id, block.until, self._ids.new(self._clock.own()))
                for block in over.values()
            ],
        )
        return [_row(over[each.block], each) for each in claimed]


def _row(block: Block, expiry: Expiry) -> AuditRecord:
    return AuditRecord(
        id=expiry.audit,
        at=float(expiry.until),
        request=f"{EXPIRED}-{block.id}-{expiry.until}",
        action=EXPIRED,
        by=BY_TIME,
        number=block.number,
        status=Status.OK,
        ended=float(expiry.until),
        expires=expiry.until,
        subject=block.name,
        domain=block.domain,
        is_private=block.is_private,
        nth=block.nth,
    )
