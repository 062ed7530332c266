"""Prepares a store: creates it, migrates it, sets a corrupt file aside, reads the revision,
tries whether it could be written, tells and renames its node.

Counterparts: ``sql_store`` calls it before it writes; ``fluxcc db`` and ``doctor`` use it too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, false
from sqlalchemy.exc import DatabaseError

from fluxcc.store import identity, outbox
from fluxcc.store.engines import create_reader, create_writer, parse_url, translating
from fluxcc.store.identity import Identity
from fluxcc.store.schema import CALLS
from fluxcc.store.sqlite_file import SqliteFile, is_corrupt

log = logging.getLogger(__name__)


def upgrade(url: str) -> Path | None:
    """Create the store where it is missing, and bring its schema up to date.

    Safe in two processes at once. Returns the name under which a corrupt SQLite file was set
    aside, None where that was not needed. Raises ``StoreUnavailableError``.
    """
    parsed = parse_url(url)
    with _opened(parsed, create_writer) as engine:
        return prepare(engine, SqliteFile.of(parsed))


def revision(url: str) -> str:
    """The schema's revision (``0002``); empty where there is no schema or no store yet, or only a
    corrupt file that ``upgrade`` would set aside.

    Changes and creates nothing. Raises ``StoreUnavailableError``.
    """
    from fluxcc.store.migrations import current_revision  # noqa: PLC0415  # alembic takes its time

    parsed = parse_url(url)
    file = SqliteFile.of(parsed)
    if file.identity() is None:
        return ""
    with _opened(parsed, create_reader) as engine, engine.connect() as connection:
        try:
            return current_revision(connection)
        except DatabaseError as error:
            if not is_corrupt(error):
                raise
            return ""


def is_current(url: str) -> bool:
    """Whether the schema is the one that this program knows; changes and creates nothing.

    Raises ``StoreUnavailableError``, also where there is no such file.
    """
    from fluxcc.store.migrations import is_current as is_schema_current  # noqa: PLC0415  # alembic takes its time

    with _opened(parse_url(url), create_reader) as engine, engine.connect() as connection:
        return is_schema_current(connection)


def try_writing(url: str) -> None:
    """Raises ``StoreUnavailableError`` where a batch could not be written.

    It takes the lock that every batch takes, which SQLite refuses where the file or its folder is
    read-only, and deletes no rows. It creates and changes nothing.
    """
    with (
        _opened(parse_url(url), create_writer) as engine,
        engine.connect() as connection,
        connection.begin() as trial,
    ):
        connection.execute(CALLS.delete().where(false()))
        trial.rollback()


def read_identity(url: str) -> Identity:
    """Which node the store is of; changes and creates nothing. Raises ``StoreUnavailableError``."""
    with _opened(parse_url(url), create_reader) as engine, engine.connect() as connection:
        return identity.read(connection)


def rename_node(url: str, old: str, new: str) -> dict[str, int]:
    """Give everything that one node stored to another (``identity.rename``), all or nothing; no
    daemon may run meanwhile. Raises ``StoreUnavailableError``."""
    with _opened(parse_url(url), create_writer) as engine, engine.begin() as connection:
        return identity.rename(connection, old, new)


def leave_site(url: str, node: str) -> int:
    """Forget how far the node took its site's changes, and what the site was still to be told; how
    many records that were. No daemon may run meanwhile. Raises ``StoreUnavailableError``."""
    with _opened(parse_url(url), create_writer) as engine, engine.begin() as connection:
        return outbox.leave(connection, node)


@contextmanager
def _opened(url: URL, create: Callable[[URL], Engine]) -> Iterator[Engine]:
    """An engine for one use. The database's errors become ``StoreUnavailableError``."""
    engine = create(url)
    try:
        with translating(url):
            yield engine
    finally:
        engine.dispose()


def prepare(engine: Engine, file: SqliteFile) -> Path | None:
    """As ``upgrade``, on an engine without an open connection."""
    with file.exclusive():
        file.create()
        try:
            _migrate(engine)
        except DatabaseError as error:
            if not is_corrupt(error):
                raise
            log.error("store: %s", error.orig)
        else:
            return None
        # Closed before it is renamed: SQLite finds the companions by their names.
        engine.dispose()
        aside = replace(file)
        _migrate(engine)
        return aside


def _migrate(engine: Engine) -> None:
    from fluxcc.store.migrations import migrate  # noqa: PLC0415  # alembic takes its time

    with engine.begin() as connection:
        migrate(connection)


def replace(file: SqliteFile) -> Path:
    """Set a corrupt file aside, and begin a new one; the name of the old one."""
    aside = file.set_aside()
    log.error("store: the corrupt file was set aside as %s, and a new one created", aside)
    file.create()
    return aside
