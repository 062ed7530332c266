"""Whether the store could be written now, found out without writing anything."""

from __future__ import annotations

from sqlalchemy import false

from fluxcc.store.engines import create_writer, parse_url, translating
from fluxcc.store.schema import CALLS


def try_writing(url: str) -> None:
    """Raises ``StoreUnavailableError`` where a batch could not be written.

    The lock that every batch takes is taken, and a deletion of nothing is asked for: SQLite says no
    to the first where the file or its folder may only be read, PostgreSQL to the second, on a
    standby or without the right to. Creates and changes nothing.
    """
    parsed = parse_url(url)
    engine = create_writer(parsed)
    try:
        with translating(parsed), engine.connect() as connection, connection.begin() as trial:
            connection.execute(CALLS.delete().where(false()))
            trial.rollback()
    finally:
        engine.dispose()
