"""What a site of several PBXs needs of each node's store: where and when blocks and entries were
changed, what the site is to be told of, and how far its changes were taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create and add them; the blocks there are were changed before there was a site."""
    op.add_column("blocks", sa.Column("origin", sa.Text, nullable=False, server_default=""))
    op.add_column("blocks", sa.Column("changed", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("blocks", sa.Column("changer", sa.Text, nullable=False, server_default=""))
    op.add_column("blocks", sa.Column("elsewhere", sa.Text, nullable=False, server_default="{}"))
    op.create_table(
        "entry_changes",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("changer", sa.Text, nullable=False),
        sa.Column("is_gone", sa.Boolean, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column(
            "at", sa.Integer, nullable=False, server_default=sa.text("(strftime('%s', 'now'))")
        ),
        sa.UniqueConstraint("node", "kind", "key", name="outbox_record"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_kind", "outbox", ["node", "kind"])
    op.create_table(
        "site_position",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
