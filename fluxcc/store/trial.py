"""Finds out whether the store could be written now, without writing. Counterpart: ``doctor``."""

from __future__ import annotations

from sqlalchemy import false

from fluxcc.store.engines import create_writer, parse_url, translating
from fluxcc.store.schema import CALLS


def try_writing(url: str) -> None:
    """Raises ``StoreUnavailableError`` where a batch could not be written.

    It takes the lock that every batch takes, and deletes no rows: SQLite refuses the first where
    the file or its folder is read-only, PostgreSQL the second on a standby or without the right to
    delete. It creates and changes nothing.
    """
    parsed = parse_url(url)
    engine = create_writer(parsed)
    try:
        with translating(parsed), engine.connect() as connection, connection.begin() as trial:
            connection.execute(CALLS.delete().where(false()))
            trial.rollback()
    finally:
        engine.dispose()
