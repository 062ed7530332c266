"""How much of a table is too old, before any of it is deleted. Counterpart: ``sql_store``."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, func, select

from fluxcc.domain.blocks import BlockState
from fluxcc.domain.retention import RecordKind
from fluxcc.store.readable import read_rows, typed
from fluxcc.store.schema import AUDIT, BLOCKS, CALLS, SURVEYS


class _Ageing(NamedTuple):
    """How the records of one kind age."""

    table: Table
    moment: ColumnElement[float]
    """From which their age counts; indexed beside the node."""
    unit: float
    """How many of the moment's units are a second."""
    may_go: ColumnElement[bool] | None = None
    """Which of them may be deleted at all; None for each."""


_AGEING: dict[RecordKind, _Ageing] = {
    RecordKind.CALLS: _Ageing(CALLS, CALLS.c.id, 1e6, CALLS.c.ended.is_not(None)),
    RecordKind.SURVEYS: _Ageing(SURVEYS, SURVEYS.c.offered, 1),
    # A block ended after it began, so its age is at most this.
    RecordKind.BLOCKS: _Ageing(BLOCKS, BLOCKS.c.since, 1, BLOCKS.c.state != BlockState.LIVE.value),
    RecordKind.AUDIT: _Ageing(AUDIT, AUDIT.c.id, 1e6),
}


def share(connection: Connection, node: str, kind: RecordKind, before: float, span: float) -> float:
    """Which share of the node's records of that kind is older than that moment (epoch seconds), of
    those that may be deleted; 0 where none is older by more than ``span`` seconds.

    Only then is anything counted: on a day like any other it reads one row.
    """
    ageing = _AGEING[kind]
    conditions = [ageing.table.c.node == node]
    if ageing.may_go is not None:
        conditions.append(ageing.may_go)
    # Both databases read a least value from the index; a damaged table has one in each part.
    least = select(func.min(ageing.moment)).where(*conditions)
    found = read_rows(connection, least, ageing.table, typed(float | None))
    oldest = min((moment for (moment,) in found if moment is not None), default=None)
    if oldest is None or oldest / ageing.unit >= before - span:
        return 0.0

    def count(*further: ColumnElement[bool]) -> int:
        counts = select(func.count()).select_from(ageing.table).where(*conditions, *further)
        return sum(n for (n,) in read_rows(connection, counts, ageing.table, typed(int)))

    every = count()
    return count(ageing.moment < before * ageing.unit) / every if every else 0.0
