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

from fluxcc.store import schema as store

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


def _as_in_store(own: Table, month: str) -> Table:
    """A table of the nodes' stores with the rows of all nodes, in a partition for each month of
    the column ``month``, which is part of its key for that."""
    columns = [
        Column(
            each.name,
            Text(collation=BYTES) if isinstance(each.type, Text) else each.type,
            primary_key=each.primary_key or each.name == month,
            autoincrement=False,
            nullable=each.nullable,
            server_default=getattr(each.server_default, "arg", None),
        )
        for each in own.c
    ]
    return Table(own.name, METADATA, *columns, postgresql_partition_by=f"RANGE ({month})")


CALLS = _as_in_store(store.CALLS, "id")
AUDIT = _as_in_store(store.AUDIT, "id")
SURVEYS = _as_in_store(store.SURVEYS, "offered")
BLOCKS = _as_in_store(store.BLOCKS, "since")
"""Ended calls, requests, surveys and ended blocks. The node is the one on which it was; of a block
that which marked it first."""
# One reader asks for all nodes' newest rows, another for one person's or one agent's.
Index("calls_id", CALLS.c.id)
Index("calls_of_person", CALLS.c.person, CALLS.c.id)
Index("calls_of_agent", CALLS.c.agent, CALLS.c.id)
Index("audit_id", AUDIT.c.id)
Index("audit_of_person", AUDIT.c.person, AUDIT.c.id)
Index("audit_of_agent", AUDIT.c.agent, AUDIT.c.id)
Index("surveys_in_order", SURVEYS.c.offered)
Index("surveys_of_person", SURVEYS.c.person, SURVEYS.c.offered)
Index("blocks_in_order", BLOCKS.c.since)
Index("blocks_of_person", BLOCKS.c.person, BLOCKS.c.since)

KEPT = Table(
    "site_kept",
    METADATA,
    Column("node", Text(collation=BYTES), primary_key=True),
    Column("kind", Text(collation=BYTES), primary_key=True),  # domain.retention.RecordKind
    Column("seconds", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),  # epoch seconds of the server's clock
)
"""For how long each node keeps its records. A month goes once it is too old for all of them."""

NODES = Table(
    "site_nodes",
    METADATA,
    Column("name", Text(collation=BYTES), primary_key=True),
    Column("sign", Text, nullable=False),  # domain.nodes.Sign: the token that was given last
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
