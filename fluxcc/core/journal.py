"""Records on their way to the store.

Ordinary records wait at most ``LAG`` seconds, so that many calls share a transaction. Records on
which a reply depends (``commit``) are written at once and waited for. While the store cannot be
written, the newest state of each record waits (``backlog``), and is written when it is back.

A store may fail, and it may not answer at all: a disk or a server that hangs. A thread that waits
for it cannot be called back, so nothing here waits for that thread longer than it wants: a write
that takes longer than ``PATIENCE`` is a failure, until it ends.

Counterpart: ``daemon.jobs`` runs ``step`` in a greenlet of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fluxcc.core.backlog import Backlog, Record
from fluxcc.core.backoff import Backoff
from fluxcc.core.happenings import Happenings
from fluxcc.core.ports import Batch, Clock, Latch, Runtime, Store
from fluxcc.domain.calls import Call
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.retention import RecordKind

log = logging.getLogger(__name__)

LAG = 0.1
"""Seconds that an ordinary record waits for others."""
COMMIT_TIMEOUT = 0.5
"""Seconds for which ``commit`` waits at most: an agent waits for the reply."""
IDLE_CHECK = 5.0
"""Seconds after which ``wait_for_work`` returns although nothing happened."""
PATIENCE = 2.0
"""Seconds after which a write that has not ended counts as failed: a disk that syncs slowly takes
less, and an agent must not wait for one that hangs."""
WATCH_PERIOD = 1.0
"""Seconds between two looks at whether the store answers."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries to write to a store that failed."""


class Journal:
    """One per daemon."""

    def __init__(
        self, store: Store, runtime: Runtime, clock: Clock, happenings: Happenings
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._happenings = happenings
        self._backlog = Backlog()
        self._waiting: list[Latch] = []
        self._work = runtime.latch()
        self._promise = runtime.latch()
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._oldest: float | None = None
        """When the oldest unwritten record came in, on the monotonic clock."""
        self._in_flight = 0
        self._asked: float | None = None
        """When the store was given what it does now, on the monotonic clock; None while it does
        nothing."""
        self._failure = ""
        self._lost_at_failure = 0
        self._is_hang_told = False
        self._recreated = store.recreated
        self.written = 0
        """Batches written so far."""

    @property
    def failure(self) -> str:
        """Why the store cannot be used now; empty while it can."""
        if self._failure or self._asked is None:
            return self._failure
        waited = self._clock.monotonic() - self._asked
        return f"it has not answered for {waited:.0f} s" if waited > PATIENCE else ""

    @property
    def pending(self) -> int:
        """How many records are not written yet, those in a running transaction included."""
        return len(self._backlog) + self._in_flight

    @property
    def lost(self) -> Mapping[RecordKind, int]:
        """How many records of history were given up, because the store was away for too long."""
        return self._backlog.lost

    @property
    def lag(self) -> float:
        """Seconds for which the oldest unwritten record has been waiting."""
        if self._oldest is None or not self.pending:
            return 0.0
        return self._clock.monotonic() - self._oldest

    def call_changed(self, call: Call) -> None:
        """Write this call's newest state with the next batch."""
        self._backlog.change(call, is_away=bool(self.failure))
        self._work.set(True)
        self._happenings.call_changed(call)

    def note(self, *records: Record) -> None:
        """Write these with the next batch."""
        self._backlog.note(records)
        self._work.set(True)

    def commit(self, *records: Record) -> bool:
        """Write these now. True once they are on disk; False where that takes longer than
        ``COMMIT_TIMEOUT``: they are kept and written as soon as the store can be."""
        self._backlog.promise(records)
        self._work.set(True)
        if self.failure:
            return False
        written = self._runtime.latch()
        self._waiting.append(written)
        self._promise.set(True)
        return bool(written.wait(COMMIT_TIMEOUT))

    def commit_after_all(self, *records: Record) -> bool:
        """As ``commit``; False too where something that came before would be written later."""
        return not self._backlog.is_long and self.commit(*records)

    def watch(self) -> float:
        """Tell of a store that does not answer; the seconds until the next look."""
        if self._asked is None:
            if self._is_hang_told:
                log.info("the store answers again", extra={"pending": self.pending})
            self._is_hang_told = False
        elif self.failure and not self._failure and not self._is_hang_told:
            self._is_hang_told = True
            log.error("the store does not answer", extra={"error": self.failure})
        return WATCH_PERIOD

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
            self._write(Batch())
        except Exception as error:
            # As in ``flush``.
            self.fail(error)
        else:
            self._succeed()

    def flush(self) -> None:
        """Write what waits in one transaction, or the beginning of it where it is much; keep it
        where that fails."""
        self._work, self._promise = self._runtime.latch(), self._runtime.latch()
        waiting, self._waiting = self._waiting, []
        taken = self._backlog.take()
        if not taken:
            return
        if len(self._backlog):
            self._work.set(True)
            self._promise.set(True)
        self._in_flight += len(taken)
        try:
            batch = taken.batch()
            self._write(batch)
        except Exception as error:
            # Unexpected errors too: to lose the records would be worse than to try again for ever,
            # which ``status`` shows.
            if not isinstance(error, StoreUnavailableError):
                log.exception("the store failed in an unexpected way")
            self.fail(error)
            self._backoff.next()
            self._backlog.put_back(taken)
            self._promise = self._runtime.latch()
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
            self._happenings.batch_written(batch)
        finally:
            self._in_flight -= len(taken)

    def fail(self, error: Exception) -> None:
        """The store could not be used."""
        failure = str(error) or type(error).__name__
        if not self._failure:
            log.error("the store cannot be written", extra={"error": failure})
            self._lost_at_failure = sum(self.lost.values())
        self._failure = failure

    def _write(self, batch: Batch) -> None:
        self._asked = self._clock.monotonic()
        try:
            self._runtime.offload(self._store.write, batch)
        finally:
            self._asked = None

    def _succeed(self) -> None:
        if self._failure:
            lost = sum(self.lost.values()) - self._lost_at_failure
            log.info(
                "the store can be written again", extra={"pending": self.pending, "lost": lost}
            )
        self._failure = ""
        if self._store.recreated != self._recreated:
            self._recreated = self._store.recreated
            self._happenings.store_recreated()
