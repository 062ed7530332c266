"""Calls in the store: what the tracker knew of each, at last or so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import astuple
from sqlalchemy import Connection, select

from fluxcc.domain.calls import CallRecord
from fluxcc.store.schema import CALLS

_RECORD = [column for column in CALLS.c if column.name != "node"]


def to_rows(node: str, records: Iterable[CallRecord]) -> list[tuple[Any, ...]]:
    """The records as rows of ``CALLS``."""
    return [(node, *astuple(record)) for record in records]


def live(connection: Connection, node: str) -> list[CallRecord]:
    """The node's calls that were never seen to end, in no order."""
    query = select(*_RECORD).where(CALLS.c.node == node, CALLS.c.ended.is_(None))
    return [CallRecord(*row) for row in connection.execute(query)]


def ended(
    connection: Connection, node: str, *, since: float, number: str, agent: str, limit: int
) -> list[CallRecord]:
    """At most ``limit`` of the node's ended calls, newest first.

    Those that *began* at ``since`` (epoch seconds) or later, with that number and that agent; an
    empty text stands for any. Number and agent are looked for row by row (see ``schema``).
    """
    query = select(*_RECORD).where(
        CALLS.c.node == node, CALLS.c.id >= int(since * 1_000_000), CALLS.c.ended.is_not(None)
    )
    if number:
        query = query.where(CALLS.c.number == number)
    if agent:
        query = query.where(CALLS.c.agent == agent)
    rows = connection.execute(query.order_by(CALLS.c.id.desc()).limit(limit))
    return [CallRecord(*row) for row in rows]
