"""By how much FreeSWITCH's clock was ahead of the machine's when a block's end was set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the rows there are it is not known, and the clocks mostly agree."""
    op.add_column("blocks", sa.Column("ahead", sa.BigInteger, nullable=False, server_default="0"))
