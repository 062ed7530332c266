"""Run by alembic: the pending steps, in the transaction that ``migrate`` was called in."""

from __future__ import annotations

from alembic import context

from fluxcc.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite's DDL is transactional too where the driver does not interfere (``store.engines``).
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
