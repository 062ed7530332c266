"""``core.ports.Store`` on SQLite or PostgreSQL: what the daemon writes, and reads when it starts.

Counterparts: ``upkeep`` creates and migrates the store, ``history`` has the queries for people,
the file of each table its statements.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DatabaseError, DataError

from fluxcc.core.ports import Batch
from fluxcc.domain.agents import SeenDomain
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.requests import Reply
from fluxcc.domain.retention import RecordKind
from fluxcc.store import audit, blocks, calls, domains, identity, provisioning, surveys
from fluxcc.store.engines import (
    create_reader,
    create_writer,
    parse_url,
    translating,
)
from fluxcc.store.identity import TABLES, Identity
from fluxcc.store.schema import AUDIT, BLOCKS, CALLS, DOMAINS, ENTRIES, SURVEYS
from fluxcc.store.sqlite_file import COMPANIONS, WAL, FileIdentity, SqliteFile, is_corrupt
from fluxcc.store.statements import delete, escape, upsert
from fluxcc.store.upkeep import prepare, replace

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

_KEEPERS: dict[RecordKind, Any] = {
    RecordKind.CALLS: calls,
    RecordKind.SURVEYS: surveys,
    RecordKind.BLOCKS: blocks,
    RecordKind.AUDIT: audit,
}
"""The tables' modules with records of people; each has ``purge``, ``find`` and ``erase``."""


class SqlStore:
    """``core.ports.Store`` on SQLite or PostgreSQL.

    Every method may be called from any thread. Those that write do so one after the other, and
    create, migrate or replace the store where that is needed; those that only read create nothing.

    Every method raises ``StoreUnavailableError``; the constructor too where the URL names neither
    database or its driver is not installed.
    """

    def __init__(self, url: str, node: str) -> None:
        """``node`` is what the configuration names; empty for the store's own."""
        self._url = parse_url(url)
        self._named = node
        self._node = node
        self._file = SqliteFile.of(self._url)
        self._writer = create_writer(self._url)
        self._reader = create_reader(self._url)
        self._upserts = {t: upsert(t, self._writer.dialect) for t in TABLES}
        self._deletion = delete(ENTRIES, self._writer.dialect)
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._is_open = False
        self._identity: FileIdentity | None = None
        self._wal: FileIdentity | None = None
        self.recreated = 0
        """How often the file was found corrupt, deleted or replaced by another one; earlier records
        are not in the new one. When it grows in a ``write``, the caller must write again what is
        still valid, the live blocks first of all."""

    @property
    def node(self) -> str:
        """The node whose rows are read and written; until the store was read, what the
        configuration or else the host calls it."""
        return self._node or identity.host()

    def open(self) -> None:
        """Create or migrate the store. The first ``write`` does so where this was not called."""
        with self._writing, translating(self._url):
            self._open()

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        self._is_open = False
        with self._reading:
            self._reader.dispose()
            self._writer.dispose()

    def write(self, batch: Batch) -> None:
        """Write all of it, or nothing: inserted where new, replaced where the id is known.

        It is on disk when this returns. A text that the database cannot hold (a lone surrogate, on
        PostgreSQL a NUL) is written escaped, so that it does not prevent the other records.
        """
        with self._writing, translating(self._url):
            self._be_ready()
            try:
                self._put(batch)
            except (UnicodeEncodeError, DataError):
                self._put(batch, is_escaped=True)
            except DatabaseError as error:
                if self._file is None or not is_corrupt(error):
                    raise
                log.error("store: %s", error.orig)
                self._begin_anew(self._file)
                self._put(batch)

    def purge(self, kind: RecordKind, before: float, limit: int) -> int:
        """Delete at most ``limit`` records that are older than that moment (epoch seconds), in one
        transaction; how many there were. Live calls and blocks stay."""
        with self._writing, translating(self._url):
            self._be_ready()
            with self._writer.begin() as connection:
                deleted: int = _KEEPERS[kind].purge(connection, self._node, before, limit)
        return deleted

    def erase(self, kind: RecordKind, numbers: Collection[str], limit: int) -> int:
        """Erase at most ``limit`` records of these numbers (every spelling), in one transaction;
        how many there were. Live calls and blocks stay.

        They are searched for before the transaction, so that it is short."""
        ids = self._find(kind, numbers, limit)
        if ids:
            with self._writing, translating(self._url):
                self._be_ready()
                with self._writer.begin() as connection:
                    _KEEPERS[kind].erase(connection, self._node, ids)
        return len(ids)

    def _find(self, kind: RecordKind, numbers: Collection[str], limit: int) -> list[Any]:
        """The ids of at most ``limit`` records of these numbers."""
        found: list[Any] = []
        after: Any = -1
        while after is not None and len(found) < limit:
            # A connection for each part of the search: others read in between.
            with self._connection() as connection:
                ids, after = _KEEPERS[kind].find(connection, self._node, numbers, after)
            found += ids
        return found[:limit]

    def live_blocks(self) -> list[Block]:
        """Every block of this node in state ``live``, also those whose time has passed."""
        with self._connection() as connection:
            return blocks.live(connection, (self._node,))

    def live_calls(self) -> list[CallRecord]:
        """The calls of this node that have no end."""
        with self._connection() as connection:
            return calls.live(connection, (self._node,))

    def entries(self) -> list[Entry]:
        """The groups, rooms and services of this node, by kind and name."""
        with self._connection() as connection:
            return provisioning.read(connection, (self._node,))

    def domains(self) -> list[SeenDomain]:
        """The SIP domains that were seen on this node."""
        with self._connection() as connection:
            return domains.read(connection, self._node)

    def unfinished(self) -> list[AuditRecord]:
        """Those of this node's last requests that began and never ended."""
        with self._connection() as connection:
            return audit.unfinished(connection, self._node)

    def request_ids(self, since: float) -> list[str]:
        """Every request ID that came to this node at ``since`` (epoch seconds) or later."""
        with self._connection() as connection:
            return audit.request_ids(connection, self._node, since)

    def find_reply(self, request: str, since: float) -> Reply | None:
        """The reply to a request ID since that moment (epoch seconds); None without one.

        A request that began and never ended is answered ``outcome-unknown``.
        """
        with self._connection() as connection:
            return audit.find_reply(connection, self._node, request, since)

    def block_history(self, number: str) -> list[Block]:
        """Every block that the canonical number ever had on this node, newest first."""
        with self._connection() as connection:
            return blocks.history(connection, self._node, escape(number))

    def block_times(self, since: float) -> list[tuple[str, str, float]]:
        """Number, SIP domain and beginning (epoch seconds) of this node's blocks that began at
        ``since`` or later and were not taken back."""
        with self._connection() as connection:
            return blocks.times(connection, self._node, since)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        # One reader at a time, and none while the file is replaced: it would go on in the old file,
        # or open an incomplete new one.
        with self._reading, translating(self._url), self._reader.connect() as connection:
            if not self._node:
                self._node = identity.read(connection).node(self._named)
            yield connection

    def _open(self) -> None:
        if prepare(self._writer, self._file):
            self.recreated += 1
        with self._writer.begin() as connection:
            self._take_identity(identity.settle(connection, self._node))
        if self._file:
            self._identity = self._file.identity()
            self._wal = self._file.identity(WAL)
        self._is_open = True

    def _take_identity(self, found: Identity) -> None:
        self._node = found.node(self._named)
        if found.kept and found.kept != self._node:
            log.warning(
                "the store is another node's; what that one stored is not seen until the node is"
                " renamed (fluxcc db rename-node) or pbx.node says the same",
                extra={"store": found.kept, "node": self._node},
            )
        elif found.kept and not self._named and self._node != identity.host():
            log.info(
                "the node keeps the name in its store, though the host has another",
                extra={"node": self._node, "host": identity.host()},
            )
        others = [node for node in found.nodes if node not in (found.kept, self._node)]
        if others and not found.is_shared:
            log.warning(
                "the store has rows of other nodes, which are not seen (fluxcc db rename-node)",
                extra={"nodes": ", ".join(others)},
            )

    def _be_ready(self) -> None:
        if not self._is_open:
            self._open()
        elif self._file and self._file.identity() != self._identity:
            log.error("store: the file was deleted or replaced by another one")
            self._begin_anew(self._file)

    def _begin_anew(self, file: SqliteFile) -> None:
        """Go on with the file that is at the path now, or with a new one. If it is the same file as
        before, it is corrupt and is set aside."""
        self._is_open = False
        self.recreated += 1
        with self._reading:
            self._reader.dispose()
            self._writer.dispose()
            with file.exclusive():
                if file.identity() == self._identity:
                    replace(file)
                elif file.identity(WAL) == self._wal:
                    # The old file's WAL is still there: SQLite would apply it to the new file.
                    file.set_aside(COMPANIONS)
            self._open()

    def _put(self, batch: Batch, *, is_escaped: bool = False) -> None:
        rows: dict[Table, list[Row]] = {
            CALLS: calls.to_rows(self._node, batch.calls),
            BLOCKS: blocks.to_rows(self._node, batch.blocks),
            AUDIT: audit.to_rows(self._node, batch.audit),
            SURVEYS: surveys.to_rows(self._node, batch.surveys),
            ENTRIES: provisioning.to_rows(self._node, batch.entries),
            DOMAINS: domains.to_rows(self._node, batch.domains),
        }
        gone = provisioning.to_keys(self._node, batch.removed)
        if is_escaped:
            rows = {table: _escaped(found) for table, found in rows.items()}
        with self._writer.begin() as connection:
            for table, found in rows.items():
                if found:
                    connection.exec_driver_sql(self._upserts[table], found)
            if gone:
                connection.exec_driver_sql(self._deletion, gone)


def _escaped(rows: list[Row]) -> list[Row]:
    return [tuple(escape(v) if isinstance(v, str) else v for v in row) for row in rows]
