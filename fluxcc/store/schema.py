"""The tables. Their columns are the fields of the domain's records, in the same order, between
``node`` (a store's own name; a site has the same tables with the rows of all its PBXs) and, where
there is a ``number``, the ``person``: the canonical number (``domain.persons``), by which people
search.

The primary key is (node, id). Ids are microseconds of the epoch, so new rows of a node go to the
right-hand end of the table and of its key, however large they are: writing the five-millionth call
costs as much as the first one. For the same reason ``calls`` has no index whose key arrives in
random order (a person, an agent): each insert would touch another page of it. With 5 million calls
an index on the person makes a call's two writes cost 46 µs of CPU in place of 10, and a transaction
that a prank waits for 45 ms at the worst in place of 11; without it a person is found in 1.7 s, by
a process that nobody waits for. History is read by time, which is the primary key; ``audit`` and
``blocks`` are small, and have such indexes.

A change here needs a migration; ``tests/contract/test_migrations.py`` compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

METADATA = MetaData()

CALLS = Table(
    "calls",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("direction", Text, nullable=False),
    Column("customer_leg", Text, nullable=False),
    Column("agent_leg", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("bridged", Double),
    Column("ended", Double),
    Column("cause", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("parted", Double),
    Column("sequel", Text, nullable=False, server_default=""),  # steps, with blanks between them
    Column("state", Text, nullable=False, server_default=""),  # core.calls.memory
    Column("domain", Text, nullable=False, server_default=""),
    Column("is_private", Boolean, nullable=False, server_default=false()),
    Column("person", Text, nullable=False, server_default=""),
)
Index(
    "calls_live",
    CALLS.c.node,
    sqlite_where=CALLS.c.ended.is_(None),
    postgresql_where=CALLS.c.ended.is_(None),
)

BLOCKS = Table(
    "blocks",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("keys", Text, nullable=False),  # a JSON array of texts
    Column("since", Double, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("ended_at", Double),
    Column("ended_by", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_attempt", Double),
    Column("domain", Text, nullable=False, server_default=""),
    Column("is_private", Boolean, nullable=False, server_default=false()),
    Column("nth", Integer, nullable=False, server_default="0"),
    Column("ahead", BigInteger, nullable=False, server_default="0"),
    Column("origin", Text, nullable=False, server_default=""),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Column("changer", Text, nullable=False, server_default=""),
    Column("elsewhere", Text, nullable=False, server_default="{}"),  # a JSON object
    Column("person", Text, nullable=False, server_default=""),
)
Index("blocks_state", BLOCKS.c.node, BLOCKS.c.state, BLOCKS.c.since)
Index("blocks_person", BLOCKS.c.node, BLOCKS.c.person, BLOCKS.c.since)
Index("blocks_since", BLOCKS.c.node, BLOCKS.c.since)

AUDIT = Table(
    "audit",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("request", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("ended", Double),
    Column("language", Text, nullable=False),
    Column("blocked", Boolean),
    Column("expires", BigInteger),
    Column("subject", Text, nullable=False, server_default=""),
    Column("sequel", Text, nullable=False, server_default=""),
    Column("domain", Text, nullable=False, server_default=""),
    Column("is_private", Boolean, nullable=False, server_default=false()),
    Column("nth", Integer, nullable=False, server_default="0"),
    Column("content", Text, nullable=False, server_default=""),
    Column("person", Text, nullable=False, server_default=""),
)
Index("audit_request", AUDIT.c.node, AUDIT.c.request, AUDIT.c.id)
Index("audit_person", AUDIT.c.node, AUDIT.c.person, AUDIT.c.id)
Index("audit_agent", AUDIT.c.node, AUDIT.c.agent, AUDIT.c.id)

SURVEYS = Table(
    "surveys",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("call", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("offered", Double, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("answers", Text, nullable=False),  # a JSON array of numbers and nulls
    Column("domain", Text, nullable=False, server_default=""),
    Column("person", Text, nullable=False, server_default=""),
)
Index("surveys_offered", SURVEYS.c.node, SURVEYS.c.offered)

ENTRIES = Table(
    "entries",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # domain.provisioning.KINDS
    Column("name", Text, primary_key=True),
    Column("fields", Text, nullable=False),  # a JSON object
)

ENTRY_CHANGES = Table(
    "entry_changes",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("changed", BigInteger, nullable=False),
    Column("changer", Text, nullable=False),
    Column("is_gone", Boolean, nullable=False),
)
"""When and on which node of a site each entry was changed last, also one that was removed."""

DOMAINS = Table(
    "domains",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("seen", Double, nullable=False),
)
"""The SIP domains that were seen."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("node", Text, nullable=False),
    Column("kind", Text, nullable=False),  # domain.changes.MarkKind
    Column("key", Text, nullable=False),  # the record's id
    Column("at", Integer, nullable=False, server_default=text("(strftime('%s', 'now'))")),
    UniqueConstraint("node", "kind", "key", name="outbox_record"),
    # An id is never given twice, so that a later mark is always after an earlier one.
    sqlite_autoincrement=True,
)
"""The records of which the site is to be told."""
# Changes are not looked for behind a long queue of history.
Index("outbox_kind", OUTBOX.c.node, OUTBOX.c.kind)

POSITION = Table(
    "site_position",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
)
"""How far the site's changes were taken."""

READINGS = Table(
    "readings",
    METADATA,
    Column("node", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # a RecordKind
    Column("reading", Text, nullable=False),  # domain.persons.name_reading
    Column("after", Text, nullable=False),  # the id of the last row that was read
    Column("is_over", Boolean, nullable=False),
)
"""How far each table's ``person`` is filled; what is written now has it from the beginning."""

IDENTITY = Table("identity", METADATA, Column("node", Text, primary_key=True))
"""The node whose store it is: one row from its birth on (``store.identity``)."""
