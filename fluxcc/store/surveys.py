"""The surveys' table. Counterparts: ``sql_store`` and ``history``, which call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Connection, select

from fluxcc.domain.surveys import Survey
from fluxcc.store.persons import Search
from fluxcc.store.readable import convert, read_rows, typed
from fluxcc.store.schema import SURVEYS
from fluxcc.store.statements import delete_rows

_RECORD = [column for column in SURVEYS.c if column.name not in ("node", "person")]
_ANSWERS = Survey.__struct_fields__.index("answers")


def to_rows(
    node: str, surveys: Iterable[Survey], person_of: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """The surveys as rows of ``SURVEYS``: the answers as a JSON array."""
    rows = []
    for survey in surveys:
        row = list(astuple(survey))
        row[_ANSWERS] = msgspec.json.encode(survey.answers).decode()
        rows.append((node, *row, person_of(survey.number)))
    return rows


def search(
    connection: Connection,
    node: str,
    *,
    since: float,
    person: Search | None,
    group: str,
    agent: str,
    domain: str,
) -> list[Survey]:
    """The node's surveys offered at ``since`` (epoch seconds) or later, oldest first; an empty
    group, agent or SIP domain stands for any, and so does no person."""
    query = select(*_RECORD).where(SURVEYS.c.node == node, SURVEYS.c.offered >= since)
    if person:
        query = query.where(person.condition)
    if group:
        query = query.where(SURVEYS.c.group == group)
    if agent:
        query = query.where(SURVEYS.c.agent == agent)
    if domain:
        query = query.where(SURVEYS.c.domain == domain)
    found = read_rows(connection, query.order_by(SURVEYS.c.offered), SURVEYS, _restore)
    # A damaged table is read in another order.
    found.sort(key=lambda survey: survey.offered)
    return person.take(found, len(found)) if person else found


def by_ids(connection: Connection, node: str, ids: Sequence[str]) -> list[Survey]:
    """The node's surveys with these ids, as far as they are there."""
    if not ids:
        return []
    query = select(*_RECORD).where(SURVEYS.c.node == node, SURVEYS.c.id.in_(ids))
    return read_rows(connection, query, SURVEYS, _restore)


def old(connection: Connection, node: str, before: float, limit: int) -> list[str]:
    """The ids of at most ``limit`` of the node's surveys that were offered before that moment
    (epoch seconds), the oldest first."""
    query = (
        select(SURVEYS.c.id)
        .where(SURVEYS.c.node == node, SURVEYS.c.offered < before)
        .order_by(SURVEYS.c.offered)
        .limit(limit)
    )
    return [id for (id,) in read_rows(connection, query, SURVEYS, typed(str))]


def find(
    connection: Connection, node: str, person: Search, _after: object
) -> tuple[list[str], None]:
    """The ids of the person's surveys of the node, all at once: the search is row by row, but there
    are far fewer surveys than calls."""
    query = select(SURVEYS.c.id, SURVEYS.c.number).where(SURVEYS.c.node == node, person.condition)
    return person.ids(read_rows(connection, query, SURVEYS, typed(str, str))), None


def erase(connection: Connection, node: str, ids: Sequence[str]) -> None:
    """Delete these surveys."""
    delete_rows(connection, SURVEYS, node, ids)


def _restore(*row: Any) -> Survey:
    """The survey with its answers in their own type again."""
    fields = list(row)
    fields[_ANSWERS] = msgspec.json.decode(row[_ANSWERS])
    return convert(Survey, fields)
