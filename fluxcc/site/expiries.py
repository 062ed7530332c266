"""Which node writes into the audit that a block's time has passed: the first one that asks.

Counterpart: ``core.site.expiries``.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from fluxcc.domain.changes import Expiry

KEPT = 31 * 86_400
"""Seconds after the end for which it is known who wrote of it. Of an older one nobody writes any
more: a new node hears of blocks that ended long ago, too."""

CLAIM = text(
    """
    WITH offered AS (
        SELECT o.block, o.until, o.audit
        FROM jsonb_to_recordset(CAST(:expiries AS jsonb))
            AS o(block text, until bigint, audit bigint)
        WHERE o.until > extract(epoch FROM clock_timestamp()) - :kept
    ),
    won AS (
        INSERT INTO site_expiries (block, until, node, audit)
        SELECT block, until, :node, audit FROM offered
        ON CONFLICT DO NOTHING
        RETURNING block, until, audit
    )
    SELECT block, until, audit FROM won
    UNION ALL
    SELECT known.block, known.until, known.audit
    FROM site_expiries AS known JOIN offered USING (block, until) WHERE known.node = :node
    """
)
PRUNE = text(
    "DELETE FROM site_expiries WHERE until < extract(epoch FROM clock_timestamp()) - :kept"
)


def claim(connection: Connection, node: str, expiries: Sequence[Expiry]) -> list[Expiry]:
    """Those that the node is to write of, also because it claimed them before."""
    told = msgspec.json.encode(expiries).decode()
    found = connection.execute(CLAIM, {"expiries": told, "node": node, "kept": KEPT})
    return [Expiry(*row) for row in found]


def prune(connection: Connection) -> None:
    """Forget those of which nobody may write any more."""
    connection.execute(PRUNE, {"kept": KEPT + 86_400})
