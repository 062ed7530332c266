"""Records on their way to the store.

Ordinary records wait at most ``LAG`` seconds, so that many calls share a transaction. Records on
which a reply depends (``commit``) are written at once and waited for. While the store cannot be
written, the newest state of each record stays here, and is written when the store is back.

Counterpart: ``daemon.jobs`` runs ``step`` in a greenlet of its own.
"""

from __future__ import annotations

import logging
from itertools import islice

import msgspec

from fluxcc.core.backoff import Backoff
from fluxcc.core.calls.memory import record
from fluxcc.core.happenings import Happenings
from fluxcc.core.ports import Batch, Clock, Latch, Runtime, Store
from fluxcc.domain.agents import SeenDomain
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.provisioning import Entry, Group, Protected, Room, Service, key
from fluxcc.domain.surveys import Survey

log = logging.getLogger(__name__)

LAG = 0.1
"""Seconds that an ordinary record waits for others."""
COMMIT_TIMEOUT = 0.5
"""Seconds for which ``commit`` waits at most: an agent waits for the reply."""
IDLE_CHECK = 15.0
"""Seconds after which ``wait_for_work`` returns although nothing happened."""
CALLS_PER_BATCH = 1_000
"""Calls in one transaction. More would hold up the event loop while they are converted, and a
``commit`` while they are written."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries to write to a store that failed."""


class Removal(msgspec.Struct, frozen=True):
    """A supervisor's entry that is to be deleted."""

    entry: Entry


Record = Block | AuditRecord | Survey | Entry | SeenDomain | Removal


class Journal:
    """One per daemon."""

    def __init__(
        self, store: Store, runtime: Runtime, clock: Clock, happenings: Happenings
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._happenings = happenings
        self._calls: dict[int, Call] = {}
        self._records: dict[tuple[str, object], Record] = {}
        self._waiting: list[Latch] = []
        self._work = runtime.latch()
        self._promise = runtime.latch()
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._oldest: float | None = None
        """When the oldest unwritten record came in, on the monotonic clock."""
        self._in_flight = 0
        self._recreated = store.recreated
        self.failure = ""
        """Why the store cannot be used now; empty while it can."""
        self.written = 0
        """Batches written so far."""

    @property
    def pending(self) -> int:
        """How many records are not written yet, those in a running transaction included."""
        return len(self._calls) + len(self._records) + self._in_flight

    @property
    def lag(self) -> float:
        """Seconds for which the oldest unwritten record has been waiting."""
        if self._oldest is None or not self.pending:
            return 0.0
        return self._clock.monotonic() - self._oldest

    def call_changed(self, call: Call) -> None:
        """Write this call's newest state with the next batch."""
        self._calls[call.id] = call
        self._work.set(True)

    def note(self, *records: Record) -> None:
        """Write these with the next batch."""
        for entry in records:
            self._records[_identity(entry)] = entry
        self._work.set(True)

    def commit(self, *records: Record) -> bool:
        """Write these now. True once they are on disk; False where that takes longer than
        ``COMMIT_TIMEOUT``: they are kept and written as soon as the store can be."""
        self.note(*records)
        if self.failure:
            return False
        written = self._runtime.latch()
        self._waiting.append(written)
        self._promise.set(True)
        return bool(written.wait(COMMIT_TIMEOUT))

    def wait_for_work(self) -> bool:
        """Return when records should be written: for a ``commit`` at once, else after ``LAG``.

        False where there were none for ``IDLE_CHECK`` seconds.
        """
        if not self._work.wait(IDLE_CHECK):
            return False
        if self._oldest is None:
            self._oldest = self._clock.monotonic()
        self._promise.wait(self._backoff.pause or LAG)
        return True

    def step(self) -> float:
        """Wait for records and write them; check the store where there are none. Returns 0: the
        next step is due at once."""
        if self.wait_for_work():
            self.flush()
        else:
            self.check_store()
        return 0.0

    def check_store(self) -> None:
        """Find out whether the store can be written, by an empty transaction."""
        try:
            self._runtime.offload(self._store.write, Batch())
        except Exception as error:
            # As in ``flush``.
            self._fail(error)
        else:
            self._succeed()

    def _take_calls(self) -> dict[int, Call]:
        """The calls of the next batch, the earliest changes first; the rest follows at once."""
        if len(self._calls) <= CALLS_PER_BATCH:
            calls, self._calls = self._calls, {}
            return calls
        calls = dict(islice(self._calls.items(), CALLS_PER_BATCH))
        for number in calls:
            del self._calls[number]
        self._work.set(True)
        self._promise.set(True)
        return calls

    def flush(self) -> None:
        """Write the records in one transaction, with at most ``CALLS_PER_BATCH`` calls; keep them
        where that fails."""
        self._work, self._promise = self._runtime.latch(), self._runtime.latch()
        waiting, self._waiting = self._waiting, []
        calls = self._take_calls()
        records, self._records = self._records, {}
        if not calls and not records:
            return
        size = len(calls) + len(records)
        self._in_flight += size
        try:
            self._runtime.offload(self._store.write, _batch(calls, records))
        except Exception as error:
            # Unexpected errors too: to lose the records would be worse than to try again for ever,
            # which ``status`` shows.
            if not isinstance(error, StoreUnavailableError):
                log.exception("the store failed in an unexpected way")
            self._fail(error)
            self._backoff.next()
            # What changed during the attempt is newer than what was to be written.
            self._calls = calls | self._calls
            self._records = records | self._records
            self._work.set(True)
            for latch in waiting:
                latch.set(False)
        else:
            self._succeed()
            self._backoff.reset()
            self._oldest = None
            self.written += 1
            for latch in waiting:
                latch.set(True)
        finally:
            self._in_flight -= size

    def _fail(self, error: Exception) -> None:
        failure = str(error) or type(error).__name__
        if not self.failure:
            log.error("the store cannot be written", extra={"error": failure})
        self.failure = failure

    def _succeed(self) -> None:
        if self.failure:
            log.info("the store can be written again", extra={"pending": self.pending})
        self.failure = ""
        if self._store.recreated != self._recreated:
            self._recreated = self._store.recreated
            self._happenings.store_recreated()


def _identity(entry: Record) -> tuple[str, object]:
    """The key of a record: of two with the same key only the newer one is written."""
    if isinstance(entry, Removal):
        entry = entry.entry
    if isinstance(entry, Group | Room | Service | Protected):
        return type(entry).__name__, key(entry)
    if isinstance(entry, SeenDomain):
        return type(entry).__name__, entry.name
    return type(entry).__name__, entry.id


def _batch(calls: dict[int, Call], records: dict[tuple[str, object], Record]) -> Batch:
    blocks, audit, surveys, entries, domains, removed = [], [], [], [], [], []
    for entry in records.values():
        match entry:
            case Block():
                blocks.append(entry)
            case AuditRecord():
                audit.append(entry)
            case Survey():
                surveys.append(entry)
            case SeenDomain():
                domains.append(entry)
            case Removal(gone):
                removed.append(gone)
            case _:
                entries.append(entry)
    return Batch(
        calls=tuple(record(call) for call in calls.values()),
        blocks=tuple(blocks),
        audit=tuple(audit),
        surveys=tuple(surveys),
        entries=tuple(entries),
        domains=tuple(domains),
        removed=tuple(removed),
    )
