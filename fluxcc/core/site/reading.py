"""Takes in what was changed elsewhere in the site.

Changes have numbers, and none is added before one that could be read (``site.log``), so a node asks
for what comes after the last number that it took: after each connect, at each hint, and every few
seconds without one. The number goes into the store with the changes or after them, never before.

A node that is new, or that finds another database behind the same name (after a failover to a
replica that lacked the last changes, or from a backup), takes in the last change of everything, and
offers anew what was changed here. Counterparts: ``applying``, ``feeding``, ``hearing``,
``core.site.port``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fluxcc.core.backoff import Backoff
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.core.site.applying import Applying
from fluxcc.core.site.port import Site
from fluxcc.domain.changes import MICROSECONDS, Kind, SitePosition
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError

PER_PAGE = 500
"""Changes that are read and applied at once."""
POLL = 2.0
"""Seconds after which changes are looked for though no hint came."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries to reach a site that failed."""
PRUNED_EVERY = 3600.0
"""Seconds after which the site is rid of what no node needs any more."""
OFFERED_AGAIN = 7 * 86_400.0
"""Seconds since when changes of ended blocks are offered to a database that may lack them."""

log = logging.getLogger(__name__)


class Reading:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        store: Store,
        applying: Applying,
        journal: Journal,
        runtime: Runtime,
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``apart`` has native threads of its own, on which the site is asked."""
        self._site = site
        self._store = store
        self._applying = applying
        self._journal = journal
        self._runtime = runtime
        self._apart = apart
        self._clock = clock
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._news = runtime.latch()
        self._news.set(True)
        self.is_open = False
        """Whether the site was reached, and it is known which server it is."""
        self._position: SitePosition | None = None
        self._prune_at = clock.monotonic() + PRUNED_EVERY
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the store's own blocks are in memory, which come first."""
        self.mark_history: Callable[[float], None] = lambda now: None
        """Marks the last history again, at that moment (epoch seconds)."""
        self.have_marked: Callable[[], None] = lambda: None
        """Called when the outbox was filled again."""
        self.was_open = False
        """Whether the site was reached in this life, so that its tables are there."""
        self.failure = ""
        """Why the site could not be read last; empty where it was."""
        self.taken = 0
        """Changes that were read since the daemon began."""

    @property
    def number(self) -> int:
        """The last change that was taken in."""
        return self._position.number if self._position is not None else 0

    def look(self) -> None:
        """Look for changes now."""
        self._news.set(True)

    def open_again(self) -> None:
        """Look for changes now, and at first whether this is still the same server."""
        self.is_open = False
        self.look()

    def step(self) -> float:
        """Wait for a hint, and read what is new; the seconds until the next step."""
        self._news.wait(POLL)
        self._news = self._runtime.latch()
        pause = self.read()
        if pause:
            self.look()
        return pause

    def read(self) -> float:
        """Take in everything that is new; the seconds until that is to be tried again."""
        if not self.may_begin():
            return FIRST_PAUSE
        try:
            if not self.is_open:
                self._open()
            while self._read_page():
                pass
            self._prune()
        except (SiteUnavailableError, StoreUnavailableError) as error:
            return self._fail(error)
        self._succeed()
        return 0.0

    def _fail(self, error: Exception) -> float:
        if not self.failure:
            log.error("the site cannot be read", extra={"error": str(error)})
        self.failure = str(error)
        self.is_open = False
        return self._backoff.next()

    def _succeed(self) -> None:
        if self.failure:
            log.info("the site is read again", extra={"taken": self.taken})
        self.failure = ""
        self._backoff.reset()

    def _open(self) -> None:
        """Connect; where this is not the database of before, take everything in."""
        if self._position is None:
            self._position = self._runtime.offload(self._store.position)
        found: SitePosition = self._apart.offload(self._site.open)
        known = self._position
        is_new = known is None or known.site != found.site or known.number > found.number
        if known is None or is_new or self._apart.offload(self._site.is_pruned, known.number):
            since = int((self._clock.now() - OFFERED_AGAIN) * MICROSECONDS)
            self._runtime.offload(self._store.mark_again, since)
            self.mark_history(self._clock.own())
            self._take_standing(("", ""))
            self._move(found)
            self.have_marked()
        elif not self.was_open:
            # Of blocks that were not the last ones here an earlier life kept no counts, and one of
            # an earlier version could not read every entry. In the order of kinds blocks come
            # first, and are not among these.
            self._take_standing((Kind.ENTRY, ""))
        self.is_open = self.was_open = True

    def _take_standing(self, after: tuple[str, str]) -> None:
        """Take in the last change of each thing after that kind and key."""
        while page := self._apart.offload(self._site.standing, after, PER_PAGE):
            self._applying.apply(page)
            self.taken += len(page)
            after = page[-1].kind, page[-1].key

    def _read_page(self) -> bool:
        """Take the next changes in; whether there may be more."""
        position = self._position
        if position is None:
            return False
        changes, number = self._apart.offload(self._site.changes, position.number, PER_PAGE)
        if changes:
            self._applying.apply(changes)
            self.taken += len(changes)
            self._move(SitePosition(position.site, number))
        return len(changes) == PER_PAGE

    def _prune(self) -> None:
        if self._clock.monotonic() >= self._prune_at:
            self._apart.offload(self._site.prune)
            self._prune_at = self._clock.monotonic() + PRUNED_EVERY

    def _move(self, position: SitePosition) -> None:
        self._position = position
        self._journal.note(position)
