"""Whether the daemon is well: ``/healthz`` for whoever may start it again, ``/readyz`` for whoever
wants to know whether an agent's click would work now."""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.doors.observed import Session

STUCK = 60.0
"""Seconds without a turn of the loop that handles events after which it counts as stuck. Connecting
to a FreeSWITCH that accepts and then says nothing takes it some 40."""


class Health:
    """One per daemon. Nothing here waits."""

    def __init__(
        self, session: Session, journal: Journal, clock: Clock, last_turn: Callable[[], float]
    ) -> None:
        """``last_turn`` is when the loop that handles events last went round (monotonic)."""
        self._session = session
        self._journal = journal
        self._clock = clock
        self._last_turn = last_turn

    @property
    def is_connected(self) -> bool:
        """As the session says."""
        return self._session.is_connected

    def unhealthy(self) -> list[str]:
        """Why the daemon should be started again; nothing where it should not."""
        idle = self._clock.monotonic() - self._last_turn()
        return [f"the loop has been stuck for {idle:.0f} s"] if idle > STUCK else []

    def unready(self) -> list[str]:
        """Why actions do not work in full now; nothing where they do."""
        reasons = self.unhealthy()
        if not self.is_connected:
            reasons.append(f"no link to FreeSWITCH: {self._session.loss or 'connecting'}")
        if self._journal.failure:
            reasons.append(f"the store cannot be written: {self._journal.failure}")
        return reasons
