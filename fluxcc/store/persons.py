"""The column ``person`` of every table with a number: searched by, and filled for old rows.

A row has its person from the beginning, as numbers are read when it is written. Rows of an earlier
reading (``domain.persons``) are read again in the order of their ids; ``READINGS`` keeps how far
that is, once the rows are changed, so that a killed daemon goes on where it was.
Until it is over, a search finds the rows that have the digits in which a person's numbers end, and
reads each.

Counterparts: ``sql_store`` and ``history``, and each table's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select

from fluxcc.domain.persons import AsSeen, Person, Persons
from fluxcc.domain.retention import RecordKind
from fluxcc.store.readable import read_rows, typed
from fluxcc.store.schema import AUDIT, BLOCKS, CALLS, READINGS, SURVEYS
from fluxcc.store.statements import end_of_window, escape

Plan = Persons | AsSeen
TABLES: dict[RecordKind, Table] = {
    RecordKind.AUDIT: AUDIT,
    RecordKind.BLOCKS: BLOCKS,
    RecordKind.SURVEYS: SURVEYS,
    RecordKind.CALLS: CALLS,
}
"""The tables with numbers, in the order in which they are filled: the small ones first."""


_KINDS = frozenset(RecordKind)


class Numbered(Protocol):
    """A record with a number in it."""

    @property
    def id(self) -> Any:
        """Newer ones are greater."""

    @property
    def number(self) -> str:
        """As it was seen."""


Record = TypeVar("Record", bound=Numbered)


class Search:
    """How the rows of one person are found in a node's table."""

    def __init__(self, person: Person, condition: ColumnElement[bool], *, is_exact: bool) -> None:
        self._person = person
        self.condition = condition
        """What the rows have; others may have it too, unless it ``is_exact``."""
        self.is_exact = is_exact

    @classmethod
    def of(
        cls, connection: Connection, node: str, kind: RecordKind, person: Person, reading: str
    ) -> Search:
        """A search by the person, where the whole table was read so; otherwise by the digits."""
        table = TABLES[kind]
        if is_over(connection, node, kind, reading):
            return cls(person, table.c.person == escape(person.canonical), is_exact=True)
        if not person.ending:
            seen = {escape(person.seen), escape(person.canonical)}
            return cls(person, table.c.number.in_(seen), is_exact=True)
        # Anything may be between them: a number may be stored with punctuation.
        digits = f"%{'%'.join(person.ending)}%"
        return cls(person, table.c.number.like(digits), is_exact=False)

    def take(self, records: Iterable[Record], limit: int) -> list[Record]:
        """At most ``limit`` of the records: those that are the person's."""
        theirs = (r for r in records if self.is_exact or self._person.has(r.number))
        return list(islice(theirs, limit))

    def ids(self, rows: Iterable[Any]) -> list[Any]:
        """The ids among rows of (id, number): those that are the person's."""
        return [id for id, number in rows if self.is_exact or self._person.has(number)]


def newest(
    connection: Connection,
    query: Select[Any],
    table: Table,
    build: Callable[..., Record],
    person: Search | None,
    limit: int,
) -> list[Record]:
    """The first ``limit`` records of a query of that table by falling ids, those of one person
    where one is given."""
    if person is not None:
        query = query.where(person.condition)
    if person is None or person.is_exact:
        query = query.limit(limit)
    found = read_rows(connection, query, table, build)
    # A damaged table is read in another order, and in parts of which each has the limit.
    found.sort(key=lambda record: record.id, reverse=True)
    return found[:limit] if person is None else person.take(found, limit)


class Position(msgspec.Struct, frozen=True):
    """How far a table of a node is filled."""

    reading: str
    after: str
    """The id of the last row that was read; empty at the beginning."""
    is_over: bool


def is_over(connection: Connection, node: str, kind: RecordKind, reading: str) -> bool:
    """Whether each row of the table has the person of this reading."""
    found = positions(connection, node).get(kind)
    return found is not None and found.is_over and found.reading == reading


def positions(connection: Connection, node: str) -> dict[RecordKind, Position]:
    """How far each table is filled; nothing where it has not begun."""
    columns = (READINGS.c.kind, READINGS.c.reading, READINGS.c.after, READINGS.c.is_over)
    query = select(*columns).where(READINGS.c.node == node)
    rows = read_rows(connection, query, READINGS, typed(str, str, str, bool))
    return {
        RecordKind(kind): Position(reading, after, is_over)
        for kind, reading, after, is_over in rows
        # A newer version may keep others.
        if kind in _KINDS
    }


def begin(connection: Connection, node: str, reading: str) -> None:
    """Begin to fill every table for another reading."""
    connection.execute(READINGS.delete().where(READINGS.c.node == node))
    beginning = {"node": node, "reading": reading, "after": "", "is_over": False}
    rows = [{**beginning, "kind": kind.value} for kind in TABLES]
    connection.execute(READINGS.insert(), rows)


class Part(NamedTuple):
    """The next rows of a table."""

    rows: list[tuple[Any, str, str]]
    """Id, number and person of each, in the order of the ids; without those that cannot be read."""
    last: Any
    """The last id, also where its row cannot be read; None without a row."""
    is_over: bool
    """Whether no row is after them."""


def part(connection: Connection, node: str, kind: RecordKind, after: str, limit: int) -> Part:
    """The next ``limit`` rows after that id."""
    table = TABLES[kind]
    of_id = table.c.id.type.python_type
    first = of_id(after) if after else None
    last = end_of_window(connection, table, node, first, limit)
    if not isinstance(last, of_id):
        # An id of another type is of a bad row, and SQLite orders it after all good ones.
        return Part(_between(connection, table, node, first, None), None, is_over=True)
    rows = _between(connection, table, node, first, last)
    is_over = end_of_window(connection, table, node, last, 1) is None
    return Part(rows, last, is_over)


def _between(
    connection: Connection, table: Table, node: str, after: Any, last: Any
) -> list[tuple[Any, str, str]]:
    query = select(table.c.id, table.c.number, table.c.person).where(table.c.node == node)
    if after is not None:
        query = query.where(table.c.id > after)
    if last is not None:
        query = query.where(table.c.id <= last)
    build = typed(table.c.id.type.python_type, str, str)
    return sorted(read_rows(connection, query, table, build))


def put(
    connection: Connection, node: str, kind: RecordKind, persons: Sequence[tuple[Any, str, str]]
) -> None:
    """Write the persons, given as (id, number, person). A row whose number was erased meanwhile
    stays as it is."""
    table = TABLES[kind]
    statement = (
        table.update()
        .where(
            table.c.node == node,
            table.c.id == bindparam("of_id"),
            table.c.number == bindparam("of_number"),
        )
        .values(person=bindparam("is_of"))
    )
    rows = [{"of_id": id, "of_number": n, "is_of": person} for id, n, person in persons]
    connection.execute(statement, rows)


def go_on(connection: Connection, node: str, kind: RecordKind, position: Position) -> None:
    """Write how far it is, where the filling is still of that reading."""
    connection.execute(
        READINGS.update()
        .where(
            READINGS.c.node == node,
            READINGS.c.kind == kind.value,
            READINGS.c.reading == position.reading,
        )
        .values(after=position.after, is_over=position.is_over)
    )
