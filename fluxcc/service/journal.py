"""Everything that is to be written down, on its way to the store.

History lags by at most ``LAG`` seconds, so that many calls share a transaction. What was promised
to somebody (``commit``) goes at once and is waited for. If the store cannot be written, everything
stays here, the newest state of each thing, and goes when the store is back.

Counterpart: ``daemon`` runs ``flush`` in a greenlet of its own whenever ``wait_for_work`` returns.
"""

from __future__ import annotations

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call, record
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.service.ports import Batch, Clock, Latch, Runtime, Store

LAG = 0.1
"""Seconds that ordinary history may wait (issue: at most 100 ms behind)."""
PATIENCE = 0.5
"""Seconds a promise is waited for before it is called pending: an agent waits for a reply."""
IDLE = 60.0
"""Seconds after which ``wait_for_work`` returns although nothing happened."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries to write to a store that failed."""


class Journal:
    """One per daemon."""

    def __init__(self, store: Store, runtime: Runtime, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._calls: dict[int, Call] = {}
        self._blocks: dict[str, Block] = {}
        self._audit: dict[int, AuditRecord] = {}
        self._waiting: list[Latch] = []
        self._work = runtime.latch()
        self._promise = runtime.latch()
        self._pause = 0.0
        self.failure = ""
        """Why the store cannot be written now; empty while it can."""
        self.written = 0
        """Batches written so far."""

    @property
    def pending(self) -> int:
        """How many things wait to be written."""
        return len(self._calls) + len(self._blocks) + len(self._audit)

    def call_changed(self, call: Call) -> None:
        """Write this call's newest state with the next batch."""
        self._calls[call.id] = call
        self._work.set(True)

    def note(self, *records: Block | AuditRecord) -> None:
        """Write these with the next batch."""
        for entry in records:
            if isinstance(entry, Block):
                self._blocks[entry.id] = entry
            else:
                self._audit[entry.id] = entry
        self._work.set(True)

    def commit(self, *records: Block | AuditRecord) -> bool:
        """Write these now. True once they are on disk; False where that may take longer: they are
        kept and written as soon as the store can be."""
        self.note(*records)
        if self.failure:
            return False
        written = self._runtime.latch()
        self._waiting.append(written)
        self._promise.set(True)
        return bool(written.wait(PATIENCE))

    def wait_for_work(self) -> None:
        """Return when something should be written: a promise at once, the rest after ``LAG``."""
        if not self._work.wait(IDLE):
            return
        self._promise.wait(self._pause or LAG)

    def flush(self) -> None:
        """Write what there is in one transaction; keep it where that fails."""
        self._work, self._promise = self._runtime.latch(), self._runtime.latch()
        waiting, self._waiting = self._waiting, []
        calls, self._calls = self._calls, {}
        blocks, self._blocks = self._blocks, {}
        audit, self._audit = self._audit, {}
        batch = Batch(
            calls=tuple(record(call) for call in calls.values()),
            blocks=tuple(blocks.values()),
            audit=tuple(audit.values()),
        )
        if not batch:
            return
        try:
            self._runtime.offload(self._store.write, batch)
        except StoreUnavailableError as error:
            self.failure = str(error)
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            # What changed during the attempt is newer than what failed.
            self._calls = calls | self._calls
            self._blocks = blocks | self._blocks
            self._audit = audit | self._audit
            self._work.set(True)
            for latch in waiting:
                latch.set(False)
        else:
            self.failure = ""
            self._pause = 0.0
            self.written += 1
            for latch in waiting:
                latch.set(True)
