"""What is marked for the site, and how far the site's changes were taken.

A mark says which record changed, not what it says now: it holds nobody's number, and a record that
changes again while its first change is on its way is marked anew, with an id of its own.
Counterparts: ``sql_store`` marks in the transaction that writes the records, ``core.site.feeding``
reads the marks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, or_, select

from fluxcc.core.ports import Marked
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import Mark, MarkKind, SitePosition
from fluxcc.store import blocks
from fluxcc.store.schema import BLOCKS, OUTBOX, POSITION

MARK = "INSERT OR REPLACE INTO outbox (node, kind, key) VALUES (?, ?, ?)"
"""Puts a mark with a new id in the place of an earlier one of the same record."""
UNMARK = "DELETE FROM outbox WHERE id = ?"


def to_rows(node: str, marks: Iterable[Mark]) -> list[tuple[Any, ...]]:
    """The parameters of ``MARK``."""
    return [(node, mark.kind.value, mark.key) for mark in marks]


def to_positions(node: str, positions: Iterable[SitePosition]) -> list[tuple[Any, ...]]:
    """The positions as rows of ``POSITION``."""
    return [(node, each.site, each.number) for each in positions]


def position(connection: Connection, node: str) -> SitePosition | None:
    """How far the node took the site's changes; None before the first one."""
    query = select(POSITION.c.site, POSITION.c.number).where(POSITION.c.node == node)
    found = connection.execute(query).first()
    return None if found is None else SitePosition(*found)


def marked(
    connection: Connection, node: str, kinds: Collection[MarkKind], after: int, limit: int
) -> Marked:
    """The first marks with an id after ``after``, and their records as they are now."""
    query = (
        select(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.key)
        .where(OUTBOX.c.node == node, OUTBOX.c.id > after, OUTBOX.c.kind.in_(kinds))
        .order_by(OUTBOX.c.id)
        .limit(limit)
    )
    found = [(id, Mark(MarkKind(kind), key)) for id, kind, key in connection.execute(query)]
    # Each record once: of a block both its change and its end may be marked.
    ids = {mark.key: None for _, mark in found}
    return Marked(tuple(found), tuple(blocks.by_ids(connection, node, list(ids))))


def changed_here(connection: Connection, node: str, since: int) -> Sequence[str]:
    """The ids of the node's blocks that were changed on it last and live, or were changed at
    ``since`` (microseconds of the epoch) or later."""
    query = select(BLOCKS.c.id).where(
        BLOCKS.c.node == node,
        BLOCKS.c.changer == node,
        or_(BLOCKS.c.state == BlockState.LIVE.value, BLOCKS.c.changed >= since),
    )
    return connection.execute(query).scalars().all()
