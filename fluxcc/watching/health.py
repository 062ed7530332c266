"""The health checks: ``/healthz`` says whether the daemon should be restarted, ``/readyz`` whether
an agent's action would work now. Counterpart: ``server``."""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.doors.observed import Session

STUCK = 60.0
"""Seconds without a turn of the loop that handles events after which it counts as stuck. A connect
to a FreeSWITCH that accepts and then sends nothing takes some 40 s."""


class Health:
    """One per daemon. No method waits."""

    def __init__(
        self, session: Session, journal: Journal, clock: Clock, last_turn: Callable[[], float]
    ) -> None:
        """``last_turn`` returns when the loop that handles events last ran (monotonic)."""
        self._session = session
        self._journal = journal
        self._clock = clock
        self._last_turn = last_turn

    def unhealthy(self) -> list[str]:
        """Why the daemon should be restarted; empty where it should not."""
        idle = self._clock.monotonic() - self._last_turn()
        return [f"the loop has been stuck for {idle:.0f} s"] if idle > STUCK else []

    def unready(self) -> list[str]:
        """Why actions do not work in full now; empty where they do."""
        reasons = self.unhealthy()
        if not self._session.is_connected:
            reasons.append(f"no link to FreeSWITCH: {self._session.loss or 'connecting'}")
        if self._journal.failure:
            reasons.append(f"the store cannot be written: {self._journal.failure}")
        return reasons
