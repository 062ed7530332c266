"""The store's queries for people: ended calls, blocks, audit, surveys, of one node or several.

Counterparts: ``sql_store`` writes what is read here; the ``fluxcc`` command and ``doctor`` read it,
also while the daemon is down.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.persons import AsSeen
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.shared_entries import EntryStamp
from fluxcc.domain.surveys import Survey
from fluxcc.store import audit, blocks, calls, identity, provisioning, surveys
from fluxcc.store.engines import create_reader, parse_url, translating
from fluxcc.store.persons import Plan, Search
from fluxcc.store.readable import Unread, noting
from fluxcc.store.statements import escape

Searched = TypeVar("Searched", AuditRecord, CallRecord)
Record = TypeVar("Record")


class History:
    """One store, read only: it creates and changes nothing.

    Every method may be called from any thread, and raises ``StoreUnavailableError``; the
    constructor too where the URL names no SQLite file.
    """

    def __init__(self, url: str, nodes: Sequence[str], persons: Plan | None = None) -> None:
        """``nodes`` are the names of the PBXs whose rows are read; an empty one stands for the
        store's own. A number means the person as ``persons`` reads it, in every spelling that was
        ever stored; without it, the rows in which it was seen so."""
        self._url = parse_url(url)
        self._persons = persons or AsSeen()
        self._nodes = tuple(nodes)
        self._unread = Unread()
        self._engine = noting(create_reader(self._url), self._unread)
        self._reading = threading.Lock()

    @property
    def unreadable(self) -> Mapping[str, int]:
        """Table → how many of its rows could not be read so far."""
        return self._unread.counts

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        with self._reading:
            self._engine.dispose()

    def ended_calls(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> list[CallRecord]:
        """At most ``limit`` ended calls that began at ``since`` (epoch seconds) or later, newest
        first; an empty number, agent or SIP domain stands for any."""
        about = {"agent": agent, "domain": domain}
        return self._search(RecordKind.CALLS, calls.ended, since, number, limit, **about)

    def audit(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> list[AuditRecord]:
        """At most ``limit`` requests that came at ``since`` (epoch seconds) or later, newest
        first; an empty number, agent or SIP domain stands for any."""
        about = {"agent": agent, "domain": domain}
        return self._search(RecordKind.AUDIT, audit.search, since, number, limit, **about)

    def surveys(
        self,
        *,
        since: float = 0,
        number: str = "",
        group: str = "",
        agent: str = "",
        domain: str = "",
    ) -> list[Survey]:
        """The surveys that were offered at ``since`` (epoch seconds) or later, oldest first; an
        empty number, group, agent or SIP domain stands for any."""
        with self._connection() as connection:
            found = [
                surveys.search(
                    connection,
                    node,
                    since=since,
                    person=self._person(connection, node, RecordKind.SURVEYS, number),
                    group=escape(group),
                    agent=escape(agent),
                    domain=domain,
                )
                for node in self._nodes
            ]
        return list(merge(*found, key=lambda survey: survey.offered))

    def blocks(self, limit: int) -> list[Block]:
        """At most ``limit`` blocks in any state, newest first."""
        with self._connection() as connection:
            found = [blocks.newest(connection, node, limit) for node in self._nodes]
        return _newest(found, lambda block: block.since, limit)

    def live_blocks(self) -> list[Block]:
        """Every block in state ``live``, also those whose time has passed; newest first."""
        with self._connection() as connection:
            return blocks.live(connection, self._nodes)

    def live_calls(self) -> list[CallRecord]:
        """The calls that have no end."""
        with self._connection() as connection:
            return calls.live(connection, self._nodes)

    def call(self, leg: str) -> CallRecord | None:
        """The call with this leg, live or ended, among the newest ones."""
        with self._connection() as connection:
            found = [calls.by_leg(connection, node, escape(leg)) for node in self._nodes]
        return next((call for call in found if call is not None), None)

    def entries(self) -> list[Entry]:
        """The groups, rooms and services, by kind and name."""
        with self._connection() as connection:
            return provisioning.read(connection, self._nodes)

    def entry_stamps(self) -> list[EntryStamp]:
        """When and where the entries were changed in a site, also those that are gone."""
        with self._connection() as connection:
            return [each for node in self._nodes for each in provisioning.stamps(connection, node)]

    def _search(
        self,
        kind: RecordKind,
        query: Callable[..., list[Searched]],
        since: float,
        number: str,
        limit: int,
        **about: str,
    ) -> list[Searched]:
        wanted = {name: escape(text) for name, text in about.items()}
        with self._connection() as connection:
            found = [
                query(
                    connection,
                    node,
                    since=since,
                    person=self._person(connection, node, kind, number),
                    limit=limit,
                    **wanted,
                )
                for node in self._nodes
            ]
        return _newest(found, lambda record: record.id, limit)

    def _person(
        self, connection: Connection, node: str, kind: RecordKind, number: str
    ) -> Search | None:
        if not number:
            return None
        person = self._persons.find(number)
        return Search.of(connection, node, kind, person, self._persons.reading)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._reading, translating(self._url), self._engine.connect() as connection:
            if "" in self._nodes:
                found = identity.read(connection)
                self._nodes = tuple(found.node(named) for named in self._nodes)
            yield connection


def _newest(
    found: Iterable[list[Record]], moment: Callable[[Record], float], limit: int
) -> list[Record]:
    """At most ``limit`` records of all nodes, newest first; each node's are in that order already.

    One query for all nodes would sort the whole history of all of them before the limit counts.
    """
    return list(islice(merge(*found, key=moment, reverse=True), limit))
