"""When an agent and a customer parted, what came after the talk, and the memory of live calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns to the calls."""
    op.add_column("calls", sa.Column("parted", sa.Double))
    op.add_column("calls", sa.Column("sequel", sa.Text, nullable=False, server_default=""))
    op.add_column("calls", sa.Column("state", sa.Text, nullable=False, server_default=""))
