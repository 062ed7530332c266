"""Reads the persons of records that were written before numbers were read as now, in small steps.

Counterpart: ``sql_store`` gives its connections; ``persons`` has the statements.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from fluxcc.domain.persons import Filled
from fluxcc.domain.retention import RecordKind
from fluxcc.store import persons
from fluxcc.store.persons import Plan, Position
from fluxcc.store.statements import escape

Connected = Callable[[], AbstractContextManager[Connection]]


def fill(
    connected: Connected,
    begun: Connected,
    node: Callable[[], str],
    plan: Plan,
    limit: int,
    changed: Callable[[Connection, RecordKind, Sequence[Any]], None],
) -> Filled:
    """Read the persons of at most ``limit`` records; how far that is. A call after a kill goes on
    where the last one was. ``begun`` makes a transaction, in which ``changed`` is called with the
    ids of the rows that it changes; ``node`` is known once the store was read."""
    reading = plan.reading
    with connected() as connection:
        places = persons.positions(connection, node())
    if {place.reading for place in places.values()} != {reading}:
        # What is being written meanwhile as numbers were read before is on disk after this, and
        # is among the rows that are read again.
        with begun() as connection:
            persons.begin(connection, node(), reading)
        return Filled(0, tuple(persons.TABLES))
    unread = tuple(kind for kind in persons.TABLES if not places[kind].is_over)
    if not unread:
        return Filled(0, ())
    kind, place = unread[0], places[unread[0]]
    with connected() as connection:
        rows = persons.part(connection, node(), kind, place.after, limit)
    # Outside of the transaction: reading takes longer than writing, and others wait to write.
    found = _read(rows, plan)
    is_over = len(rows) < limit
    after = str(rows[-1][0]) if rows else place.after
    with begun() as connection:
        persons.put(connection, node(), kind, found, Position(place.reading, after, is_over))
        changed(connection, kind, [id for id, _, _ in found])
    if is_over:
        return Filled(len(rows), unread[1:])
    reached = rows[-1][0] / 1e6 if kind is RecordKind.CALLS else None
    return Filled(len(rows), unread, reached)


def _read(rows: Sequence[tuple[Any, str, str]], plan: Plan) -> list[tuple[Any, str, str]]:
    """The rows whose person is another one than is known, with that one."""
    changed = []
    for id, number, known in rows:
        person = escape(plan.canonical(number)) if number else ""
        if person != known:
            changed.append((id, number, person))
        # Lets the event loop have Python's lock after each number, and not after 5 ms.
        time.sleep(0)
    return changed
