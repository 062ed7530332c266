"""Lets entries that were changed elsewhere in the site count here: in memory, in the store, in
FreeSWITCH where they are rooms, and in what follows from them, as if they had been set here. The
page's process reads users and tokens in the store.

Memory and what is noted for the store are changed together, without a wait in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from fluxcc.core.journal import Journal
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.shared_entries import SharedEntries
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import Protected
from fluxcc.domain.shared_entries import EntryChange

log = logging.getLogger(__name__)


class EntryMerging:
    """One per daemon that is in a site."""

    def __init__(
        self, provisioning: Provisioning, journal: Journal, free: Callable[[], None]
    ) -> None:
        """``free`` ends the blocks of numbers that nobody can block by now."""
        self._provisioning = provisioning
        self._shared: SharedEntries = provisioning.shared
        self._journal = journal
        self._free = free

    def apply(self, changes: Iterable[EntryChange]) -> None:
        """Apply these, as far as nothing later is known here."""
        counted = [change for change in changes if self._take(change)]
        for change in counted:
            try:
                self._provisioning.publish(change.stamp)
            except PbxError as error:
                log.warning(
                    "FreeSWITCH was not told of an entry from elsewhere; it is later",
                    extra={"entry": change.stamp.thing, "reason": str(error)},
                )
        if any(isinstance(change.entry, Protected) for change in counted):
            self._free()

    def _take(self, change: EntryChange) -> bool:
        if not self._shared.accept(change):
            return False
        self._provisioning.take(change)
        entries = () if change.entry is None else (change.entry,)
        self._journal.note(*entries, change.stamp)
        return True
