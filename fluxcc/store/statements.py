"""Upserts and deletions, as SQL for either database.

Upserts go to the driver as text and tuples (``engines.writing``): on SQLite a call row
takes 7 µs so, and 15 µs where SQLAlchemy prepares the parameters of each row. For that reason the
engines of ``store.engines`` take positional parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from fluxcc.store.readable import is_damage, read_rows, typed


def upsert(table: Table, dialect: Dialect) -> str:
    """SQL that inserts one row, or replaces the row with the same primary key.

    Its parameters are positional, one for each column of the table in the table's order.
    """
    # Imported when needed: an operator waits for these modules with each command.
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


def delete_rows(connection: Connection, table: Table, node: str, ids: Sequence[Any]) -> None:
    """Delete the node's rows with these ids."""
    connection.execute(table.delete().where(table.c.node == node, table.c.id.in_(ids)))


def end_of_window(connection: Connection, table: Table, node: str, after: Any, size: int) -> Any:
    """The last id of the node's next ``size`` rows, in the order of their ids, after the id
    ``after`` (None for the first); None where there are no more."""
    ids = select(table.c.id).where(table.c.node == node).order_by(table.c.id).limit(size)
    if after is not None:
        ids = ids.where(table.c.id > after)
    try:
        return connection.execute(select(func.max(ids.subquery().c.id))).scalar()
    except DBAPIError as error:
        if not is_damage(error):
            raise
    found = read_rows(connection, ids, table, typed(table.c.id.type.python_type))
    return max(sorted(id for (id,) in found)[:size], default=None)


def escape(text: str) -> str:
    """A text that a database can hold: a lone surrogate and a NUL become escape sequences."""
    return text.replace("\0", r"\x00").encode("utf-8", "backslashreplace").decode()
