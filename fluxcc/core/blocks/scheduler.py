"""Frees blocked numbers when their time has passed.

One heap (``blocklist``), one sleeping greenlet (``daemon``), and this: a step, and how long to
sleep until the next one. It sleeps at most ``NAP`` seconds, so that a clock that was set forward,
or a machine that was suspended, is noticed.
"""

from __future__ import annotations

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.ports import Clock

NAP = 1.0
"""Longest sleep, in seconds."""


class Scheduler:
    """One per daemon."""

    def __init__(self, blocking: Blocking, clock: Clock) -> None:
        self._blocking = blocking
        self._clock = clock

    def step(self) -> float:
        """End what is over; the seconds to sleep before the next step.

        Until FreeSWITCH's clock is known ours may be wrong, and the gate goes by FreeSWITCH's.
        """
        if not self._clock.is_known:
            return NAP
        self._blocking.expire_due()
        next_end = self._blocking.blocklist.next_end()
        if next_end is None:
            return NAP
        return min(NAP, max(0.0, next_end - self._clock.now()))
