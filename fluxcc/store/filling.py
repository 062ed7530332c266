"""Reads the persons of records that were written before numbers were read as now, part by part.

Counterparts: ``sql_store`` owns it; ``persons`` has its statements, ``core.filling`` its pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from sqlalchemy import Connection

from fluxcc.domain.persons import Filled
from fluxcc.domain.retention import RecordKind
from fluxcc.store import persons
from fluxcc.store.persons import Plan, Position
from fluxcc.store.readable import Unchanged
from fluxcc.store.statements import escape

Connecting = Callable[[], AbstractContextManager[Connection]]


class Filling:
    """The filling of one node's tables. One per store."""

    def __init__(
        self,
        reading: Connecting,
        writing: Connecting,
        change: Callable[..., list[Any]],
        unchanged: Unchanged,
        plan: Plan,
        node: Callable[[], str],
        changed: Callable[[Connection, RecordKind, Sequence[Any]], None],
    ) -> None:
        """``change`` is ``change_rows`` on this store. ``node`` is asked while a connection is
        open: before the first one it may be unknown. ``changed`` is called with the ids of rows in
        the transaction that changes them."""
        self._changed = changed
        self._change = change
        self._reading = reading
        self._writing = writing
        self._node = node
        self._persons = plan
        self._unchanged = unchanged

    def step(self, limit: int) -> Filled:
        """Read the persons of at most ``limit`` records that were written before numbers were read
        as now; how far that is. A call after a kill goes on where the last one was."""
        reading = self._persons.reading
        with self._reading() as connection:
            places = persons.positions(connection, self._node())
        if dict.fromkeys(persons.TABLES, reading) != {k: p.reading for k, p in places.items()}:
            # What is being written meanwhile as numbers were read before is on disk after this, and
            # is among the rows that are read again.
            with self._writing() as connection:
                persons.begin(connection, self._node(), reading)
            return Filled(0, tuple(persons.TABLES))
        unread = tuple(kind for kind in persons.TABLES if not places[kind].is_over)
        return self._fill(unread, places[unread[0]], limit) if unread else Filled(0, ())

    def _fill(self, unread: tuple[RecordKind, ...], place: Position, limit: int) -> Filled:
        kind = unread[0]
        with self._reading() as connection:
            part = persons.part(connection, self._node(), kind, place.after, limit)
        # Outside of the transaction: reading takes longer than writing, and others wait to write.
        changed = []
        for id, number, known in part.rows:
            person = escape(self._persons.canonical(number)) if number else ""
            if person != known:
                changed.append((id, number, person))
            # Lets the event loop have Python's lock after each number, and not after 5 ms.
            time.sleep(0)
        after = place.after if part.last is None else str(part.last)
        if changed:
            left = self._change(changed, partial(self._put, kind))
            self._unchanged.keep(persons.TABLES[kind], (id for id, _, _ in left))
        with self._writing() as connection:
            now = Position(place.reading, after, part.is_over)
            persons.go_on(connection, self._node(), kind, now)
        if part.is_over:
            return Filled(len(part.rows), unread[1:])
        reached = part.last / 1e6 if kind is RecordKind.CALLS else None
        return Filled(len(part.rows), unread, reached)

    def _put(self, kind: RecordKind, connection: Connection, some: Sequence[Any]) -> None:
        persons.put(connection, self._node(), kind, some)
        self._changed(connection, kind, [id for id, _, _ in some])
