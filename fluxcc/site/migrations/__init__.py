"""Creates and migrates the site's tables, by alembic; whichever node starts first does it.

Looking to change a table? Change ``site.schema``, and add the next file in ``versions``. A step
only adds, so that nodes of the version before go on: a site is upgraded node by node. ``least`` in
``site_identity`` is the oldest revision whose programs may work with the tables; a step that an
older program would not survive sets it to its own, and every node has to be upgraded before.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.site.schema import IDENTITY

LOCK = 0x666C757863  # "fluxc"
"""The advisory lock that is held during a migration."""
VERSION_TABLE = "site_version"


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, inside the transaction that ``connection`` is in: all or
    nothing, one node at a time. Nothing happens where they are up to date, or of a newer program
    that this one may work beside.

    Raises ``SiteUnavailableError`` where it may not.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    config = _config()
    script = ScriptDirectory.from_config(config)
    found = set(_context(connection).get_current_heads())
    if found == set(script.get_heads()):
        return
    known = {step.revision for step in script.walk_revisions()}
    if found - known:
        least = connection.execute(select(IDENTITY.c.least)).scalar()
        if least not in known:
            raise SiteUnavailableError(
                f"the site's tables need a newer fluxcc (revision {least} or later)"
            )
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision(connection: Connection) -> str:
    """The newest step that was taken; empty where none was."""
    return ", ".join(_context(connection).get_current_heads())


def newest() -> str:
    """The newest step that this program knows."""
    return ", ".join(ScriptDirectory.from_config(_config()).get_heads())


def is_unknown(revision: str) -> bool:
    """Whether a step is one of a later program."""
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    return bool(revision) and revision not in known


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "fluxcc.site:migrations")
    config.attributes["version_table"] = VERSION_TABLE
    return config
