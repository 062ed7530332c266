"""Which node a store is of: kept in it from its birth, so that it does not hang on the host's name.

A store belongs to one PBX, and knows its name. Counterparts: ``sql_store`` settles the identity
before it writes; ``history`` and ``doctor`` read it; ``fluxcc db rename-node`` changes it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, Table, delete, exists, insert, select, update
from sqlalchemy.exc import DBAPIError

from fluxcc.store.readable import is_damage
from fluxcc.store.schema import (
    AUDIT,
    BLOCKS,
    CALLS,
    DOMAINS,
    ENTRIES,
    ENTRY_CHANGES,
    IDENTITY,
    OUTBOX,
    POSITION,
    READINGS,
    SURVEYS,
)

log = logging.getLogger(__name__)

TABLES: tuple[Table, ...] = (CALLS, BLOCKS, AUDIT, SURVEYS, ENTRIES, DOMAINS)
"""The tables whose rows belong to a node."""


class Identity(msgspec.Struct, frozen=True):
    """What a store says of its node."""

    kept: str
    """The node whose store it is; empty where no daemon has used it yet."""
    nodes: tuple[str, ...]
    """Every node that has rows in it."""

    def node(self, named: str) -> str:
        """The node whose rows count, where the configuration names ``named``; empty for none."""
        return named or self.kept or self.heir or host()

    @property
    def heir(self) -> str:
        """The one node that has rows, which a store without an identity is taken to be of; empty
        where there is none, or more than one."""
        return self.nodes[0] if len(self.nodes) == 1 else ""


def host() -> str:
    """The machine's own name."""
    return socket.gethostname()


def read(connection: Connection) -> Identity:
    """What the store says of its node."""
    kept = connection.execute(select(IDENTITY.c.node)).scalar()
    nodes = {node for table in TABLES for node in _readable_nodes(connection, table)}
    return Identity(kept or "", tuple(sorted(nodes)))


def settle(connection: Connection, named: str) -> Identity:
    """Read the identity of a store, and keep one in it where it has none: the only node that has
    rows, otherwise the configuration's or the host's name."""
    found = read(connection)
    if found.kept:
        return found
    born = found.heir or named or host()
    connection.execute(insert(IDENTITY).values(node=born))
    return msgspec.structs.replace(found, kept=born)


def rename(connection: Connection, old: str, new: str) -> dict[str, int]:
    """Give the rows of one node to another, which becomes the store's own where the old one was;
    how many rows of each table.

    Of a group, room, service or SIP domain that both nodes have, the new one's stays: it is in
    force now.
    """
    identities = {
        ENTRIES: ("kind", "name"),
        ENTRY_CHANGES: ("kind", "name"),
        DOMAINS: ("name",),
        OUTBOX: ("kind", "key"),
    }
    for table, names in identities.items():
        theirs = table.alias()
        is_same = [theirs.c[name] == table.c[name] for name in names]
        has_both = exists().where(theirs.c.node == new, *is_same)
        connection.execute(delete(table).where(table.c.node == old, has_both))
        if table is ENTRIES:
            _forget_changes(connection, old, new)
    # What is marked for the site is still to be told; how far its changes were taken is not known
    # of both together.
    for table in (OUTBOX, ENTRY_CHANGES):
        connection.execute(update(table).where(table.c.node == old).values(node=new))
    connection.execute(delete(POSITION).where(POSITION.c.node.in_((old, new))))
    # How far one node's rows have been read says nothing of both together: they are read anew.
    connection.execute(delete(READINGS).where(READINGS.c.node.in_((old, new))))
    counts = {
        table.name: connection.execute(
            update(table).where(table.c.node == old).values(node=new)
        ).rowcount
        for table in TABLES
    }
    connection.execute(update(IDENTITY).where(IDENTITY.c.node == old).values(node=new))
    return counts


def _forget_changes(connection: Connection, old: str, new: str) -> None:
    """Of an entry that both nodes have, forget when the old one changed its own."""
    is_same = [ENTRIES.c[name] == ENTRY_CHANGES.c[name] for name in ("kind", "name")]
    has_both = exists().where(ENTRIES.c.node == new, *is_same)
    connection.execute(delete(ENTRY_CHANGES).where(ENTRY_CHANGES.c.node == old, has_both))


def take(found: Identity, named: str) -> str:
    """The node whose rows count where the configuration names ``named``; what an administrator
    should know of it goes into the log."""
    node = found.node(named)
    if found.kept and found.kept != node:
        log.warning(
            "the store is another node's; what that one stored is not seen until the node is"
            " renamed (fluxcc db rename-node) or pbx.node says the same",
            extra={"store": found.kept, "node": node},
        )
    elif found.kept and not named and node != host():
        log.info(
            "the node keeps the name in its store, though the host has another",
            extra={"node": node, "host": host()},
        )
    others = [each for each in found.nodes if each not in (found.kept, node)]
    if others:
        log.warning(
            "the store has rows of other nodes, which are not seen (fluxcc db rename-node)",
            extra={"nodes": ", ".join(others)},
        )
    return node


def _readable_nodes(connection: Connection, table: Table) -> list[str]:
    """The nodes that have rows in a table, as far as its file can be read."""
    found: list[str] = []
    try:
        found += _nodes(connection, table)
    except DBAPIError as error:
        if not is_damage(error):
            raise
    return found


def _nodes(connection: Connection, table: Table) -> Iterator[str]:
    """The nodes that have rows in a table. Each is found by the primary key, which begins with it:
    DISTINCT would read millions of rows."""
    after = ""
    query = select(table.c.node).order_by(table.c.node).limit(1)
    while node := connection.execute(query.where(table.c.node > after)).scalar():
        yield node
        after = node
