"""Deletes records of people: once a day those that are too old, on request what ``erasure`` asks.

Each transaction deletes at most ``RECORDS_PER_BATCH`` records and is followed by a pause in which
others can write, so that no call waits for it. Each deletion has an audit row with how much was
erased, never whose it was; a day without old records has none. The row is updated after each
transaction, so that it is true wherever the deletion breaks off, and one person's is written before
the first.

What is deleted does not come back, and a clock may be wrong: a record must be too old by the clock
of the machine and by FreeSWITCH's, nothing is deleted while the two differ, and where more is too
old than a usual day leaves, a person must say so.

Counterparts: ``daemon.jobs`` steps ``Retention``; ``erasure`` uses ``Deletion``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from fluxcc.core.clocks import both_clocks
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import BY_TIME
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import ClockDoubtedError, StoreUnavailableError
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
USUAL_SPAN = 7 * 86400.0
"""Seconds by which the oldest record may be too old before its share counts. Where records are
deleted each day it is one day, and a few after a long weekend during which the daemon was off."""
LARGEST_SHARE = 0.25
"""Share of the records of a kind that is deleted without a person's word, where the oldest is too
old by more than ``USUAL_SPAN``. With the year that is kept as delivered, a daemon that was off for
a quarter of it still deletes by itself; a clock that is far ahead, and a duration that was
shortened to a fraction, do not."""
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
        self.held: dict[RecordKind, float] = {}
        """Kinds of which nothing is deleted without a person's word, with the share that is too
        old (``LARGEST_SHARE``)."""
        self.is_clock_doubted = False
        """Whether nothing was deleted because the two clocks differ."""

    def step(self) -> float:
        """Do what is due; the seconds to sleep before the next step."""
        if self._clock.monotonic() >= self._due:
            try:
                is_done = self._apply_by_itself()
            except StoreUnavailableError as error:
                log.warning("old records were not deleted", extra={"error": str(error)})
                self._due = self._clock.monotonic() + RETRY_AFTER
            except Exception:
                # An unexpected error here must not end the daemon, and so live calls' handling.
                log.exception("old records were not deleted")
                self._due = self._clock.monotonic() + RETRY_AFTER
            else:
                self._due = self._clock.monotonic() + (PERIOD if is_done else RETRY_AFTER)
        return self._due - self._clock.monotonic()

    def delete_overdue(self, by: str, request: str) -> dict[RecordKind, int]:
        """Delete what is too old, however much it is: a person has looked. How many records of each
        kind. Raises ``ClockDoubtedError`` where the clocks differ, and ``StoreUnavailableError``.
        """
        self._doubt_clock()
        if self.is_clock_doubted:
            raise ClockDoubtedError
        counts = self._apply(self.ages, by, request)
        self.held = {}
        return counts

    def _apply_by_itself(self) -> bool:
        """Delete what is too old, except what is held; False where the clocks differ."""
        self._doubt_clock()
        if self.is_clock_doubted:
            log.warning(
                "old records are not deleted: FreeSWITCH's clock and the machine's differ",
                extra={"seconds": round(both_clocks(self._clock).ahead)},
            )
            return False
        now, held = self._now(), {}
        for kind, age in self.ages.items():
            share = self._runtime.offload(self._store.share, kind, now - age, USUAL_SPAN)
            if share > LARGEST_SHARE:
                held[kind] = share
                log.error(
                    "more is too old than a usual day leaves: nothing of it is deleted until a"
                    " person says so (fluxcc db purge --overdue)",
                    extra={"kind": str(kind), "share": round(share, 2)},
                )
        self.held = held
        ages = {kind: age for kind, age in self.ages.items() if kind not in held}
        self._apply(ages, BY_TIME, f"{RETENTION}-{int(now)}")
        return True

    def _doubt_clock(self) -> None:
        self.is_clock_doubted = both_clocks(self._clock).differ

    def _now(self) -> float:
        return both_clocks(self._clock).earlier

    def _apply(
        self, ages: Mapping[RecordKind, float], by: str, request: str
    ) -> dict[RecordKind, int]:
        now = self._now()
        row = begin_row(self._ids.new(now), now, RETENTION, by, request)
        deletion = Deletion(self._store, self._runtime, row, self._journal.note)
        try:
            for kind, age in ages.items():
                deletion.purge(kind, now - age)
        finally:
            self.deleted.update(deletion.counts)
        if ages.keys() == self.ages.keys():
            self.last_done = self._now()
        if deletion.counts:
            # A day without old records leaves no row.
            deletion.end(self._now())
        log.info(
            "old records were deleted",
            extra={str(kind): deletion.counts[kind] for kind in ages},
        )
        return {kind: deletion.counts[kind] for kind in ages}


def begin_row(id: int, now: float, action: str, by: str, request: str) -> AuditRecord:
    """The audit row of a deletion that begins."""
    return AuditRecord(id=id, at=now, request=request, action=action, by=by)
