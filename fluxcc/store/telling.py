"""What a node's store does for its site: it keeps what the site is to be told of, and how far the
site's changes were taken.

Counterparts: ``sql_store`` is such a store, ``outbox`` has the statements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from fluxcc.core.ports import Marked, Waiting
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Mark, MarkKind, SitePosition
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.shared_entries import EntryStamp
from fluxcc.store import blocks, outbox, provisioning
from fluxcc.store.statements import escape


class Telling(ABC):
    """A store, as far as its site is concerned."""

    _node: str
    _is_of_site: bool

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Connection]:
        """A connection that reads, in a ``with``."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]:
        """A transaction, in a ``with``."""

    def ended_changes(self, since: int) -> list[Block]:
        """The ended blocks of this node that were changed in a site at ``since`` (microseconds of
        the epoch) or later, and those of a site that were changed while it was in none."""
        with self._connection() as connection:
            return blocks.ended_changes(connection, self._node, since)

    def position(self) -> SitePosition | None:
        """How far this node took the site's changes; None before the first one."""
        with self._connection() as connection:
            return outbox.position(connection, self._node)

    def marked(self, kinds: Collection[MarkKind], after: int, limit: int) -> Marked:
        """The first ``limit`` marks of these kinds with an id after ``after``, and their records as
        they are now."""
        with self._connection() as connection:
            return outbox.marked(connection, self._node, kinds, after, limit)

    def waiting(self) -> Waiting:
        """How much the site is still to be told."""
        with self._connection() as connection:
            return outbox.waiting(connection, self._node)

    def mark_again(self, since: int) -> None:
        """Mark for the site every live block that was changed on this node last, those that were
        changed at ``since`` (microseconds of the epoch) or later, and every entry: the node that
        changed it may be gone."""
        with self._connection() as connection:
            ids = outbox.changed_here(connection, self._node, since)
            things = provisioning.things(connection, self._node)
        marks = [Mark(MarkKind.BLOCK, id) for id in ids]
        marks += [Mark(MarkKind.ENTRY, thing) for thing in things]
        with self._transaction() as connection:
            outbox.mark(connection, self._node, marks)

    def entry_stamps(self) -> list[EntryStamp]:
        """When and where this node's entries were changed in a site, also those that are gone."""
        with self._connection() as connection:
            return provisioning.stamps(connection, self._node)

    def forget_removed(self, person: Person) -> None:
        """Forget that this person's number was protected, where it is not any more and the site
        knows that."""
        with self._connection() as connection:
            names = provisioning.removed(connection, self._node, person)
        if names:
            with self._transaction() as connection:
                provisioning.forget(connection, self._node, names)

    def mark_history(self, since: float, after: Any) -> Any:
        """Mark for the site the next rows of history that began at ``since`` (epoch seconds) or
        later, after the place ``after`` (None for the beginning); where to go on, None at the end.
        """
        with self._transaction() as connection:
            return outbox.mark_history(connection, self._node, since, after)

    def mark_erasure(self, number: str) -> None:
        """Mark that the person with this number is to be erased from the site."""
        with self._transaction() as connection:
            outbox.mark(connection, self._node, [Mark(MarkKind.ERASURE, escape(number))])

    def _mark_changed(self, connection: Connection, kind: RecordKind, ids: Sequence[Any]) -> None:
        """Have the site's history take in these rows as they are now."""
        if self._is_of_site:
            outbox.mark_rows(connection, self._node, kind, ids)
