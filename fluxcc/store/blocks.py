"""The blocks' table, live and ended ones. Counterparts: ``sql_store`` and ``history``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import ColumnElement, Connection, func, or_, select

from fluxcc.domain.blocks import Block, BlockState
from fluxcc.store.persons import Search
from fluxcc.store.readable import convert, read_rows, typed
from fluxcc.store.schema import BLOCKS
from fluxcc.store.statements import delete_rows

_RECORD = [column for column in BLOCKS.c if column.name not in ("node", "person")]
_HAS_ENDED = BLOCKS.c.state != BlockState.LIVE.value
_AS_JSON = tuple(map(Block.__struct_fields__.index, ("keys", "elsewhere")))


def to_rows(
    node: str, blocks: Iterable[Block], person_of: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """The blocks as rows of ``BLOCKS``: keys and other nodes' counts as JSON."""
    rows = []
    for block in blocks:
        row = list(astuple(block))
        for place in _AS_JSON:
            row[place] = msgspec.json.encode(row[place]).decode()
        rows.append((node, *row, person_of(block.number)))
    return rows


def live(connection: Connection, nodes: Sequence[str]) -> list[Block]:
    """Every block of the nodes whose state is live, newest first."""
    return _read(connection, nodes, BLOCKS.c.state == BlockState.LIVE.value)


def by_ids(connection: Connection, node: str, ids: Sequence[str]) -> list[Block]:
    """The node's blocks with these ids, as far as they are there."""
    return _read(connection, (node,), BLOCKS.c.id.in_(ids)) if ids else []


def ended_changes(connection: Connection, node: str, since: int) -> list[Block]:
    """The node's ended blocks that were changed in a site at ``since`` (microseconds of the epoch)
    or later, and those of a site that were changed while the node was in none."""
    is_recent = or_(BLOCKS.c.changed >= since, BLOCKS.c.changer == "")
    return _read(connection, (node,), _HAS_ENDED, BLOCKS.c.origin != "", is_recent)


def newest(connection: Connection, node: str, limit: int) -> list[Block]:
    """At most ``limit`` blocks of the node in any state, newest first."""
    return _read(connection, (node,), limit=limit)


def history(connection: Connection, node: str, person: Search) -> list[Block]:
    """Every block that the person ever had on the node, newest first."""
    found = _read(connection, (node,), person.condition)
    return person.take(found, len(found))


def times(connection: Connection, node: str, since: float) -> list[tuple[str, str, float]]:
    """Number, SIP domain and beginning (epoch seconds) of the node's blocks that began at ``since``
    or later and were not taken back."""
    query = select(BLOCKS.c.number, BLOCKS.c.domain, BLOCKS.c.since).where(
        BLOCKS.c.node == node,
        BLOCKS.c.since >= since,
        BLOCKS.c.state != BlockState.RELEASED.value,
    )
    return read_rows(connection, query, BLOCKS, _time)


def old(connection: Connection, node: str, before: float, limit: int) -> list[str]:
    """The ids of at most ``limit`` of the node's blocks that ended before that moment (epoch
    seconds)."""
    query = (
        select(BLOCKS.c.id)
        .where(
            BLOCKS.c.node == node,
            # A block that ended before then began before then, and ``since`` is indexed.
            BLOCKS.c.since < before,
            func.coalesce(BLOCKS.c.ended_at, BLOCKS.c.since) < before,
            _HAS_ENDED,
        )
        .order_by(BLOCKS.c.since)
        .limit(limit)
    )
    return [id for (id,) in read_rows(connection, query, BLOCKS, typed(str))]


def find(
    connection: Connection, node: str, person: Search, _after: object
) -> tuple[list[str], None]:
    """The ids of the person's ended blocks of the node, all at once."""
    query = select(BLOCKS.c.id, BLOCKS.c.number).where(
        BLOCKS.c.node == node, person.condition, _HAS_ENDED
    )
    return person.ids(read_rows(connection, query, BLOCKS, typed(str, str))), None


def erase(connection: Connection, node: str, ids: Sequence[str]) -> None:
    """Delete these blocks."""
    delete_rows(connection, BLOCKS, node, ids)


def _read(
    connection: Connection,
    nodes: Sequence[str],
    *conditions: ColumnElement[bool],
    limit: int | None = None,
) -> list[Block]:
    query = select(*_RECORD).where(BLOCKS.c.node.in_(nodes), *conditions)
    found = read_rows(
        connection, query.order_by(BLOCKS.c.since.desc()).limit(limit), BLOCKS, _restore
    )
    # A damaged table is read in another order.
    return sorted(found, key=lambda block: block.since, reverse=True)


def _restore(*row: Any) -> Block:
    """The block with what is JSON in its own type again."""
    fields = list(row)
    for place in _AS_JSON:
        fields[place] = msgspec.json.decode(row[place])
    return convert(Block, fields)


def _time(*row: Any) -> tuple[str, str, float]:
    return msgspec.convert(row, tuple[str, str, float])
