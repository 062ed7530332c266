"""The calls' table, live and ended ones. Counterparts: ``sql_store`` and ``history``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import astuple
from sqlalchemy import Connection, func, or_, select

from fluxcc.domain.calls import CallRecord, Direction, Outcome
from fluxcc.store.persons import Search, newest
from fluxcc.store.readable import convert, read_rows, typed
from fluxcc.store.schema import CALLS
from fluxcc.store.statements import delete_rows, end_of_window

WINDOW = 20_000
"""Calls that one query searches for a number, so that no query takes long."""
_RECORD = [column for column in CALLS.c if column.name not in ("node", "person")]


def to_rows(
    node: str, records: Iterable[CallRecord], person_of: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """The records as rows of ``CALLS``."""
    return [(node, *astuple(record), person_of(record.number)) for record in records]


def live(connection: Connection, nodes: Sequence[str]) -> list[CallRecord]:
    """The nodes' calls that have no end, in no order."""
    query = select(*_RECORD).where(CALLS.c.node.in_(nodes), CALLS.c.ended.is_(None))
    return read_rows(connection, query, CALLS, _live)


def ended(
    connection: Connection,
    node: str,
    *,
    since: float,
    person: Search | None,
    agent: str,
    domain: str,
    limit: int,
) -> list[CallRecord]:
    """At most ``limit`` of the node's ended calls, newest first.

    Those that *began* at ``since`` (epoch seconds) or later, of that person, agent and SIP
    domain; an empty text or None stands for any. They are looked for row by row (see ``schema``).
    """
    query = select(*_RECORD).where(
        CALLS.c.node == node, CALLS.c.id >= int(since * 1_000_000), CALLS.c.ended.is_not(None)
    )
    if agent:
        query = query.where(CALLS.c.agent == agent)
    if domain:
        query = query.where(CALLS.c.domain == domain)
    return newest(connection, query.order_by(CALLS.c.id.desc()), CALLS, _record, person, limit)


def by_leg(connection: Connection, node: str, leg: str) -> CallRecord | None:
    """The newest of the node's calls with this leg, among the last ``WINDOW``: legs have no
    index."""
    newest = select(CALLS.c.id).where(CALLS.c.node == node).order_by(CALLS.c.id.desc())
    window = newest.limit(WINDOW).subquery()
    query = select(*_RECORD).where(
        CALLS.c.node == node,
        CALLS.c.id >= select(func.min(window.c.id)).scalar_subquery(),
        or_(CALLS.c.customer_leg == leg, CALLS.c.agent_leg == leg),
    )
    query = query.order_by(CALLS.c.id.desc()).limit(1)
    return next(iter(read_rows(connection, query, CALLS, _record)), None)


def old(connection: Connection, node: str, before: float, limit: int) -> list[int]:
    """The ids of at most ``limit`` of the node's ended calls that began before that moment (epoch
    seconds), the oldest first."""
    query = (
        select(CALLS.c.id)
        .where(CALLS.c.node == node, CALLS.c.id < int(before * 1e6), CALLS.c.ended.is_not(None))
        .order_by(CALLS.c.id)
        .limit(limit)
    )
    return [id for (id,) in read_rows(connection, query, CALLS, typed(int))]


def find(
    connection: Connection, node: str, person: Search, after: int
) -> tuple[list[int], int | None]:
    """The ids of the person's ended calls, among the ``WINDOW`` calls of the node after the id
    ``after``, searched row by row (see ``schema``); and the ``after`` of the next search, None at
    the end."""
    last = end_of_window(connection, CALLS, node, after, WINDOW)
    if last is None:
        return [], None
    found = select(CALLS.c.id, CALLS.c.number).where(
        CALLS.c.node == node,
        CALLS.c.id > after,
        CALLS.c.id <= last,
        CALLS.c.ended.is_not(None),
        person.condition,
    )
    return person.ids(read_rows(connection, found, CALLS, typed(int, str))), last


def erase(connection: Connection, node: str, ids: Sequence[int]) -> None:
    """Delete these calls."""
    delete_rows(connection, CALLS, node, ids)


def _record(*row: Any) -> CallRecord:
    return convert(CallRecord, row)


def _live(*row: Any) -> CallRecord:
    """A call that the daemon can go on with: it knows what its direction and outcome mean."""
    record = _record(*row)
    Direction(record.direction)
    Outcome(record.outcome)
    return record
