"""The node whose store it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add its table. ``store.identity`` fills it when the daemon opens the store."""
    op.create_table("identity", sa.Column("node", sa.Text, primary_key=True))
