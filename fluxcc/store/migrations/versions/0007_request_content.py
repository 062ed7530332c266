"""What each request asked for, as a digest: the same request ID with another content is refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the rows there are it is not known."""
    op.add_column("audit", sa.Column("content", sa.Text, nullable=False, server_default=""))
