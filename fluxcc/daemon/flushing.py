"""Flushes FreeSWITCH's events, many times a second, while there is a call or a request.

FreeSWITCH sends a connection its events every 20 ms, or when it reads something from it
(``docs/decisions/0006``). Without a call no action waits for an event, and a flush every few
milliseconds takes 3 % of a core. Counterparts: ``session`` calls ``look``, a job of ``jobs`` calls
``step``.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from gevent.event import Event as Flag

from fluxcc.core.ports import Clock
from fluxcc.daemon.intake import Intake
from fluxcc.domain.errors import PbxError
from fluxcc.pbx.switch import Switch

FLUSH_PERIOD = 0.003
"""Seconds between two flushes of FreeSWITCH's event queue. By itself FreeSWITCH sends queued events
every 20 ms, once to the daemon and once to the board: an agent's click took 41 ms instead of 21."""
AFTER_REQUEST = 10.0
"""Seconds after a request for which there are flushes also without a call: a board that asked once
often asks again."""


class Flushing:
    """One per session."""

    def __init__(self, switch: Switch, legs: Collection[str], intake: Intake, clock: Clock) -> None:
        """``legs`` are those that are up, also later on."""
        self._switch = switch
        self._legs = legs
        self._intake = intake
        self._clock = clock
        self._is_wanted = Flag()

    @property
    def is_on(self) -> bool:
        """Whether ``step`` flushes, or waits."""
        return bool(self._is_wanted.is_set())

    def look(self) -> None:
        """Begin or end, by what is going on now. To be called after each turn of events: the first
        event of a call comes when FreeSWITCH sends it, and the others at once."""
        since_request = self._clock.monotonic() - self._intake.last_request
        is_busy = len(self._legs) > 0 or since_request < AFTER_REQUEST
        if is_busy and self._switch.is_connected:
            self._is_wanted.set()
        else:
            self._is_wanted.clear()

    def step(self) -> float:
        """Wait until there is a reason, and flush; the seconds until the next time."""
        self._is_wanted.wait()
        if self._switch.is_connected:
            with suppress(PbxError):
                self._switch.flush_events()
        return FLUSH_PERIOD
