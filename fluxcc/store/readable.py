"""Reads what can be read of a table: one bad row, or one bad page of the file, keeps nothing else.

A row may be bad because something broke (a text where a number belongs), or because a newer version
wrote it (a kind, a state, a code that this one does not know). It is counted and stays as it is.

Where SQLite says that the file is damaged, the table is read in parts, and each part that cannot be
read in two halves, until what cannot be read stands alone. Many rows are changed in the same way.
The file itself is set aside only where a record cannot be *written* for its damage (``sql_store``).

Counterpart: each table's file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, Select, Table, func, literal_column, select
from sqlalchemy.exc import DBAPIError

from fluxcc.store.sqlite_file import PRIMARY_CODE

UNREAD = "unread"
"""The engine's option that has its ``Unread``."""
MOST_FAILURES = 5_000
"""Parts that may be unreadable before the rest is given up: each takes some 50 µs."""
HIGHEST_ROWID = 1 << 48
"""Above every row, where the damage is where the last row would be."""
Built = TypeVar("Built")
Item = TypeVar("Item")

log = logging.getLogger(__name__)


class Unread:
    """How many rows of each table could not be read, at the worst reading so far. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def note(self, table: str, count: int) -> None:
        """So many rows could not be read this time."""
        with self._lock:
            if count <= self._counts.get(table, 0):
                return
            self._counts[table] = count
        log.error(
            "rows of the store cannot be read; they stay as they are",
            extra={"table": table, "rows": count},
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """Table → how many."""
        with self._lock:
            return dict(self._counts)


class Unchanged:
    """The ids of the rows that the file's damage keeps from being changed. Any thread."""

    def __init__(self, unread: Unread) -> None:
        """They are noted as unread."""
        self._unread = unread
        self._ids: dict[str, frozenset[Any]] = {}

    def keep(self, table: Table, ids: Iterable[Any]) -> None:
        """These could not be changed."""
        known = self._ids.get(table.name, frozenset())
        if new := known.union(ids) - known:
            self._ids[table.name] = known | new
            self._unread.note(table.name, len(known | new))

    def count(self, table: Table) -> int:
        """How many they are."""
        return len(self._ids.get(table.name, ()))

    def without(self, table: Table, ids: Iterable[Any]) -> list[Any]:
        """The other ones of these."""
        known = self._ids.get(table.name, frozenset())
        return [id for id in ids if id not in known]


def noting(engine: Engine, unread: Unread) -> Engine:
    """The engine, whose readings note in ``unread`` what they could not read."""
    return engine.execution_options(**{UNREAD: unread})


def is_damage(error: DBAPIError) -> bool:
    """Whether the error says that a part of SQLite's file cannot be read."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & PRIMARY_CODE
    return code == sqlite3.SQLITE_CORRUPT or "Could not decode to UTF-8" in str(error.orig)


def convert(kind: type[Built], row: Iterable[Any]) -> Built:
    """A row as a record whose fields have their types. Raises ``msgspec.ValidationError``."""
    fields = kind.__struct_fields__  # type: ignore[attr-defined]
    return msgspec.convert(dict(zip(fields, row, strict=True)), kind)


def typed(*kinds: Any) -> Callable[..., Any]:
    """What ``read_rows`` makes of a row: a tuple of values of these types."""
    shape = tuple.__class_getitem__(kinds)
    return lambda *row: msgspec.convert(row, shape)


def read_rows(
    connection: Connection,
    query: Select[Any],
    table: Table,
    build: Callable[..., Built],
    parameters: Mapping[str, Any] | None = None,
) -> list[Built]:
    """The records that ``build`` makes of the query's rows, which come from that table; without
    those that cannot be read.

    A damaged table is read in parts, each of which has the query's order and limit, or its one row
    where the query counts.
    """
    missing = 0
    try:
        rows = connection.execute(query, parameters).all()
    except DBAPIError as error:
        if not is_damage(error):
            raise
        salvage = _Salvage(connection, query, table, parameters)
        rows, missing = list(salvage.rows()), salvage.missing
    found = []
    for row in rows:
        try:
            found.append(build(*row))
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError):
            missing += 1
    unread = connection.get_execution_options().get(UNREAD)
    if missing and unread is not None:
        unread.note(table.name, missing)
    return found


def change_rows(
    writer: Engine, items: Sequence[Item], change: Callable[[Connection, Sequence[Item]], object]
) -> list[Item]:
    """Do ``change`` with the items whose rows can be changed, in one transaction, and in more where
    the file's damage keeps it; the items of which it does.

    Not by savepoints: after one was taken back, SQLite calls every further change malformed.
    """
    if not items:
        return []
    try:
        with writer.begin() as connection:
            change(connection, items)
    except DBAPIError as error:
        if not is_damage(error):
            raise
        if len(items) == 1:
            return list(items)
        middle = len(items) // 2
        first = change_rows(writer, items[:middle], change)
        return first + change_rows(writer, items[middle:], change)
    return []


class _Salvage:
    """What can be read of a damaged table."""

    def __init__(
        self,
        connection: Connection,
        query: Select[Any],
        table: Table,
        parameters: Mapping[str, Any] | None,
    ) -> None:
        self._connection = connection
        self._parameters = parameters
        # Not by an index, which may be damaged itself and would lead all over the table. The order
        # stays: of a part with a limit come the rows that the query means.
        self._query = query.with_hint(table, "NOT INDEXED", "sqlite")
        self._rowid: Any = literal_column(f"{table.name}.rowid")
        self._table = table
        self._left = MOST_FAILURES
        self.missing = 0
        """Parts that could not be read: rows, or more where the search was given up."""

    def rows(self) -> Iterator[Any]:
        """The rows."""
        return self._part(0, self._last())

    def _last(self) -> int:
        query = select(func.max(self._rowid)).select_from(self._table)
        try:
            return int(self._connection.execute(query).scalar() or 0)
        except DBAPIError:
            return HIGHEST_ROWID

    def _part(self, first: int, last: int) -> Iterator[Any]:
        try:
            rows = self._connection.execute(
                self._query.where(self._rowid.between(first, last)), self._parameters
            ).all()
        except DBAPIError as error:
            if not is_damage(error):
                raise
            self._left -= 1
            if first == last or self._left <= 0:
                self.missing += 1
                return
            middle = (first + last) // 2
            yield from self._part(first, middle)
            yield from self._part(middle + 1, last)
        else:
            yield from rows
