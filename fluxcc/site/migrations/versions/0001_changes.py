"""The site's identity, the last change of each thing, the log of changes, and who writes of the
ends of blocks."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    identity = op.create_table(
        "site_identity",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("least", sa.Text, nullable=False),
        sa.Column("pruned", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.bulk_insert(identity, [{"id": str(uuid4()), "least": "0001", "pruned": 0}])
    text = sa.Text(collation="C")
    op.create_table(
        "site_registers",
        sa.Column("kind", text, primary_key=True),
        sa.Column("key", text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("node", text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "site_log",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("kind", text, nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("node", text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column(
            "written",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.clock_timestamp(),
        ),
    )
    op.create_index("site_log_written", "site_log", ["written"])
    op.create_table(
        "site_expiries",
        sa.Column("block", sa.Text, primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("audit", sa.BigInteger, nullable=False),
    )
