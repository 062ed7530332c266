"""Deletes records of people: once a day those that are too old, on request one person's.

Each transaction deletes at most ``RECORDS_PER_BATCH`` records and is followed by a pause in which
others can write, so that no call waits for it. Each deletion has an audit row with how much was
erased, never whose it was; a day without old records has none. The row is updated after each
transaction, so that it is true wherever the deletion breaks off, and one person's is written before
the first.

Counterparts: ``daemon.jobs`` steps ``Retention``; ``doors.readings`` calls ``Erasure`` for the
command ``db purge``, which uses it by itself where no daemon is running.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from fluxcc.core.blocks.blocking import BY_TIME, Blocking
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Batch, Clock, Runtime, Store
from fluxcc.core.requests.replies import Replies
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import RefusedError, StoreUnavailableError
from fluxcc.domain.numbers import NumberPlan, is_withheld
from fluxcc.domain.retention import Erased, RecordKind

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
RETENTION, PURGE = "retention", "purge"
"""The actions in the audit: the daily deletion, and one on request."""

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

    def erase(self, kind: RecordKind, numbers: Collection[str]) -> None:
        """Erase the records of these numbers (every spelling)."""
        self._count(kind, self._steps(self._store.erase, kind, numbers))

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
        row = _row(self._ids.new(now), now, RETENTION, BY_TIME, f"{RETENTION}-{int(now)}")
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


class LiveData(Protocol):
    """Data on a person besides the store's ended records: live blocks, replies in memory."""

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """Erase it. Returns the epoch second until which a live block holds, which was not ended;
        None without one.

        Raises ``StoreUnavailableError``.
        """


class Erasure:
    """Erases what an operator asks for. One per daemon, or per command."""

    def __init__(
        self,
        *,
        store: Store,
        runtime: Runtime,
        clock: Clock,
        numbers: NumberPlan,
        live_data: LiveData,
        write: Callable[[AuditRecord], bool],
        ids: MomentIds,
    ) -> None:
        """``write`` writes a row and everything that was to be written before it, and returns
        whether all of it is on disk."""
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._numbers = numbers
        self._live_data = live_data
        self._write = write
        self._ids = ids

    def erase_person(
        self, number: str, by: str, request: str, *, with_live_block: bool = False
    ) -> Erased:
        """Erase the records of the person with this number, in every spelling.

        A live call stays. So does a live block, unless ``with_live_block``: as long as it holds
        there is a legitimate interest in it (LGPD, article 7, IX), and it ends by itself. Raises
        ``RefusedError`` for a withheld or unprintable number, and ``StoreUnavailableError``.
        """
        known = self._numbers.read(number)
        if is_withheld(known.seen) or not known.seen.isprintable():
            raise RefusedError(Code.NUMBER_UNUSABLE)
        theirs = frozenset({known.canonical, known.seen, *known.spellings})
        blocked_until = self._live_data.forget(theirs, by, with_live_block=with_live_block)
        deletion = self._begin(by, request)
        for kind in RecordKind:
            deletion.erase(kind, theirs)
        return self._end(deletion, blocked_until)

    def erase_older(self, before: float, by: str, request: str) -> Erased:
        """Erase what is older than that moment (epoch seconds), as ``[retention]`` does. Raises
        ``StoreUnavailableError``."""
        # A moment in the future would include the audit row of this deletion.
        before = min(before, self._clock.now())
        deletion = self._begin(by, request)
        for kind in RecordKind:
            deletion.purge(kind, before)
        return self._end(deletion, None)

    def _begin(self, by: str, request: str) -> Deletion:
        now = self._clock.now()
        row = _row(self._ids.new(now), now, PURGE, by, request)
        # What is still on its way to the store, and is to be erased there, arrives with the row.
        if not self._write(row):
            raise StoreUnavailableError("the store cannot be written now")
        return Deletion(self._store, self._runtime, row, self._write)

    def _end(self, deletion: Deletion, blocked_until: int | None) -> Erased:
        deletion.end(self._clock.now())
        counts = {kind: deletion.counts[kind] for kind in RecordKind}
        log.info("data was erased", extra={str(kind): count for kind, count in counts.items()})
        return Erased(counts, blocked_until)


class DaemonLiveData:
    """``LiveData`` of the running daemon."""

    def __init__(self, blocking: Blocking, replies: Replies) -> None:
        self._blocking = blocking
        self._replies = replies

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """See ``LiveData``."""
        # Blocks that are due are ended first, so that they are not written again after the erasure.
        self._blocking.expire_due()
        live = [block for block in self._blocking.blocklist.blocks() if block.number in numbers]
        if with_live_block:
            for block in live:
                self._blocking.release(block, by)
            live = []
        self._replies.forget(numbers)
        self._blocking.repeaters.forget(numbers)
        return max((block.until for block in live), default=None)


class StoredLiveData:
    """``LiveData`` while no daemon is running: only the store's.

    A live block cannot be ended here: the gate in FreeSWITCH would go on refusing.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """See ``LiveData``."""
        now = self._clock.now()
        live = [block for block in self._store.live_blocks() if block.number in numbers]
        over = tuple(
            replace(block, state=BlockState.EXPIRED, ended_at=now, ended_by=BY_TIME)
            for block in live
            if block.until <= now
        )
        self._store.write(Batch(blocks=over))
        return max((block.until for block in live if block.until > now), default=None)


def _row(id: int, now: float, action: str, by: str, request: str) -> AuditRecord:
    return AuditRecord(id=id, at=now, request=request, action=action, by=by)
