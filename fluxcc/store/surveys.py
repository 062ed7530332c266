"""The surveys' table. Counterparts: ``sql_store`` and ``history``, which call it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple, replace
from sqlalchemy import Connection, select

from fluxcc.domain.surveys import Survey
from fluxcc.store.schema import SURVEYS
from fluxcc.store.statements import delete_rows

_RECORD = [column for column in SURVEYS.c if column.name != "node"]
_ANSWERS = Survey.__struct_fields__.index("answers")


def to_rows(node: str, surveys: Iterable[Survey]) -> list[tuple[Any, ...]]:
    """The surveys as rows of ``SURVEYS``: the answers as a JSON array."""
    rows = []
    for survey in surveys:
        row = list(astuple(survey))
        row[_ANSWERS] = msgspec.json.encode(survey.answers).decode()
        rows.append((node, *row))
    return rows


def search(
    connection: Connection,
    nodes: Sequence[str],
    *,
    since: float,
    group: str,
    agent: str,
    domain: str,
) -> list[Survey]:
    """The surveys offered at ``since`` (epoch seconds) or later, oldest first; an empty group,
    agent or SIP domain stands for any."""
    query = select(*_RECORD).where(SURVEYS.c.node.in_(nodes), SURVEYS.c.offered >= since)
    if group:
        query = query.where(SURVEYS.c.group == group)
    if agent:
        query = query.where(SURVEYS.c.agent == agent)
    if domain:
        query = query.where(SURVEYS.c.domain == domain)
    rows = connection.execute(query.order_by(SURVEYS.c.offered))
    return [_restore(Survey(*row)) for row in rows]


def purge(connection: Connection, node: str, before: float, limit: int) -> int:
    """Delete at most ``limit`` of the node's surveys that were offered before that moment (epoch
    seconds), the oldest first; how many were deleted."""
    old = (
        select(SURVEYS.c.id)
        .where(SURVEYS.c.node == node, SURVEYS.c.offered < before)
        .order_by(SURVEYS.c.offered)
        .limit(limit)
    )
    return delete_rows(connection, SURVEYS, node, old)


def find(
    connection: Connection, node: str, numbers: Collection[str], _after: object
) -> tuple[list[str], None]:
    """The ids of the node's surveys with one of these numbers, all at once: the search is row by
    row, but there are far fewer surveys than calls."""
    query = select(SURVEYS.c.id).where(SURVEYS.c.node == node, SURVEYS.c.number.in_(numbers))
    return list(connection.execute(query).scalars()), None


def erase(connection: Connection, node: str, ids: Sequence[str]) -> None:
    """Delete these surveys."""
    delete_rows(connection, SURVEYS, node, ids)


def _restore(raw: Survey) -> Survey:
    """The survey with its answers in their own type again; ``raw`` has them as the row does."""
    answers: Any = raw.answers
    return replace(raw, answers=msgspec.json.decode(answers, type=tuple[int | None, ...]))
