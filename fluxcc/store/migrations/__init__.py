"""Migrates any older schema to the present one, by alembic.

Looking to change a table? Change ``store.schema``, and add the next file in ``versions``.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from fluxcc.domain.errors import StoreUnavailableError


def migrate(connection: Connection) -> None:
    """Bring the schema up to date, inside the transaction that ``connection`` is in: all or
    nothing, one process at a time by SQLite's write lock. Nothing happens where it is up to date.

    Raises ``StoreUnavailableError`` where a newer fluxcc wrote the schema.
    """
    if is_current(connection):
        return
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnavailableError(f"the store cannot be migrated: {error}") from error


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one that this program knows."""
    heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(_config()).get_heads())


def current_revision(connection: Connection) -> str:
    """The newest step that was taken; empty where none was."""
    return ", ".join(MigrationContext.configure(connection).get_current_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "fluxcc.store:migrations")
    return config
