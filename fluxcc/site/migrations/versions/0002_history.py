"""History of every node: ended calls, requests, surveys, ended blocks, in partitions by month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

text = sa.Text(collation="C")


def upgrade() -> None:
    """Create the tables, without a partition; a node makes those that it needs."""
    op.create_table(
        "calls",
        sa.Column("node", text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("direction", text, nullable=False),
        sa.Column("customer_leg", text, nullable=False),
        sa.Column("agent_leg", text, nullable=False),
        sa.Column("number", text, nullable=False),
        sa.Column("agent", text, nullable=False),
        sa.Column("group", text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("bridged", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("cause", text, nullable=False),
        sa.Column("outcome", text, nullable=False),
        sa.Column("parted", sa.Double),
        sa.Column("sequel", text, nullable=False, server_default=""),
        sa.Column("state", text, nullable=False, server_default=""),
        sa.Column("domain", text, nullable=False, server_default=""),
        sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("person", text, nullable=False, server_default=""),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("calls_id", "calls", ["id"])
    op.create_index("calls_of_agent", "calls", ["agent", "id"])
    op.create_index("calls_of_person", "calls", ["person", "id"])
    op.create_table(
        "audit",
        sa.Column("node", text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("request", text, nullable=False),
        sa.Column("action", text, nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("agent", text, nullable=False),
        sa.Column("call", text, nullable=False),
        sa.Column("number", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("status", text, nullable=False),
        sa.Column("code", text, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("language", text, nullable=False),
        sa.Column("blocked", sa.Boolean),
        sa.Column("expires", sa.BigInteger),
        sa.Column("subject", text, nullable=False, server_default=""),
        sa.Column("sequel", text, nullable=False, server_default=""),
        sa.Column("domain", text, nullable=False, server_default=""),
        sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("nth", sa.Integer, nullable=False, server_default="0"),
        sa.Column("content", text, nullable=False, server_default=""),
        sa.Column("person", text, nullable=False, server_default=""),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("audit_id", "audit", ["id"])
    op.create_index("audit_of_agent", "audit", ["agent", "id"])
    op.create_index("audit_of_person", "audit", ["person", "id"])
    op.create_table(
        "surveys",
        sa.Column("node", text, primary_key=True),
        sa.Column("id", text, primary_key=True),
        sa.Column("call", text, nullable=False),
        sa.Column("number", text, nullable=False),
        sa.Column("group", text, nullable=False),
        sa.Column("agent", text, nullable=False),
        sa.Column("direction", text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("offered", sa.Double, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("answers", text, nullable=False),
        sa.Column("domain", text, nullable=False, server_default=""),
        sa.Column("person", text, nullable=False, server_default=""),
        postgresql_partition_by="RANGE (offered)",
    )
    op.create_index("surveys_in_order", "surveys", ["offered"])
    op.create_index("surveys_of_person", "surveys", ["person", "offered"])
    op.create_table(
        "blocks",
        sa.Column("node", text, primary_key=True),
        sa.Column("id", text, primary_key=True),
        sa.Column("number", text, nullable=False),
        sa.Column("keys", text, nullable=False),
        sa.Column("since", sa.Double, primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("by", text, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("call", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("ended_by", text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_attempt", sa.Double),
        sa.Column("domain", text, nullable=False, server_default=""),
        sa.Column("is_private", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("nth", sa.Integer, nullable=False, server_default="0"),
        sa.Column("ahead", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("origin", text, nullable=False, server_default=""),
        sa.Column("changed", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("changer", text, nullable=False, server_default=""),
        sa.Column("elsewhere", text, nullable=False, server_default="{}"),
        sa.Column("person", text, nullable=False, server_default=""),
        postgresql_partition_by="RANGE (since)",
    )
    op.create_index("blocks_in_order", "blocks", ["since"])
    op.create_index("blocks_of_person", "blocks", ["person", "since"])
    op.create_table(
        "site_kept",
        sa.Column("node", text, primary_key=True),
        sa.Column("kind", text, primary_key=True),
        sa.Column("seconds", sa.BigInteger, nullable=False),
        sa.Column("told", sa.BigInteger, nullable=False),
    )
