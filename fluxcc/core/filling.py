"""Reads, for old records, whose number it is: in small steps, while the daemon does its work.

Records that are written now have their person already. Older ones have none, or that of another
reading (``domain.persons``): after an upgrade, or a change of ``[numbers]``. Searching finds them
meanwhile too, and takes longer.

Counterpart: ``daemon.jobs`` runs ``step``; the store keeps how far it is.
"""

from __future__ import annotations

import logging

from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import RecordKind

FIRST_AFTER = 5.0
"""Seconds from the daemon's start to the first step, so that it does not slow the start."""
RECORDS_PER_STEP = 200
"""Records that are read and written in one step, in a thread: a transaction of 3 ms."""
PAUSE = 0.05
"""Seconds between two steps, in which others write."""
IDLE = 15.0
"""Seconds between two looks at whether numbers are read otherwise by now."""
RETRY_AFTER = 60.0
"""Seconds to the next try after one that failed."""

log = logging.getLogger(__name__)


class Filling:
    """One per daemon."""

    def __init__(self, store: Store, runtime: Runtime, clock: Clock, persons: Persons) -> None:
        self._store = store
        self._runtime = runtime
        self._persons = persons
        self._clock = clock
        self._begins = clock.monotonic() + FIRST_AFTER
        self._recreated = -1
        self._done = ""
        """The reading by which every record was read."""
        self.unread: tuple[RecordKind, ...] = ()
        """The kinds of record of which some are still to be read."""
        self.reached: float | None = None
        """The epoch second up to which the calls are read, while they are."""
        self.rows = 0
        """Records that were read since the daemon started."""

    def step(self) -> float:
        """Read the next records; the seconds until the next step."""
        wait = self._begins - self._clock.monotonic()
        if wait > 0:
            return wait
        reading, recreated = self._persons.reading, self._store.recreated
        if (reading, recreated) == (self._done, self._recreated):
            return IDLE
        try:
            filled = self._runtime.offload(self._store.fill, RECORDS_PER_STEP)
        except StoreUnavailableError as error:
            log.warning("old records' persons were not read", extra={"error": str(error)})
            return RETRY_AFTER
        except Exception:
            # An unexpected error here must not end the daemon, and so live calls' handling.
            log.exception("old records' persons were not read")
            return RETRY_AFTER
        self.rows += filled.rows
        self.unread, self.reached = filled.unread, filled.reached
        if filled.unread:
            return PAUSE
        self._done, self._recreated = reading, recreated
        log.info("old records' persons were read", extra={"records": self.rows})
        return IDLE
