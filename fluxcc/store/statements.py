"""Upserts as both databases write them, in the driver's own words.

They go to the driver as text and tuples (``Connection.exec_driver_sql``): on SQLite a call row
costs half of what it does where SQLAlchemy prepares the parameters of each row (7 µs and 15 µs,
side by side). The engines of ``store.engines`` take positional parameters for that reason.
"""

from __future__ import annotations

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect


def upsert(table: Table, dialect: Dialect) -> str:
    """SQL that inserts one row, or replaces what stands under its primary key.

    Its parameters are positional, one for each column of the table in the table's order.
    """
    insert = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    statement = insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={c.name: insert.excluded[c.name] for c in table.c if not c.primary_key},
    )
    return str(statement.compile(dialect=dialect))


def delete(table: Table, dialect: Dialect) -> str:
    """SQL that deletes one row; its positional parameters are the primary key's columns."""
    statement = table.delete().where(*(column == bindparam(None) for column in table.primary_key))
    return str(statement.compile(dialect=dialect))
