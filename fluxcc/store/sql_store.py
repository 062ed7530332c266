"""``core.ports.Store`` on SQLite: what the daemon writes, and reads when it starts.

Counterparts: ``upkeep`` creates and migrates the store, ``batches`` fills its tables, ``history``
has the queries for people, the file of each table its statements.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DatabaseError

from fluxcc.core.ports import Batch, Moment
from fluxcc.domain.agents import SeenDomain
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.persons import AsSeen, Filled, Person
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.requests import Answered
from fluxcc.domain.retention import Place, RecordKind
from fluxcc.store import (
    ageing,
    audit,
    blocks,
    calls,
    domains,
    identity,
    mentions,
    outbox,
    persons,
    provisioning,
    surveys,
)
from fluxcc.store.batches import Batches
from fluxcc.store.engines import (
    LARGEST_WAL_AT_REST,
    create_reader,
    create_writer,
    empty_wal,
    parse_url,
    shorten_wal,
    translating,
)
from fluxcc.store.filling import Filling
from fluxcc.store.lost_log import WriteAheadLog
from fluxcc.store.patience import PatientLock
from fluxcc.store.persons import Plan, Search
from fluxcc.store.readable import Unchanged, Unread, change_rows, noting
from fluxcc.store.sqlite_file import COMPANIONS, WAL, FileIdentity, SqliteFile, is_corrupt
from fluxcc.store.statements import delete_rows
from fluxcc.store.telling import Telling
from fluxcc.store.upkeep import prepare, replace

log = logging.getLogger(__name__)

READ_PATIENCE = 1.0
"""Seconds for which one read waits for another, which may hang: those that wait must not take up
every thread."""
WRITE_PATIENCE = 5.0
"""Seconds for which one transaction waits for another."""

_KEEPERS: dict[RecordKind, Any] = {
    RecordKind.CALLS: calls,
    RecordKind.SURVEYS: surveys,
    RecordKind.BLOCKS: blocks,
    RecordKind.AUDIT: audit,
}
"""The tables' modules with records of people; each has ``old``, ``find`` and ``erase``."""


class SqlStore(Telling):
    """``core.ports.Store`` on SQLite.

    Every method may be called from any thread. Those that write do so one after the other, and
    create, migrate or replace the store where that is needed; those that only read create nothing.

    Every method raises ``StoreUnavailableError``; the constructor too where the URL names no SQLite
    file.
    """

    def __init__(
        self, url: str, node: str, plan: Plan | None = None, *, is_of_site: bool = False
    ) -> None:
        """``node`` is what the configuration names; empty for the store's own. ``plan`` tells whose
        number it is; without it, each number as it was seen is a person's. Where the node
        ``is_of_site``, what the site is to be told of is marked with what is written."""
        self._url = parse_url(url)
        self._named = node
        self._is_of_site = is_of_site
        self._node = node
        self._persons = plan or AsSeen()
        self._file = SqliteFile.of(self._url)
        self._writer = create_writer(self._url)
        self._unread = Unread()
        self._unchanged = Unchanged(self._unread)
        self._reader = noting(create_reader(self._url), self._unread)
        access = (self._connection, self._transaction, self._change_rows)
        self._filling = Filling(
            *access, self._unchanged, self._persons, lambda: self._node, self._mark_changed
        )
        self._batches = Batches(self._writer, self._persons, is_of_site=is_of_site)
        self._reading = PatientLock(READ_PATIENCE)
        self._writing = PatientLock(WRITE_PATIENCE)
        self._is_open = False
        self._identity: FileIdentity | None = None
        self._log: WriteAheadLog | None = None
        self.recreated = 0
        """How often the file was found corrupt, deleted or replaced by another one; earlier records
        are not in the new one. When it grows in a ``write``, the caller must write again what is
        still valid, the live blocks first of all."""

    @property
    def node(self) -> str:
        """The node whose rows are read and written; until the store was read, what the
        configuration or else the host calls it."""
        return self._node or identity.host()

    @property
    def unreadable(self) -> Mapping[str, int]:
        """Table → how many of its rows could not be read since the daemon began."""
        return self._unread.counts

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

        It is on disk when this returns. A text that the database cannot hold (a lone surrogate) is
        written escaped, so that it does not prevent the other records.
        """
        with self._writing, translating(self._url):
            self._be_ready()
            if not any(msgspec.structs.astuple(batch)):
                self._rest()
            try:
                self._batches.put(self._node, batch)
            except UnicodeEncodeError:
                self._batches.put(self._node, batch, is_escaped=True)
            except DatabaseError as error:
                if not is_corrupt(error):
                    raise
                log.error("store: %s", error.orig)
                self._begin_anew(is_damaged=True)
                self._batches.put(self._node, batch)

    def _rest(self) -> None:
        """Nothing is to be written: give back the disk that the write-ahead log took."""
        if self._file.size(WAL) > LARGEST_WAL_AT_REST:
            shorten_wal(self._writer)

    def purge(self, kind: RecordKind, before: float, limit: int) -> int:
        """Delete at most ``limit`` records that are older than that moment (epoch seconds), in one
        transaction; how many there were. Live calls and blocks stay."""

        def find(limit: int) -> list[Any]:
            with self._connection() as connection:
                found: list[Any] = _KEEPERS[kind].old(connection, self._node, before, limit)
            return found

        table = persons.TABLES[kind]
        return self._change(table, find, limit, lambda c, *rest: delete_rows(c, table, *rest))

    def share(self, kind: RecordKind, before: float, span: float) -> float:
        """Which share of the records that ``purge`` may delete it would delete; 0 where none of
        them is older than ``before`` by more than ``span`` seconds."""
        with self._connection() as connection:
            return ageing.share(connection, self._node, kind, before, span)

    def erase(self, kind: RecordKind, person: Person, limit: int) -> int:
        """Erase at most ``limit`` records of this person, in one transaction; how many there were.
        Live calls and blocks stay.

        They are searched for before the transaction, so that it is short."""
        erase = partial(self._erase, kind)
        return self._change(persons.TABLES[kind], partial(self._find, kind, person), limit, erase)

    def _erase(
        self, kind: RecordKind, connection: Connection, node: str, ids: Sequence[Any]
    ) -> None:
        if self._is_of_site:
            outbox.erased(connection, node, kind, ids)
        _KEEPERS[kind].erase(connection, node, ids)

    def erase_mentions(self, kind: RecordKind, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the person's number from the texts of the next records after the id ``after`` (None
        for the first), in one transaction; how many texts, and the ``after`` to go on with, None
        at the end."""
        with self._connection() as connection:
            found = mentions.find(connection, self._node, kind, person, after)
        if found.mentions:
            left = self._change_rows(found.mentions, partial(self._erase_texts, kind))
            self._unchanged.keep(persons.TABLES[kind], (mention[0] for mention in left))
            return len(found.mentions) - len(left), found.after
        return 0, found.after

    def _erase_texts(self, kind: RecordKind, connection: Connection, some: Sequence[Any]) -> None:
        mentions.erase(connection, self._node, kind, some)
        self._mark_changed(connection, kind, [id for id, *_ in some])

    def wipe(self) -> dict[Place, str]:
        """Overwrite what the database still holds of deleted rows: the places where that may be,
        and what is left in each; empty for nothing.

        SQLite zeroes what it deletes (``engines``). Older states of the pages are in the
        write-ahead log until it is written into the file, and in the connections' memory.
        """
        with self._writing, translating(self._url):
            self._be_ready()
            with self._reading:
                self._reader.dispose()
                for engine in (self._reader, self._writer):
                    # A compiled statement keeps the parameters of its first use.
                    engine.clear_compiled_cache()
                is_empty = empty_wal(self._writer)
                self._writer.dispose()
            aside = ", ".join(map(str, self._file.kept_aside()))
        return {Place.FILE: "" if is_empty else "wal", Place.SET_ASIDE: aside}

    def _find(self, kind: RecordKind, person: Person, limit: int) -> list[Any]:
        """The ids of at most ``limit`` records of this person."""
        found: list[Any] = []
        after: Any = -1
        while after is not None and len(found) < limit:
            # A connection for each part of the search: others read in between.
            with self._connection() as connection:
                search = self._search(connection, kind, person)
                ids, after = _KEEPERS[kind].find(connection, self._node, search, after)
            found += ids
        return found[:limit]

    def _search(self, connection: Connection, kind: RecordKind, person: Person) -> Search:
        return Search.of(connection, self._node, kind, person, self._persons.reading)

    def fill(self, limit: int) -> Filled:
        """Read the persons of at most ``limit`` records that were written before numbers were read
        as now; how far that is. A call after a kill goes on where the last one was."""
        return self._filling.step(limit)

    def _change(
        self, table: Table, find: Callable[[int], list[Any]], limit: int, change: Callable[..., Any]
    ) -> int:
        """Do ``change`` with at most ``limit`` of the rows whose ids are found; how many. Fewer
        only where no more are left that can be changed."""
        changed, is_all = 0, False
        while changed < limit and not is_all:
            found = find(limit + self._unchanged.count(table))
            ids = self._unchanged.without(table, found)[: limit - changed]
            left = self._change_rows(ids, lambda c, some: change(c, self._node, some))
            self._unchanged.keep(table, left)
            changed += len(ids) - len(left)
            is_all = not left
        return changed

    def _change_rows(
        self, items: Sequence[Any], change: Callable[[Connection, Sequence[Any]], object]
    ) -> list[Any]:
        with self._writing, translating(self._url):
            self._be_ready()
            return change_rows(self._writer, items, change)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._writing, translating(self._url):
            self._be_ready()
            with self._writer.begin() as connection:
                yield connection

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

    def request_ids(self, since: Moment) -> list[str]:
        """Every request ID that came to this node after that moment by either clock."""
        with self._connection() as connection:
            return audit.request_ids(connection, self._node, since)

    def find_reply(self, request: str, since: Moment) -> Answered | None:
        """The first request of that ID after that moment by either clock, and its reply; None
        without one.

        A request that began and never ended is answered ``outcome-unknown``.
        """
        with self._connection() as connection:
            return audit.find_reply(connection, self._node, request, since)

    def block_history(self, number: str) -> list[Block]:
        """Every block that the canonical number ever had on this node, newest first."""
        person = self._persons.find(number)
        with self._connection() as connection:
            search = self._search(connection, RecordKind.BLOCKS, person)
            return blocks.history(connection, self._node, search)

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
            self._node = identity.take(identity.settle(connection, self._node), self._named)
            if not self._is_of_site:
                outbox.forget_site(connection, self._node)
        self._identity = self._file.identity()
        self._log = WriteAheadLog(self._file, self._writer)
        self._log.note()
        self._is_open = True

    def _be_ready(self) -> None:
        if not self._is_open:
            self._open()
        elif self._file.identity() != self._identity:
            log.error("store: the file was deleted or replaced by another one")
            self._begin_anew(is_damaged=False)
        elif self._log and self._log.is_lost():
            # A log that cannot be saved had what was acknowledged, and the file is damaged by that.
            self._begin_anew(is_damaged=not self._log.save())

    def _begin_anew(self, *, is_damaged: bool) -> None:
        """Go on with the file that is at the path now, or with a new one. The same file as before
        is set aside where it ``is_damaged``; otherwise it goes on as it is."""
        self._is_open = False
        file = self._file
        with self._reading:
            self._reader.dispose()
            self._writer.dispose()
            with file.exclusive():
                is_same = file.identity() == self._identity
                self.recreated += is_damaged or not is_same
                if is_same and is_damaged:
                    replace(file)
                elif not is_same and self._log and self._log.is_there():
                    # The old file's WAL is still there: SQLite would apply it to the new file.
                    file.set_aside(COMPANIONS)
            self._open()
