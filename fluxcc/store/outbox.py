"""What is marked for the site, and how far the site's changes were taken.

A mark says which record changed, not what it says now: it holds nobody's number (but that of a
person who is to be erased from the site, and a protected one), and a record that changes again
while its first change is on its way is marked anew, with an id of its own.
Counterparts: ``sql_store`` marks in the transaction that writes the records, ``core.site.feeding``
reads the marks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select

from fluxcc.core.ports import Marked, Waiting
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import Mark, MarkKind, SitePosition, change_of
from fluxcc.domain.history import OF_BLOCKS
from fluxcc.domain.retention import RecordKind
from fluxcc.store import audit, blocks, calls, provisioning, surveys
from fluxcc.store.schema import (
    AUDIT,
    BLOCKS,
    CALLS,
    ENTRY_CHANGES,
    OUTBOX,
    POSITION,
    SURVEYS,
)
from fluxcc.store.statements import escape

WINDOW = 2_000
"""Rows that are marked in one transaction, in which nobody else writes: some 20 ms."""
MARK = "INSERT OR REPLACE INTO outbox (node, kind, key) VALUES (?, ?, ?)"
"""Puts a mark with a new id in the place of an earlier one of the same record."""
UNMARK = "DELETE FROM outbox WHERE id = ?"
ERASE_BLOCK = """
DELETE FROM blocks WHERE node = ? AND id = ? AND (changed, changer) <= (?, ?) AND state <> 'live'
"""
"""Deletes an ended block whose person another node has erased."""
UNMARK_ERASED = f"""
DELETE FROM outbox WHERE node = ? AND key = ? AND kind IN ({", ".join(f"'{k}'" for k in OF_BLOCKS)})
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE node = outbox.node AND id = outbox.key)
"""  # noqa: S608
"""Deletes its marks."""


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
    keys: dict[MarkKind, list[str]] = {kind: [] for kind in MarkKind}
    for _, mark in found:
        keys[mark.kind].append(mark.key)
    # Each record once: of a block both its change and its end may be marked.
    ids = dict.fromkeys(key for kind in OF_BLOCKS for key in keys[kind])
    return Marked(
        tuple(found),
        blocks=tuple(blocks.by_ids(connection, node, list(ids))),
        calls=tuple(calls.by_ids(connection, node, list(map(int, keys[MarkKind.CALL])))),
        audit=tuple(audit.by_ids(connection, node, list(map(int, keys[MarkKind.AUDIT])))),
        surveys=tuple(surveys.by_ids(connection, node, keys[MarkKind.SURVEY])),
        entries=tuple(provisioning.changes(connection, node, keys[MarkKind.ENTRY])),
    )


def waiting(connection: Connection, node: str) -> Waiting:
    """How many marks there are, and how old the oldest is."""
    query = select(func.count(), func.min(OUTBOX.c.at)).where(OUTBOX.c.node == node)
    return Waiting(*connection.execute(query).one())


def forget_site(connection: Connection, node: str) -> None:
    """Forget how far a site was taken, and when entries were changed in it: the node is in none.
    What it changes from now on has no stamps, so in a site it would be there as what was changed
    before."""
    for table in (POSITION, ENTRY_CHANGES):
        connection.execute(table.delete().where(table.c.node == node))


def mark(connection: Connection, node: str, marks: Iterable[Mark]) -> None:
    """Mark these anew."""
    statement = insert(OUTBOX).prefix_with("OR REPLACE")
    rows = [{"node": node, "kind": each.kind.value, "key": each.key} for each in marks]
    if rows:
        connection.execute(statement, rows)


def mark_rows(connection: Connection, node: str, kind: RecordKind, ids: Iterable[Any]) -> None:
    """Mark rows of the node for the site's history. Of calls and blocks those that have ended: the
    others are marked when they end."""
    listed = list(ids)
    if kind is RecordKind.CALLS:
        listed = [each.id for each in calls.by_ids(connection, node, listed) if each.ended]
    if kind is RecordKind.BLOCKS:
        found = blocks.by_ids(connection, node, listed)
        listed = [each.id for each in found if each.state is not BlockState.LIVE]
    mark(connection, node, [Mark(_MARKS[kind], str(id)) for id in listed])


def mark_history(
    connection: Connection, node: str, since: float, after: tuple[int, Any] | None
) -> tuple[int, Any] | None:
    """Mark the next ``WINDOW`` rows of the node's history that began at ``since`` (epoch seconds)
    or later; ``after`` is where it was, None at the beginning and at the end."""
    place, id = after or (0, None)
    kind, table, moment, scale = _BEGINNINGS[place]
    query = select(table.c.id).where(table.c.node == node, moment >= since * scale)
    if id is not None:
        query = query.where(table.c.id > id)
    ids = connection.execute(query.order_by(table.c.id).limit(WINDOW)).scalars().all()
    mark_rows(connection, node, kind, ids)
    if ids:
        return place, ids[-1]
    return (place + 1, None) if place + 1 < len(_BEGINNINGS) else None


_BEGINNINGS = (
    (RecordKind.CALLS, CALLS, CALLS.c.id, 1_000_000),
    (RecordKind.AUDIT, AUDIT, AUDIT.c.id, 1_000_000),
    (RecordKind.SURVEYS, SURVEYS, SURVEYS.c.offered, 1),
    (RecordKind.BLOCKS, BLOCKS, BLOCKS.c.since, 1),
)
"""Each kind with its table, when its rows began, and what that is in a second."""


def erased(connection: Connection, node: str, kind: RecordKind, ids: Iterable[Any]) -> None:
    """These rows are to be erased: what is marked of them is not missing. A row of audit stays,
    without the person. Of a block of which the site was not told how it ended, that is marked."""
    if kind is RecordKind.AUDIT:
        mark_rows(connection, node, kind, ids)
        return
    keys = [str(id) for id in ids]
    if kind is RecordKind.BLOCKS:
        _mark_ends(connection, node, keys)
    theirs = OUTBOX.delete().where(
        OUTBOX.c.node == node,
        OUTBOX.c.kind.in_([each.value for each in _MARKED_OF[kind]]),
        OUTBOX.c.key.in_(keys),
    )
    connection.execute(theirs)


def _mark_ends(connection: Connection, node: str, ids: list[str]) -> None:
    """Mark the ends of these blocks, as far as the site is still to be told of them."""
    query = select(OUTBOX.c.key).where(
        OUTBOX.c.node == node, OUTBOX.c.kind == MarkKind.BLOCK.value, OUTBOX.c.key.in_(ids)
    )
    untold = connection.execute(query).scalars().all()
    changes = [change_of(each) for each in blocks.by_ids(connection, node, untold)]
    told = [escape(msgspec.json.encode(change).decode()) for change in changes]
    mark(connection, node, [Mark(MarkKind.ERASED, change) for change in told])


_MARKED_OF = {
    RecordKind.CALLS: (MarkKind.CALL,),
    RecordKind.SURVEYS: (MarkKind.SURVEY,),
    RecordKind.BLOCKS: OF_BLOCKS,
}
_MARKS = {
    RecordKind.CALLS: MarkKind.CALL,
    RecordKind.AUDIT: MarkKind.AUDIT,
    RecordKind.SURVEYS: MarkKind.SURVEY,
    RecordKind.BLOCKS: MarkKind.ENDED,
}


def leave(connection: Connection, node: str) -> int:
    """Forget a site, and what it was still to be told; how many records that were."""
    forget_site(connection, node)
    return connection.execute(delete(OUTBOX).where(OUTBOX.c.node == node)).rowcount


def changed_here(connection: Connection, node: str, since: int) -> Sequence[str]:
    """The ids of the node's blocks that were changed on it last and live, or were changed at
    ``since`` (microseconds of the epoch) or later."""
    query = select(BLOCKS.c.id).where(
        BLOCKS.c.node == node,
        BLOCKS.c.changer == node,
        or_(BLOCKS.c.state == BlockState.LIVE.value, BLOCKS.c.changed >= since),
    )
    return connection.execute(query).scalars().all()
