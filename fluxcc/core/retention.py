"""What is kept of people goes again: what is too old every day, one person's data when asked.

Everything goes in steps of ``BATCH`` records, a transaction each, with a pause in which the others
write: no call waits for it. Each deletion is told by an audit row with what was erased, never whose
it was; the row is written at the beginning and grows, so that it is true wherever it breaks off.

Counterparts: ``daemon`` steps ``Retention``; ``control`` brings what ``fluxcc db purge`` asks for,
which does the same by itself where no daemon is running.
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
from fluxcc.domain.blocks import BlockChange, BlockState
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import RefusedError, StoreUnavailableError
from fluxcc.domain.numbers import NumberPlan, is_withheld
from fluxcc.domain.retention import Erased, RecordKind

BATCH = 500
"""Records in a transaction: 4 ms on a million calls in SQLite, 32 ms at the worst."""
PAUSE = 0.05
"""Seconds between two transactions."""
FIRST = 120.0
"""Seconds after start until the first time: calls come before old ones."""
PERIOD = 86400.0
"""Seconds between two times."""
AGAIN = 300.0
"""Seconds until it is tried again after the store failed."""
RETENTION, PURGE = "retention", "purge"
"""What the audit calls it."""

log = logging.getLogger(__name__)


class Deletion:
    """One deletion under way: counts what goes, and keeps its audit row true."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        row: AuditRecord,
        write: Callable[[AuditRecord], object],
    ) -> None:
        """``write`` is given the row as it is by now."""
        self._store = store
        self._runtime = runtime
        self._row = row
        self._write = write
        self.counts: Counter[RecordKind] = Counter()

    def purge(self, kind: RecordKind, before: float) -> None:
        """Delete what is older than that moment."""
        self._count(kind, self._steps(self._store.purge, kind, before))

    def erase(self, kind: RecordKind, numbers: Collection[str]) -> None:
        """Erase what is kept of whom these numbers belong to."""
        self._count(kind, self._steps(self._store.erase, kind, numbers))

    def end(self, now: float) -> None:
        """All of it is done."""
        self._tell(status=Status.OK, code=Code.ERASED, ended=now)

    def _count(self, kind: RecordKind, steps: Iterator[int]) -> None:
        for count in steps:
            self.counts[kind] += count
            self._tell()

    def _steps(self, step: Callable[..., int], *arguments: object) -> Iterator[int]:
        while count := self._runtime.offload(step, *arguments, BATCH):
            yield count
            if count < BATCH:
                return
            self._runtime.sleep(PAUSE)

    def _tell(self, **changes: object) -> None:
        subject = msgspec.json.encode(self.counts).decode()
        self._row = replace(self._row, subject=subject, **changes)
        self._write(self._row)


class Retention:
    """Lets go what is older than ``ages`` say (seconds), once a day. One per daemon."""

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
        self._due = clock.monotonic() + FIRST
        self._ids = ids
        self.ages = ages
        """May be replaced at any time; counts from the next day on."""
        self.deleted: Counter[RecordKind] = Counter()
        """What went since the daemon started."""
        self.last_done: float | None = None
        """When it was last applied in full, in epoch seconds."""

    def step(self) -> float:
        """Do what is due; the seconds to sleep before the next step."""
        if self._clock.monotonic() >= self._due:
            try:
                self._apply()
            except StoreUnavailableError as error:
                log.warning("what is too old was not deleted", extra={"error": str(error)})
                self._due = self._clock.monotonic() + AGAIN
            except Exception:
                # Nobody's call ends because of old ones.
                log.exception("what is too old was not deleted")
                self._due = self._clock.monotonic() + AGAIN
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
            # A day on which nothing was old enough leaves no row behind.
            deletion.end(self.last_done)
        log.info(
            "what is too old was deleted",
            extra={str(kind): deletion.counts[kind] for kind in self.ages},
        )


class Memory(Protocol):
    """Who else knows of a person, besides the store's ended records."""

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """Forget what may be forgotten; until when a live block holds that was left alone.

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
        memory: Memory,
        write: Callable[[AuditRecord], bool],
        ids: MomentIds,
    ) -> None:
        """``write`` writes a row and everything that was to be written before it; it says whether
        all of it is on disk."""
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._numbers = numbers
        self._memory = memory
        self._write = write
        self._ids = ids

    def erase_person(
        self, number: str, by: str, request: str, *, with_live_block: bool = False
    ) -> Erased:
        """Erase what is kept of whoever has this number, in every spelling.

        A live block stays unless that is asked for: as long as it holds there is a legitimate
        interest in it (LGPD, article 7, IX), and it ends by itself. So does a call that is going
        on. Raises ``RefusedError`` for what is nobody's number, and ``StoreUnavailableError``.
        """
        known = self._numbers.read(number)
        if is_withheld(known.seen) or not known.seen.isprintable():
            raise RefusedError(Code.NUMBER_UNUSABLE)
        theirs = frozenset({known.canonical, known.seen, *known.spellings})
        blocked_until = self._memory.forget(theirs, by, with_live_block=with_live_block)
        deletion = self._begin(by, request)
        for kind in RecordKind:
            deletion.erase(kind, theirs)
        return self._end(deletion, blocked_until)

    def erase_older(self, before: float, by: str, request: str) -> Erased:
        """Erase what is older than that moment, as ``[retention]`` would. Raises
        ``StoreUnavailableError``."""
        # What lies in the future would be the audit's row of this very deletion.
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


class DaemonMemory:
    """``Memory`` of the running daemon."""

    def __init__(self, blocking: Blocking, journal: Journal, replies: Replies) -> None:
        self._blocking = blocking
        self._journal = journal
        self._replies = replies

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """See ``Memory``."""
        # A block that is over is told so now, and not written again in a second.
        self._blocking.expire_due()
        live = [block for block in self._blocking.blocklist.blocks() if block.number in numbers]
        if with_live_block:
            for block in live:
                ended = self._blocking.release(block, by)
                self._journal.note(ended)
                self._blocking.announce(BlockChange.RELEASED, ended, by)
            live = []
        self._replies.forget(numbers)
        return max((block.until for block in live), default=None)


class StoredMemory:
    """``Memory`` while no daemon is running: the store's alone.

    A live block cannot be ended so: the gate in FreeSWITCH would go on refusing.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def forget(self, numbers: Collection[str], by: str, *, with_live_block: bool) -> int | None:
        """See ``Memory``."""
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
    return AuditRecord(
        id=id,
        at=now,
        request=request,
        action=action,
        by=by,
        agent="",
        call="",
        number="",
        reason="",
    )
