"""Whose number it is beside the number as seen, and how far that has been read for old rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, which is empty in the rows there are (``core.filling`` fills it while the
    daemon runs), and let the indexes on the number be on the person."""
    for table in ("calls", "blocks", "audit", "surveys"):
        op.add_column(table, sa.Column("person", sa.Text, nullable=False, server_default=""))
    for table, last in (("blocks", "since"), ("audit", "id")):
        op.drop_index(f"{table}_number", table)
        op.create_index(f"{table}_person", table, ["node", "person", last])
    op.create_table(
        "readings",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("is_over", sa.Boolean, nullable=False),
    )
