"""The partitions of the history's tables: one a month (UTC), made before a row needs it, dropped
once every row in it is too old.

A partition is created by itself and then attached, which lets others read and write meanwhile;
dropping one locks the whole table, and is given up where the lock is not had soon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Table, text

from fluxcc.domain.retention import RecordKind
from fluxcc.site.schema import AUDIT, BLOCKS, CALLS, SURVEYS

LOCK = 0x666C75786D6F  # "fluxmo"
"""The advisory lock under which partitions are made and dropped."""
AHEAD = 2
"""Months for which there are partitions before they begin."""
LOCK_PATIENCE = "2s"
"""How long the lock on a table is waited for at most; readers wait behind it."""
_MONTH = re.compile(r"_(\d{4})_(\d{2})$")

_OF_TABLE = text(
    """
    SELECT child.relname FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = CAST(:parent AS regclass)
    """
)


class Shelf(NamedTuple):
    """How a kind of record is kept."""

    table: Table
    month: str
    """The column by which it is partitioned."""
    scale: int
    """Its value of a second of the epoch."""
    age: str = ""
    """SQL of the epoch second from which a row's age counts, where that is not the same column."""


SHELVES = {
    RecordKind.CALLS: Shelf(CALLS, "id", 1_000_000),
    RecordKind.AUDIT: Shelf(AUDIT, "id", 1_000_000),
    RecordKind.SURVEYS: Shelf(SURVEYS, "offered", 1),
    RecordKind.BLOCKS: Shelf(BLOCKS, "since", 1, "coalesce(ended_at, since)"),
}


class Month(NamedTuple):
    """A month of the calendar, in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: float) -> Month:
        """That in which the moment (epoch seconds) is. Before 1970 and after 9999 are the first and
        the last one: no clock that is right shows them."""
        found = datetime.fromtimestamp(min(max(moment, 0.0), 253_402_000_000.0), UTC)
        return cls(found.year, found.month)

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def begins(self) -> int:
        """Its first second."""
        return int(datetime(self.year, self.number, 1, tzinfo=UTC).timestamp())

    @property
    def ends(self) -> int | None:
        """The first second after it; None of the last one."""
        return None if self == LAST else self.next.begins

    def name(self, table: Table) -> str:
        """Its partition's."""
        return f"{table.name}_{self.year:04}_{self.number:02}"


LAST = Month(9999, 12)


def now(connection: Connection) -> float:
    """The epoch second by the server's clock."""
    query = text("SELECT extract(epoch FROM clock_timestamp())")
    return float(connection.execute(query).scalar_one())


def ahead(moment: float) -> list[Month]:
    """The month of that moment (epoch seconds), and those for which partitions are made with it."""
    months = [Month.of(moment)]
    for _ in range(AHEAD):
        months.append(months[-1].next)
    return months


def existing(connection: Connection, kind: RecordKind) -> set[Month]:
    """The months for which there is a partition."""
    names = connection.execute(_OF_TABLE, {"parent": SHELVES[kind].table.name}).scalars()
    found = (_MONTH.search(name) for name in names)
    return {Month(int(each[1]), int(each[2])) for each in found if each}


def make(connection: Connection, kind: RecordKind, months: Iterable[Month]) -> None:
    """Make the partitions that are missing; in a transaction, one node at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    shelf = SHELVES[kind]
    for month in sorted(set(months) - existing(connection, kind)):
        name = month.name(shelf.table)
        lower = "MINVALUE" if month == Month(1970, 1) else month.begins * shelf.scale
        upper = "MAXVALUE" if month.ends is None else month.ends * shelf.scale
        connection.execute(text(f"CREATE TABLE {name} (LIKE {shelf.table.name} INCLUDING ALL)"))
        connection.execute(
            text(
                f"ALTER TABLE {shelf.table.name} ATTACH PARTITION {name}"
                f" FOR VALUES FROM ({lower}) TO ({upper})"
            )
        )


def is_missing(error: BaseException) -> bool:
    """Whether a row had no partition: another node may have dropped it."""
    return getattr(getattr(error, "orig", None), "sqlstate", "") == "23514"


def drop(connection: Connection, kind: RecordKind, before: float) -> list[Month]:
    """Drop each month of which every row is older than that moment (epoch seconds); which. In a
    transaction."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    shelf = SHELVES[kind]
    dropped = []
    for month in sorted(existing(connection, kind)):
        if month.ends is None or month.ends > before:
            break
        name = month.name(shelf.table)
        if shelf.age:
            newest = connection.execute(text(f"SELECT max({shelf.age}) FROM {name}")).scalar()  # noqa: S608
            if newest is not None and float(newest) >= before:
                continue
        connection.execute(text(f"DROP TABLE {name}"))
        dropped.append(month)
    return dropped
