"""The tables that the nodes of a site share. Their texts are ordered as Python orders them.

A change here needs a migration, which only adds: during an upgrade a node of the version before
works with the tables of this one (``migrations``).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    MetaData,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY

METADATA = MetaData()
BYTES = "C"
"""The collation in which texts are ordered by code points."""

IDENTITY = Table(
    "site_identity",
    METADATA,
    Column("id", Text, primary_key=True),  # drawn when the tables were created
    Column("least", Text, nullable=False),  # the oldest revision whose programs may work with it
    Column("pruned", BigInteger, nullable=False, server_default="0"),
)
"""One row. ``pruned`` is the number of the last change that is in the log no more."""

REGISTERS = Table(
    "site_registers",
    METADATA,
    Column("kind", Text(collation=BYTES), primary_key=True),  # domain.changes.Kind
    Column("key", Text(collation=BYTES), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("node", Text(collation=BYTES), nullable=False),
    Column("body", Text, nullable=False),
)
"""The last change of each thing that the whole site has."""

LOG = Table(
    "site_log",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=True),
    Column("kind", Text(collation=BYTES), nullable=False),
    Column("key", Text(collation=BYTES), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("node", Text(collation=BYTES), nullable=False),
    Column("body", Text, nullable=False),
    Column(
        "written",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
)
"""Every change that counted, in the order in which it did (``log``)."""
Index("site_log_written", LOG.c.written)

EXPIRIES = Table(
    "site_expiries",
    METADATA,
    Column("block", Text, primary_key=True),
    Column("until", BigInteger, primary_key=True, autoincrement=False),
    Column("node", Text, nullable=False),  # the one that writes the audit's row
    Column("audit", BigInteger, nullable=False),  # the row's id
)
"""Which node writes of each block that its time has passed: the one whose row is here."""

NODES = Table(
    "site_nodes",
    METADATA,
    Column("name", Text(collation=BYTES), primary_key=True),
    Column("seen", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),  # domain.nodes.NodeState
)
"""Every node, and when it was last heard of, by the server's clock."""

# What follows is not worth a write to the disk: a node tells it again where it is lost.
LIVE_CALLS = Table(
    "site_live_calls",
    METADATA,
    Column("node", Text(collation=BYTES), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("names", ARRAY(Text(collation=BYTES)), nullable=False),  # NodeCall.names
    Column("body", Text, nullable=False),  # NodeCall
    prefixes=["UNLOGGED"],
)
"""The calls that are live on each node."""
Index(
    "site_live_calls_names",
    LIVE_CALLS.c.names,
    postgresql_using="gin",
    postgresql_with={"fastupdate": "off"},
)

REQUESTS = Table(
    "site_requests",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("content", Text, nullable=False),  # Asked.content
    Column("sender", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),  # empty once it was taken: it may name a person
    Column("at", DateTime(timezone=True), nullable=False),
    Column("taken", DateTime(timezone=True)),
    prefixes=["UNLOGGED"],
)
"""Requests that went to the node on which their call is."""
Index("site_requests_waiting", REQUESTS.c.target, postgresql_where=REQUESTS.c.taken.is_(None))

REPLIES = Table(
    "site_replies",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""Their replies, until the nodes that asked have them."""
