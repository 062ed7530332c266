"""A node's part in its site's history, put together: it is told, kept as long as here, and erased.

Counterparts: ``core.core`` makes one where there is a site, ``daemon.jobs`` runs its jobs.
"""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.core.retention import Retention
from fluxcc.core.site.port import Site
from fluxcc.core.site.recording import Recording
from fluxcc.core.site.tidying import Tidying
from fluxcc.domain.persons import Persons


class SharedHistory:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        node: str,
        store: Store,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
        persons: Persons,
        retention: Retention,
    ) -> None:
        # A large batch keeps no change of a block from a thread.
        apart = runtime.apart(1)
        self.recording = Recording(site, node, store, journal, runtime, apart, persons)
        self.tidying = Tidying(site, node, retention, runtime, apart, clock)

    def jobs(self) -> dict[str, Callable[[], float]]:
        """What is done again and again, by name."""
        return {
            "tell the site the history": self.recording.step,
            "tidy the site's history": self.tidying.step,
        }
