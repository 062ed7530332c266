"""Makes SQLAlchemy's engines from a URL, and translates SQLAlchemy's errors.

One engine writes, on one connection; another reads. Making one touches neither disk nor network: an
engine connects when it is first used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from fluxcc.domain.errors import StoreUnavailableError

BUSY_TIMEOUT = 1.0
"""Seconds SQLite waits for another process to unlock the file."""
BEGIN = "BEGIN IMMEDIATE"
"""Takes SQLite's lock for writing at once."""
CHECKPOINTS = 3
"""Tries to empty the write-ahead log, each of which waits ``BUSY_TIMEOUT`` for readers."""
LARGEST_WAL_AT_REST = 8 * 1024 * 1024
"""Bytes; twice the log after which SQLite writes it into the file by itself."""


def parse_url(url: str) -> URL:
    """The URL in parts. Raises ``StoreUnavailableError`` where it names no file of SQLite's."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed
    # The text is not repeated: it may hold a password.
    raise StoreUnavailableError("the store's URL must be sqlite:///…")


def create_writer(url: URL) -> Engine:
    """The engine that writes: one connection, whose transactions hold the write lock from the
    start. An SQLite file must exist (``sqlite_file``)."""
    engine = _create_sqlite(url, pool_size=1, max_overflow=0)
    event.listen(engine, "connect", _use_wal)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def create_reader(url: URL) -> Engine:
    """The engine that reads, without transactions over several statements."""
    engine = _create_sqlite(url)
    event.listen(engine, "connect", _refuse_writes)
    return engine


def _create_sqlite(url: URL, **options: Any) -> Engine:
    # mode=rw: SQLite never creates the file by itself, neither for a reader (who may be another
    # user) nor, empty and unmigrated, in the place of one that was deleted.
    name = f"file:{quote(str(url.database))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(name, uri=True, timeout=BUSY_TIMEOUT, check_same_thread=False)

    engine = create_engine(url, creator=connect, hide_parameters=True, **options)
    event.listen(engine, "connect", _leave_transactions_to_us)
    return engine


def _leave_transactions_to_us(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own way begins a transaction only at the first INSERT: not before DDL, and
    # without the write lock.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    # A committed transaction survives a power failure too.
    connection.execute("PRAGMA synchronous = FULL")
    # Once its readers let it begin anew, the write-ahead log is cut off to this; otherwise it would
    # stay as large as it became during a long reading.
    connection.execute(f"PRAGMA journal_size_limit = {LARGEST_WAL_AT_REST}").fetchone()
    # Erased records are overwritten with zeros.
    connection.execute("PRAGMA secure_delete = ON").fetchone()


def _refuse_writes(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only = ON")


@contextmanager
def writing(writer: Engine) -> Iterator[DBAPICursor]:
    """A transaction of the engine that writes, in a ``with``, as its driver's cursor.

    SQLAlchemy's ``Connection`` around it took as much CPU as all the rest, 0.3 ms, and an agent
    waits for it. Raises SQLAlchemy's errors all the same.
    """
    dialect = writer.dialect
    connection: PoolProxiedConnection | None = None
    try:
        connection = writer.raw_connection()
        cursor = connection.cursor()
        cursor.execute(BEGIN)
        yield cursor
        connection.commit()
    except dialect.loaded_dbapi.Error as error:
        if connection is not None and dialect.is_disconnect(error, connection, None):
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error
    finally:
        if connection is not None:
            # Rolls back what was not committed.
            connection.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql(BEGIN)


def empty_wal(writer: Engine) -> bool:
    """Write SQLite's write-ahead log into the file and cut it off; False where another process
    reads an older state for so long that it could not be done now."""
    # Not in a transaction: a checkpoint waits for all of them.
    connection = writer.raw_connection()
    try:
        for _ in range(CHECKPOINTS):
            is_busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not is_busy:
                return True
    finally:
        connection.close()
    return False


def shorten_wal(writer: Engine) -> None:
    """As ``empty_wal``, without waiting for anybody: where others read, the next try may do it."""
    connection = writer.raw_connection()
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA busy_timeout = 0").fetchone()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}").fetchone()
        connection.close()


@contextmanager
def translating(url: URL) -> Iterator[None]:
    """Raise errors of SQLAlchemy, a driver or the file system as ``StoreUnavailableError``, in a
    ``with``.

    Its text names the file and the reason, in one line without a row's contents.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailableError(f"{url.database}: {_reason(error)}") from None


def _reason(error: SQLAlchemyError | OSError) -> str:
    if isinstance(error, DBAPIError):
        text = str(error.orig).partition("\n")[0]
    elif isinstance(error, OSError):
        text = error.strerror or type(error).__name__
    else:
        text = str(error).partition("\n")[0]
    return " ".join(text.split())
