"""Ends blocks when their time has passed.

Counterparts: ``blocklist`` has the ends in a heap; a job of ``daemon.jobs`` calls ``step`` and
sleeps for as long as it returns, at most ``LONGEST_SLEEP`` seconds, so that a clock that was set
forward, or a machine that was suspended, is noticed.
"""

from __future__ import annotations

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.clocks import both_clocks
from fluxcc.core.ports import Clock

LONGEST_SLEEP = 1.0
"""Seconds that a sleep takes at most."""
PRUNED_EVERY = 3600.0
"""Seconds after which blocks that no longer count for the next one are forgotten."""


class Scheduler:
    """One per daemon."""

    def __init__(self, blocking: Blocking, clock: Clock) -> None:
        self._blocking = blocking
        self._clock = clock
        self._prune_at = 0.0

    def step(self) -> float:
        """End the blocks that are due; the seconds to sleep before the next step.

        Until FreeSWITCH's clock is known nothing is ended: the gate goes by that clock, and this
        machine's may differ. A block that is over by that clock alone is held (``domain.clocks``).
        """
        if not self._clock.is_known:
            return LONGEST_SLEEP
        self._blocking.expire_due()
        if self._clock.monotonic() >= self._prune_at:
            self._blocking.repeaters.prune(both_clocks(self._clock).earlier)
            self._blocking.standings.prune()
            self._prune_at = self._clock.monotonic() + PRUNED_EVERY
        next_end = self._blocking.blocklist.next_end()
        if next_end is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, next_end - self._clock.now()))
