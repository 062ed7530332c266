"""Deletes records of people: once a day those that are too old, on request what ``erasure`` asks.

Each transaction deletes at most ``RECORDS_PER_BATCH`` records and is followed by a pause in which
others can write, so that no call waits for it. Each deletion has an audit row with how much was
erased, never whose it was; a day without old records has none. The row is updated after each
transaction, so that it is true wherever the deletion breaks off, and one person's is written before
the first.

Counterparts: ``daemon.jobs`` steps ``Retention``; ``erasure`` uses ``Deletion``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from fluxcc.core.blocks.blocking import BY_TIME
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind

RECORDS_PER_BATCH = 500
"""Records in a transaction: 4 ms on a million calls in SQLite, 32 ms at the worst."""
PAUSE_BETWEEN_BATCHES = 0.05
"""Seconds between two transactions."""
FIRST_AFTER = 120.0
"""Seconds from the daemon's start to the first deletion, so that it does not slow the start."""
PERIOD = 86400.0
"""Seconds between two deletions."""
RETRY_AFTER = 300.0
"""Seconds to the next try after one that failed."""
RETENTION = "retention"
"""The daily deletion's action in the audit."""

log = logging.getLogger(__name__)


class Deletion:
    """One deletion: deletes, counts, and keeps its audit row up to date."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        row: AuditRecord,
        write: Callable[[AuditRecord], object],
    ) -> None:
        """``write`` writes the audit row, with the counts so far."""
        self._store = store
        self._runtime = runtime
        self._row = row
        self._write = write
        self.counts: Counter[RecordKind] = Counter()

    def purge(self, kind: RecordKind, before: float) -> None:
        """Delete the records that are older than that moment (epoch seconds)."""
        self._count(kind, self._steps(self._store.purge, kind, before))

    def erase(self, kind: RecordKind, person: Person) -> None:
        """Erase the records of this person."""
        self._count(kind, self._steps(self._store.erase, kind, person))

    def end(self, now: float) -> None:
        """Complete the audit row (``now`` in epoch seconds)."""
        self._update_row(status=Status.OK, code=Code.ERASED, ended=now)

    def _count(self, kind: RecordKind, steps: Iterator[int]) -> None:
        for count in steps:
            self.counts[kind] += count
            self._update_row()

    def _steps(self, step: Callable[..., int], *arguments: object) -> Iterator[int]:
        while count := self._runtime.offload(step, *arguments, RECORDS_PER_BATCH):
            yield count
            if count < RECORDS_PER_BATCH:
                return
            self._runtime.sleep(PAUSE_BETWEEN_BATCHES)

    def _update_row(self, **changes: object) -> None:
        subject = msgspec.json.encode(self.counts).decode()
        self._row = replace(self._row, subject=subject, **changes)
        self._write(self._row)


class Retention:
    """Deletes once a day the records that are older than ``ages`` (seconds). One per daemon."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
        ages: Mapping[RecordKind, float],
        ids: MomentIds,
    ) -> None:
        """``ids`` are the audit's."""
        self._store = store
        self._journal = journal
        self._runtime = runtime
        self._clock = clock
        self._due = clock.monotonic() + FIRST_AFTER
        self._ids = ids
        self.ages = ages
        """May be replaced at any time; holds from the next deletion on."""
        self.deleted: Counter[RecordKind] = Counter()
        """How many records were deleted since the daemon started."""
        self.last_done: float | None = None
        """When it was last applied in full, in epoch seconds."""

    def step(self) -> float:
        """Do what is due; the seconds to sleep before the next step."""
        if self._clock.monotonic() >= self._due:
            try:
                self._apply()
            except StoreUnavailableError as error:
                log.warning("old records were not deleted", extra={"error": str(error)})
                self._due = self._clock.monotonic() + RETRY_AFTER
            except Exception:
                # An unexpected error here must not end the daemon, and so live calls' handling.
                log.exception("old records were not deleted")
                self._due = self._clock.monotonic() + RETRY_AFTER
            else:
                self._due = self._clock.monotonic() + PERIOD
        return self._due - self._clock.monotonic()

    def _apply(self) -> None:
        now = self._clock.now()
        row = begin_row(self._ids.new(now), now, RETENTION, BY_TIME, f"{RETENTION}-{int(now)}")
        deletion = Deletion(self._store, self._runtime, row, self._journal.note)
        try:
            for kind, age in self.ages.items():
                deletion.purge(kind, now - age)
        finally:
            self.deleted.update(deletion.counts)
        self.last_done = self._clock.now()
        if deletion.counts:
            # A day without old records leaves no row.
            deletion.end(self.last_done)
        log.info(
            "old records were deleted",
            extra={str(kind): deletion.counts[kind] for kind in self.ages},
        )


def begin_row(id: int, now: float, action: str, by: str, request: str) -> AuditRecord:
    """The audit row of a deletion that begins."""
    return AuditRecord(id=id, at=now, request=request, action=action, by=by)
