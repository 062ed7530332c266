"""Callers who asked that their number be shown to nobody, of calls, blocks and requests; and which
block of its number a block is, where blocks grow on repeaters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of the rows there are nobody asked for privacy, and none grew."""
    for table in ("calls", "blocks", "audit"):
        op.add_column(
            table, sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false())
        )
    for table in ("blocks", "audit"):
        op.add_column(table, sa.Column("nth", sa.Integer, nullable=False, server_default="0"))
