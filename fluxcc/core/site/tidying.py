"""Keeps the site's history no longer than it is kept here, and makes room for what comes.

What is too old on this node is deleted by ``core.retention`` first, with all its caution. The same
kinds are then deleted in the site: this node's rows by their age, and months that no node keeps so
long as a whole, also those of nodes that are gone.

Counterparts: ``site.months`` and ``site.archive``; a job of ``daemon.jobs`` calls ``step``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fluxcc.core.clocks import both_clocks
from fluxcc.core.ports import Clock, Runtime
from fluxcc.core.retention import PAUSE_BETWEEN_BATCHES, RECORDS_PER_BATCH, Retention
from fluxcc.core.site.port import Site
from fluxcc.domain.errors import SiteUnavailableError

FIRST_AFTER = 10.0
"""Seconds from the daemon's start, so that it does not slow the start."""
PERIOD = 3600.0
"""Seconds between two looks at whether there is anything to do."""
RETRY_AFTER = 60.0
"""Seconds to the next try after one that failed."""

log = logging.getLogger(__name__)


class Tidying:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        node: str,
        retention: Retention,
        runtime: Runtime,
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``apart`` has a native thread of its own, on which the site is asked."""
        self._site = site
        self._node = node
        self._retention = retention
        self._runtime = runtime
        self._apart = apart
        self._clock = clock
        self._due = clock.monotonic() + FIRST_AFTER
        self._applied: float | None = None
        """When the store's own records were deleted that were the last to be followed."""
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the site's tables are known to be there."""
        self.deleted = 0
        """Rows of this node that were deleted from the site's history since the daemon began."""

    def step(self) -> float:
        """Do what is due; the seconds until the next step."""
        wait = self._due - self._clock.monotonic()
        if wait > 0:
            return wait
        if not self.may_begin():
            return FIRST_AFTER
        try:
            self._apart.offload(self._site.keep, self._node, self._retention.ages)
            if self._applied != self._retention.last_done:
                applied = self._retention.last_done
                self._delete()
                self._applied = applied
        except SiteUnavailableError as error:
            log.warning("the site's history was not tidied", extra={"error": str(error)})
            self._due = self._clock.monotonic() + RETRY_AFTER
            return RETRY_AFTER
        self._due = self._clock.monotonic() + PERIOD
        return PERIOD

    def _delete(self) -> None:
        """Delete what is too old, of the kinds of which it was deleted here."""
        now, held = both_clocks(self._clock).earlier, self._retention.held
        for kind, age in self._retention.ages.items():
            if kind in held or self._retention.is_clock_doubted:
                continue
            if dropped := self._apart.offload(self._site.drop, kind, now - age):
                log.info("old history was deleted", extra={"months": ", ".join(dropped)})
            arguments = kind, self._node, now - age, RECORDS_PER_BATCH
            while count := self._apart.offload(self._site.purge, *arguments):
                self.deleted += count
                if count < RECORDS_PER_BATCH:
                    break
                self._runtime.sleep(PAUSE_BETWEEN_BATCHES)
