"""The history of all nodes: takes in rows, erases persons, deletes what is too old.

A node sends its rows in batches, each kind in one statement, which is a transaction of its own: it
waits for no change of a block, and no change waits for it (``log``). A row that is there already
stays as it is, or becomes what it is now on its node.

Counterparts: ``postgresql`` calls it, ``history`` reads the same tables, ``months`` partitions
them; the rows are made, found and erased as in a node's own store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, TextClause, func, or_, select, text

from fluxcc.core.ports import Batch
from fluxcc.domain.audit import REQUESTED
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import WITH_TEXTS, RecordKind
from fluxcc.site.months import SHELVES, Month
from fluxcc.site.schema import BLOCKS, CALLS, KEPT
from fluxcc.store import audit, blocks, calls, mentions, surveys
from fluxcc.store.persons import TABLES, Search
from fluxcc.store.statements import delete_rows, escape

TOLD_FOR = 30 * 86_400
"""Seconds for which it counts how long a node keeps its records. One that has not told it for so
long is gone."""

PersonOf = Callable[[str], str]
Rows = dict[RecordKind, list[dict[str, Any]]]
"""Rows of each kind, as column → value."""

_KEEPERS: dict[RecordKind, Any] = {
    RecordKind.CALLS: calls,
    RecordKind.SURVEYS: surveys,
    RecordKind.BLOCKS: blocks,
    RecordKind.AUDIT: audit,
}


def prepare(node: str, batch: Batch, person_of: PersonOf) -> Rows:
    """The rows of a batch of that node. Reading whose number it is takes its time."""
    ended = [block for block in batch.blocks if block.state is not BlockState.LIVE]
    of_nodes = [
        row for block in ended for row in blocks.to_rows(block.origin or node, [block], person_of)
    ]
    rows = {
        RecordKind.CALLS: calls.to_rows(node, batch.calls, person_of),
        RecordKind.AUDIT: audit.to_rows(node, batch.audit, person_of),
        RecordKind.SURVEYS: surveys.to_rows(node, batch.surveys, person_of),
        RecordKind.BLOCKS: of_nodes,
    }
    return {kind: [_named(TABLES[kind], row) for row in found] for kind, found in rows.items()}


def months_of(rows: Rows) -> Iterator[tuple[RecordKind, Month]]:
    """Those that need a partition."""
    for kind, found in rows.items():
        shelf = SHELVES[kind]
        yield from ((kind, Month.of(row[shelf.month] / shelf.scale)) for row in found)


def _named(table: Table, row: Iterable[Any]) -> dict[str, Any]:
    values = (escape(value) if isinstance(value, str) else value for value in row)
    return dict(zip((column.name for column in table.c), values, strict=True))


def put(connection: Connection, sent: Rows) -> None:
    """Put these rows in. The same ones again change nothing."""
    for kind, rows in sent.items():
        if rows:
            connection.execute(_PUT[kind], {"rows": msgspec.json.encode(rows).decode()})


def recorded(connection: Connection, node: str) -> float | None:
    """When the node's last call began (epoch seconds)."""
    newest = connection.execute(select(func.max(CALLS.c.id)).where(CALLS.c.node == node)).scalar()
    return None if newest is None else newest / 1e6


def erase(
    connection: Connection, person: Person, after: tuple[int, str, Any] | None
) -> tuple[int, tuple[int, str, Any] | None]:
    """Erase the person from the next rows of any node, in short transactions: how many, and where
    to go on, None at the end; ``after`` is where it was, None for the beginning.

    Every spelling is looked for, row by row: each node may read numbers in its own way."""
    phase, node, reached = after or (0, "", None)
    if phase == len(_PHASES):
        return 0, None
    kind, is_of_others = _PHASES[phase]
    if reached is None:
        table = SHELVES[kind].table
        following = select(func.min(table.c.node)).where(table.c.node > node)
        node = connection.execute(following).scalar() or ""
        if not node:
            return 0, (phase + 1, "", None)
        reached = _FIRST
    start = None if reached == _FIRST else reached
    step = _erase_mentions if is_of_others else _erase_rows
    count, reached = step(connection, kind, node, person, start)
    return count, (phase, node, reached)


_FIRST = ""
"""Before a node's first row."""
_PHASES = (
    *((kind, False) for kind in RecordKind),
    *((kind, True) for kind in WITH_TEXTS),
)
"""A kind of record, and whether its texts about others are gone through, not its own numbers."""


def _erase_rows(
    connection: Connection, kind: RecordKind, node: str, person: Person, start: Any
) -> tuple[int, Any]:
    table = TABLES[kind]
    condition = table.c.person == escape(person.canonical)
    if person.ending:
        # Anything may be between them: a number may be stored with punctuation.
        condition = or_(condition, table.c.number.like(f"%{'%'.join(person.ending)}%"))
    search = Search(person, condition, is_exact=not person.ending)
    ids, reached = _KEEPERS[kind].find(connection, node, search, -1 if start is None else start)
    if ids:
        _KEEPERS[kind].erase(connection, node, ids)
    return len(ids), reached


def _erase_mentions(
    connection: Connection, kind: RecordKind, node: str, person: Person, start: Any
) -> tuple[int, Any]:
    found = mentions.find(connection, node, kind, person, start)
    if found.mentions:
        mentions.erase(connection, node, kind, found.mentions)
    return len(found.mentions), found.after


def tell_ages(
    connection: Connection, node: str, ages: Mapping[RecordKind, float], now: float
) -> None:
    """Note for how long the node keeps its records; ``now`` by the server's clock."""
    for kind, age in ages.items():
        connection.execute(
            _TELL_AGE, {"node": node, "kind": kind.value, "seconds": int(age), "told": int(now)}
        )


def oldest_kept(connection: Connection, kind: RecordKind, now: float) -> float | None:
    """The epoch second before which no node keeps records of the kind; None where none has told
    it."""
    query = select(func.max(KEPT.c.seconds)).where(
        KEPT.c.kind == kind.value, KEPT.c.told > int(now) - TOLD_FOR
    )
    seconds = connection.execute(query).scalar()
    return None if seconds is None else now - seconds


def purge(connection: Connection, kind: RecordKind, node: str, before: float, limit: int) -> int:
    """Delete at most ``limit`` of the node's rows that are older than that moment (epoch seconds);
    how many there were."""
    shelf = SHELVES[kind]
    moment = shelf.table.c[shelf.month]
    old = select(shelf.table.c.id).where(
        shelf.table.c.node == node, moment < int(before * shelf.scale)
    )
    if kind is RecordKind.BLOCKS:
        old = old.where(func.coalesce(BLOCKS.c.ended_at, BLOCKS.c.since) < before)
    # Named one by one: the planner finds the partition of a value, and not of a query's rows.
    ids = connection.execute(old.order_by(moment).limit(limit)).scalars().all()
    if ids:
        delete_rows(connection, shelf.table, node, ids)
    return len(ids)


def _put(kind: RecordKind) -> TextClause:
    """SQL that puts in rows of the kind. Columns are named: those that a later version has added
    get what they have by default."""
    table = SHELVES[kind].table
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    names = [f'"{column.name}"' for column in table.c]
    others = [f'"{column.name}"' for column in table.c if not column.primary_key]
    listed = ", ".join(names)
    return text(
        f"""
        INSERT INTO {table.name} AS known ({listed})
        SELECT {listed}
        FROM jsonb_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS jsonb)) AS sent
        WHERE {_WANTED.get(kind, "true")}
        ON CONFLICT ({key}) DO UPDATE
        SET {", ".join(f"{name} = excluded.{name}" for name in others)}
        WHERE ({", ".join(f"known.{name}" for name in others)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in others)})
            AND {_LATER.get(kind, "true")}
        """  # noqa: S608
    )


_WANTED = {
    # Every node tells of a block that ended by its time, and all but the first write nothing.
    RecordKind.BLOCKS: """NOT EXISTS (
            SELECT FROM blocks has WHERE (has.node, has.id, has.since)
                = (sent.node, sent.id, sent.since)
                AND (has.changed, has.attempts) >= (sent.changed, sent.attempts)
        ) AND NOT EXISTS (
            SELECT FROM site_registers AS erased WHERE erased.kind = 'erased'
                AND erased.key = sent.id AND erased.at >= sent.changed
        )""",
}
"""Which rows are put in at all, where it is not each."""
_LATER = {
    # What was given up may arrive after all, later than what was sent after it.
    RecordKind.AUDIT: f"NOT (excluded.status = '{REQUESTED}' AND known.status <> '{REQUESTED}')",
    RecordKind.BLOCKS: "(excluded.changed, excluded.attempts) >= (known.changed, known.attempts)",
}
"""Which rows replace the one that is there, where it is not each."""
_PUT = {kind: _put(kind) for kind in RecordKind}
_TELL_AGE = text(
    """
    INSERT INTO site_kept (node, kind, seconds, told) VALUES (:node, :kind, :seconds, :told)
    ON CONFLICT (node, kind) DO UPDATE SET seconds = excluded.seconds, told = excluded.told
    """
)
