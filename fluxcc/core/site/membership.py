"""A node's part in its site, put together: what goes out, what comes in.

Counterparts: ``core.core`` makes one where there is a site, ``daemon.jobs`` runs its jobs.
"""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.merging import Merging
from fluxcc.core.erasure import Erasure
from fluxcc.core.happenings import Happenings
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.site.applying import Applying
from fluxcc.core.site.entry_merging import EntryMerging
from fluxcc.core.site.expiries import Expiries
from fluxcc.core.site.feeding import Feeding
from fluxcc.core.site.hearing import Hearing
from fluxcc.core.site.port import Site
from fluxcc.core.site.reading import Reading
from fluxcc.core.site.shared_history import SharedHistory

THREADS = 3
"""One waits for hints, one reads, one writes: a site that does not answer takes no thread from the
store."""


class Membership:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        store: Store,
        blocking: Blocking,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
        happenings: Happenings,
        audit_ids: MomentIds,
    ) -> None:
        apart = runtime.apart(THREADS)
        self.merging = Merging(blocking, journal, clock)
        self.applying = Applying(self.merging)
        node = blocking.standings.node
        expiries = Expiries(node, clock, audit_ids)
        self._journal = journal
        self.feeding = Feeding(site, node, store, journal, runtime, apart, expiries, clock)
        self.reading = Reading(site, store, self.applying, journal, runtime, apart, clock)
        self.reading.have_marked = self.feeding.look
        self.hearing = Hearing(site, apart)
        self.hearing.may_begin = lambda: self.reading.is_open
        self.hearing.changed = self.reading.look
        self.hearing.lost = self.reading.open_again
        self.feeding.may_begin = self._may_tell
        self.history: SharedHistory | None = None
        self.has_name: Callable[[], bool] = lambda: True
        """Tells whether no other daemon is in the site under this node's name."""
        self._happenings = happenings
        happenings.batch_written.connect(self.feeding.written)
        happenings.person_erased.connect(self.merging.forget)

    def take_entries(self, provisioning: Provisioning, free: Callable[[], None]) -> None:
        """Have entries that were changed elsewhere count here; ``free`` ends the blocks of numbers
        that nobody can block by now."""
        entries = EntryMerging(provisioning, self._journal, free)
        self.applying.apply_entries = entries.apply

    def _may_tell(self) -> bool:
        return self.reading.was_open and self.has_name()

    def share(self, history: SharedHistory, erasure: Erasure) -> None:
        """Tell the site this node's history too, and have persons erased from it."""
        self.history = history
        recording = history.recording
        self._happenings.batch_written.connect(recording.written)
        self.reading.mark_history = recording.tell_again
        recording.may_begin = history.tidying.may_begin = self._may_tell
        recording.has_told = self.feeding.has_told
        erasure.erase_at_site = recording.erase

    def jobs(self) -> dict[str, Callable[[], float]]:
        """What is done again and again, by name."""
        return {
            "tell the site": self.feeding.step,
            "hear the site": self.hearing.step,
            "read the site": self.reading.step,
            **(self.history.jobs() if self.history else {}),
        }
