"""Which nodes there are, their live calls, and requests on their way to where their call is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    text, moment = sa.Text(collation="C"), sa.DateTime(timezone=True)
    op.create_table(
        "site_nodes",
        sa.Column("name", text, primary_key=True),
        sa.Column("sign", sa.Text, nullable=False),
        sa.Column("seen", moment, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "site_live_calls",
        sa.Column("node", text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("names", ARRAY(text), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index(
        "site_live_calls_names",
        "site_live_calls",
        ["names"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "site_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("taken", moment),
        prefixes=["UNLOGGED"],
    )
    op.create_index(
        "site_requests_waiting",
        "site_requests",
        ["target"],
        postgresql_where=sa.text("taken IS NULL"),
    )
    op.create_table(
        "site_replies",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        prefixes=["UNLOGGED"],
    )
