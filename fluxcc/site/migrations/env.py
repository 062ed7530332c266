"""Run by alembic: the pending steps, in the transaction that ``migrate`` was called in."""

from __future__ import annotations

from alembic import context

from fluxcc.site.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
