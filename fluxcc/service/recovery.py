"""What a new life of the daemon takes over from the store: what supervisors set, the live
blocks and the live calls."""

from __future__ import annotations

import logging

from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.service.blocklist import Blocklist
from fluxcc.service.directory import Directory
from fluxcc.service.journal import Journal
from fluxcc.service.ports import Runtime, Store
from fluxcc.service.tracker import Tracker

log = logging.getLogger(__name__)


class Recovery:
    """One per daemon. Without a store the daemon works all the same, so this is tried again."""

    def __init__(
        self,
        *,
        store: Store,
        blocklist: Blocklist,
        directory: Directory,
        tracker: Tracker,
        journal: Journal,
        runtime: Runtime,
    ) -> None:
        self._store = store
        self._blocklist = blocklist
        self._directory = directory
        self._tracker = tracker
        self._journal = journal
        self._runtime = runtime

    def step(self) -> bool:
        """Take over what there is; False where the store could not be read."""
        try:
            self._runtime.offload(self._store.open)
            blocks = self._runtime.offload(self._store.live_blocks)
            calls = self._runtime.offload(self._store.live_calls)
            entries = self._runtime.offload(self._store.entries)
        except StoreUnavailableError as error:
            self._journal.failure = str(error)
            log.error("the store cannot be used", extra={"error": str(error)})
            return False
        known = {block.number for block in self._blocklist.blocks()}
        self._directory.load(entries)
        self._blocklist.load(block for block in blocks if block.number not in known)
        self._tracker.restore(call for call in calls if call.id not in self._tracker.calls)
        return True
