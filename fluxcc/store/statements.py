"""Upserts as both databases write them, in the driver's own words; and how rows are deleted.

Upserts go to the driver as text and tuples (``Connection.exec_driver_sql``): on SQLite a call row
costs half of what it does where SQLAlchemy prepares the parameters of each row (7 µs and 15 µs,
side by side). The engines of ``store.engines`` take positional parameters for that reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam
from sqlalchemy.engine import Dialect


def upsert(table: Table, dialect: Dialect) -> str:
    """SQL that inserts one row, or replaces what stands under its primary key.

    Its parameters are positional, one for each column of the table in the table's order.
    """
    # An operator waits for these modules; the one for PostgreSQL has a tenth of a question's time.
    dialects = import_module(f"sqlalchemy.dialects.{dialect.name}")
    insert = dialects.insert(table)
    statement = insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={c.name: insert.excluded[c.name] for c in table.c if not c.primary_key},
    )
    return str(statement.compile(dialect=dialect))


def delete(table: Table, dialect: Dialect) -> str:
    """SQL that deletes one row; its positional parameters are the primary key's columns."""
    statement = table.delete().where(*(column == bindparam(None) for column in table.primary_key))
    return str(statement.compile(dialect=dialect))


def delete_some(connection: Connection, table: Table, node: str, ids: Select[Any]) -> int:
    """Delete the node's rows whose ids that query names; how many there were."""
    statement = table.delete().where(table.c.node == node, table.c.id.in_(ids))
    return connection.execute(statement).rowcount


def delete_rows(connection: Connection, table: Table, node: str, ids: Sequence[Any]) -> None:
    """Delete the node's rows with these ids."""
    connection.execute(table.delete().where(table.c.node == node, table.c.id.in_(ids)))


def escape(text: str) -> str:
    """A text as a database can hold it: a lone surrogate and a NUL are written as such."""
    return text.replace("\0", r"\x00").encode("utf-8", "backslashreplace").decode()
