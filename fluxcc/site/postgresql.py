"""``core.site.port.Site`` on PostgreSQL.

Every method may be called from any thread, and raises ``SiteUnavailableError``; ``wait`` is called
by one thread at a time. The constructor raises it where the URL names no PostgreSQL or psycopg is
not installed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fluxcc.domain.changes import Change, Expiry, SitePosition
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import Hint
from fluxcc.site import expiries as ends
from fluxcc.site import log as changes_log
from fluxcc.site import requests
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.listening import Listener
from fluxcc.site.migrations import migrate

log = logging.getLogger(__name__)

LOGGED = 7 * 86_400.0
"""Seconds for which changes are kept in the log, and blocks after their end. A node that was away
for longer takes in the last change of everything."""


class PostgresqlSite:
    """One per daemon."""

    def __init__(self, url: str, listen_url: str = "", node: str = "") -> None:
        """``listen_url`` is the same database without a pooler in between; empty where ``url`` has
        none. ``node`` is this one's name."""
        self._engine = create_pooled(parse_url(url))
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
        """Listen, create or migrate the tables; where the changes end now."""
        # Other connections may lead to the leader of before.
        self._engine.dispose()
        with connected(self._engine) as connection:
            begun = connection.execution_options(isolation_level="READ COMMITTED")
            with begun.begin():
                migrate(begun)
        try:
            self._listener.connect()
        except SiteUnavailableError as error:
            log.warning("no hints come from the site", extra={"reason": str(error)})
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
