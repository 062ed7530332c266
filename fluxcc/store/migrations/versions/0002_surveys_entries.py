"""Surveys, what supervisors set, and what became of a transferred call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.add_column("audit", sa.Column("subject", sa.Text, nullable=False, server_default=""))
    op.add_column("audit", sa.Column("sequel", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "surveys",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("offered", sa.Double, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
    )
    op.create_index("surveys_offered", "surveys", ["node", "offered"])
    op.create_table(
        "entries",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("fields", sa.Text, nullable=False),
    )
