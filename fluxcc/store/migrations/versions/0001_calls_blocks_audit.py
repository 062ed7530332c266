"""The first three tables: calls, blocks, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    calls = op.create_table(
        "calls",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("customer_leg", sa.Text, nullable=False),
        sa.Column("agent_leg", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("bridged", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    is_live = calls.c.ended.is_(None)
    op.create_index("calls_live", "calls", ["node"], sqlite_where=is_live, postgresql_where=is_live)
    op.create_table(
        "blocks",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_attempt", sa.Double),
    )
    op.create_index("blocks_state", "blocks", ["node", "state", "since"])
    op.create_index("blocks_number", "blocks", ["node", "number", "since"])
    op.create_index("blocks_since", "blocks", ["node", "since"])
    op.create_table(
        "audit",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("blocked", sa.Boolean),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_index("audit_request", "audit", ["node", "request", "id"])
    op.create_index("audit_number", "audit", ["node", "number", "id"])
    op.create_index("audit_agent", "audit", ["node", "agent", "id"])
