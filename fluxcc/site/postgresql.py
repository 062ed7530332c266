"""``core.site.port.Site`` on PostgreSQL.

Every method may be called from any thread, and raises ``SiteUnavailableError``; ``wait`` is called
by one thread at a time. The constructor raises it where the URL names no PostgreSQL or psycopg is
not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from fluxcc.core.ports import Batch
from fluxcc.domain.changes import Change, Expiry, SitePosition
from fluxcc.domain.nodes import Hint
from fluxcc.domain.persons import AsSeen, Person
from fluxcc.domain.retention import RecordKind
from fluxcc.site import archive, erasing, months, requests
from fluxcc.site import expiries as ends
from fluxcc.site import log as changes_log
from fluxcc.site.engines import begun, connected, create_pooled, parse_url
from fluxcc.site.listening import Listener
from fluxcc.site.migrations import migrate
from fluxcc.site.months import Month
from fluxcc.store.persons import Plan

LOGGED = 7 * 86_400.0
"""Seconds for which changes are kept in the log, and blocks after their end. A node that was away
for longer takes in the last change of everything."""

_ERASING: tuple[Callable[[Connection, Person, Any], tuple[int, Any]], ...] = (
    erasing.erase,
    archive.erase,
    # Again: what was being offered meanwhile was not seen by the first.
    erasing.erase,
)
"""What erases a person, part after part."""


class PostgresqlSite:
    """One per daemon."""

    def __init__(
        self, url: str, listen_url: str = "", node: str = "", persons: Plan | None = None
    ) -> None:
        """``listen_url`` is the same database without a pooler in between; empty where ``url`` has
        none. ``node`` is this one's name. ``persons`` tells whose number it is; without it, each as
        it was seen is one."""
        self._engine = create_pooled(parse_url(url))
        self._persons = persons or AsSeen()
        self._months: set[tuple[RecordKind, Month]] = set()
        """Those of which it is known that they have a partition."""
        channels = {
            changes_log.CHANNEL: Hint.CHANGES,
            requests.channel(node): Hint.REQUESTS,
            requests.channel(node, requests.REPLY_CHANNEL): Hint.REPLIES,
        }
        self._listener = Listener(parse_url(listen_url or url), channels)

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        self._listener.close()
        self._engine.dispose()

    def open(self) -> SitePosition:
        """Create or migrate the tables; where the changes end now. ``wait`` connects anew."""
        # Other connections may lead to the leader of before.
        self._engine.dispose()
        with begun(self._engine) as connection:
            migrate(connection)
        self._listener.renew()
        with connected(self._engine) as connection:
            return changes_log.place(connection)

    def offer(self, changes: Sequence[Change]) -> None:
        """Record these, each of another thing, where no later change of the same thing is."""
        with connected(self._engine) as connection:
            changes_log.offer(connection, changes)

    def claim(self, node: str, expiries: Sequence[Expiry]) -> list[Expiry]:
        """Those of which the node is to write the audit's row."""
        with connected(self._engine) as connection:
            return ends.claim(connection, node, expiries)

    def hint(self) -> None:
        """Have the other nodes look for changes now."""
        with connected(self._engine) as connection:
            changes_log.hint(connection)

    def changes(self, after: int, limit: int) -> tuple[list[Change], int]:
        """The first ``limit`` changes after that number, in order, and the number of the last."""
        with connected(self._engine) as connection:
            return changes_log.after(connection, after, limit)

    def is_pruned(self, number: int) -> bool:
        """Whether changes after that number are not to be had any more."""
        with connected(self._engine) as connection:
            return changes_log.is_pruned(connection, number)

    def standing(self, after: tuple[str, str], limit: int) -> list[Change]:
        """The last change of each of the next ``limit`` things after that kind and key."""
        with connected(self._engine) as connection:
            return changes_log.standing(connection, after, limit)

    def prune(self) -> None:
        """Delete what no node needs any more."""
        with connected(self._engine) as connection:
            changes_log.prune(connection, LOGGED)
            ends.prune(connection)

    def wait(self, seconds: float) -> Hint:
        """Wait for a hint for so long; what there may be that is new."""
        return self._listener.wait(seconds)

    def record(self, node: str, batch: Batch) -> None:
        """Keep the node's history: ended calls, requests, surveys and ended blocks."""
        sent = archive.prepare(node, batch, self._persons.canonical)
        self._have_months(set(archive.months_of(sent)))
        with connected(self._engine) as connection:
            try:
                archive.put(connection, sent)
            except IntegrityError as error:
                if months.is_missing(error):
                    # Another node has dropped it. It is made anew at the next try.
                    self._months.clear()
                raise

    def _have_months(self, needed: set[tuple[RecordKind, Month]]) -> None:
        missing = needed - self._months
        for kind in {kind for kind, _ in missing}:
            with begun(self._engine) as connection:
                months.make(connection, kind, (month for each, month in missing if each is kind))
        self._months |= needed

    def recorded(self, node: str) -> float | None:
        """When the node's last call began of which there is history (epoch seconds)."""
        with connected(self._engine) as connection:
            return archive.recorded(connection, node)

    def erase(self, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the person from the next rows: how many, and the ``after`` to go on with, None at
        the end; it is None for the beginning."""
        part, reached = after or (0, None)
        with connected(self._engine) as connection:
            count, reached = _ERASING[part](connection, person, reached)
        if reached is None:
            part += 1
        return count, (part, reached) if part < len(_ERASING) else None

    def keep(self, node: str, ages: Mapping[RecordKind, float]) -> None:
        """Note for how long (seconds) the node keeps its records; make the partitions of the next
        months."""
        with connected(self._engine) as connection:
            now = months.now(connection)
            archive.tell_ages(connection, node, ages, now)
        self._months.clear()
        self._have_months({(kind, month) for kind in RecordKind for month in months.ahead(now)})

    def drop(self, kind: RecordKind, before: float) -> list[str]:
        """Drop the months that are older than that moment (epoch seconds), and than any node keeps
        such records by the server's clock; their names."""
        with begun(self._engine) as connection:
            kept = archive.oldest_kept(connection, kind, months.now(connection))
            dropped = months.drop(connection, kind, before if kept is None else min(before, kept))
        self._months -= {(kind, month) for month in dropped}
        return [f"{kind} {month.year:04}-{month.number:02}" for month in dropped]

    def purge(self, kind: RecordKind, node: str, before: float, limit: int) -> int:
        """Delete at most ``limit`` of the node's rows of history that are older than that moment
        (epoch seconds); how many there were."""
        with connected(self._engine) as connection:
            return archive.purge(connection, kind, node, before, limit)
