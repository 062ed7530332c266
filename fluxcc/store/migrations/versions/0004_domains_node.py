"""SIP domains: of calls, blocks, requests and surveys, and those that were seen; and the node whose
store it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, which is empty in the rows there are, and the tables; ``store.identity``
    fills its own when the daemon opens the store."""
    for table in ("calls", "blocks", "audit", "surveys"):
        op.add_column(table, sa.Column("domain", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "domains",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seen", sa.Double, nullable=False),
    )
    op.create_table("identity", sa.Column("node", sa.Text, primary_key=True))
