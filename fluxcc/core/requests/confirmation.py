"""Waits for FreeSWITCH's events that confirm a plan.

``+OK`` proves nothing (a transfer to a number that nobody answers is accepted too), so every plan
that touches a call names its confirmation (``domain.effects``). For each kind there is an
``Awaited``, which observes what happens to the legs and has a ``result``; ``ConfirmationWatch``
waits for that.
"""

from __future__ import annotations

from typing import Protocol, assert_never

from fluxcc.core.backoff import Backoff
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.domain.applications import Application
from fluxcc.domain.causes import UNROUTABLE
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllEnded, AllJoined, Arrived, Confirmation
from fluxcc.domain.events import LegFact, LegNews

CONFIRMATION_TIMEOUT = 2.0
"""Seconds that FreeSWITCH has to confirm an accepted command by events. Together with a command
that is answered at the last moment (``pbx.link``) and two commits, the reply still comes within 5 s
(contract, section 3). A room of the PBX's may be given longer."""
FIRST_FLUSH, LONGEST_FLUSH = 0.001, 0.02
"""Seconds between two flushes of FreeSWITCH's event queue during the wait."""
ASK_AFTER = 1.0
"""Seconds without a result after which FreeSWITCH is asked, and again."""
SETTLING_TIME = 0.1
"""Seconds for which a leg must stay with the application that took it: it may still be rejected
there."""

CONFIRMED = ""
"""The result of a plan that is confirmed; otherwise it is the failure's code."""

Result = Code | str | None


class Awaited(Protocol):
    """One confirmation being waited for."""

    legs: frozenset[str]
    patience: float
    """Seconds for which it is waited for."""

    def observe(self, leg: str, news: LegNews) -> None:
        """Something happened to one of the legs."""

    def result(self) -> Result:
        """``CONFIRMED``, the code of a failure, or None while it is open."""

    def on_timeout(self) -> Result:
        """What it means that the confirmation did not come: a result, and never None."""


class AwaitedEnd:
    """All of the legs hung up, and those that go on are bridged no longer."""

    patience = CONFIRMATION_TIMEOUT

    def __init__(self, wanted: AllEnded, tracker: Tracker) -> None:
        self.legs = wanted.legs | wanted.parted
        self.ending = wanted.legs
        self._missing = set(wanted.legs)
        # A bridge that has ended already is not told of again.
        self._joined = {leg for leg in wanted.parted if _is_bridged(leg, tracker)}

    def observe(self, leg: str, news: LegNews) -> None:
        """Note a leg that hung up, or left its bridge."""
        if news.fact is LegFact.ENDED:
            self._missing.discard(leg)
            self._joined.discard(leg)
        elif news.fact is LegFact.PARTED:
            self._joined.discard(leg)

    def result(self) -> Result:
        """Confirmed when all have."""
        return None if self._missing or self._joined else CONFIRMED

    def on_timeout(self) -> Code:
        """FreeSWITCH accepted the command and a leg is still there."""
        return Code.PBX_REJECTED


def _is_bridged(uuid: str, tracker: Tracker) -> bool:
    leg = tracker.legs.get(uuid)
    return leg is not None and leg.partner is not None


class AwaitedJoin:
    """All of the legs are in one conference."""

    def __init__(self, wanted: AllJoined) -> None:
        self.legs = wanted.legs
        self.patience = max(CONFIRMATION_TIMEOUT, wanted.wait)
        self._room = wanted.room
        self._rooms: dict[str, str] = {}
        self._is_broken = False

    def observe(self, leg: str, news: LegNews) -> None:
        """Note a leg that entered a conference, or ended on its way."""
        if news.fact is LegFact.JOINED:
            self._rooms[leg] = news.detail
        elif news.fact is LegFact.ENDED:
            self._is_broken = True

    def result(self) -> Result:
        """Confirmed when all are in that room, or in the same one where none is named."""
        if self._is_broken:
            return Code.CONFERENCE_NOT_JOINED
        if self._rooms.keys() != self.legs:
            return None
        rooms = set(self._rooms.values())
        is_right = rooms == {self._room} if self._room else len(rooms) == 1
        return CONFIRMED if is_right else Code.CONFERENCE_NOT_JOINED

    def on_timeout(self) -> Code:
        """At least one of them did not arrive."""
        return Code.CONFERENCE_NOT_JOINED


class AwaitedArrival:
    """The leg is at its destination, away from the other leg, and something there talks to it or
    connects it (``domain.applications``).

    No event says that a dialplan took a leg, so FreeSWITCH is asked what it does with it, until one
    application has had it for ``SETTLING_TIME``. A leg that ends on the way was rejected where its
    cause is one of ``UNROUTABLE``, and where the dialplan only prepared; any other end (busy, not
    answered, the customer hung up) came from a destination that exists.
    """

    patience = CONFIRMATION_TIMEOUT

    def __init__(self, wanted: Arrived, tracker: Tracker, pbx: Pbx, clock: Clock) -> None:
        self._wanted = wanted
        self._pbx = pbx
        self._clock = clock
        self.legs = frozenset(leg for leg in (wanted.leg, wanted.away_from) if leg)
        leg = tracker.legs.get(wanted.leg)
        self._is_away = leg is None or leg.partner is None
        self._end: LegNews | None = None
        self._gone: LegNews | None = None
        self._application: Application | None = None
        """What it executed when FreeSWITCH was last asked, and when that was first seen."""
        self._since = 0.0
        self._taken_at: float | None = None
        """Since when it is taken; None while it is not."""
        self._was_taken = False
        self._is_settled = False

    def observe(self, leg: str, news: LegNews) -> None:
        """Note that the leg left the bridge, or that one of the two ended."""
        if news.fact is LegFact.PARTED or leg == self._wanted.away_from:
            self._is_away = True
        if leg != self._wanted.leg:
            return
        if news.fact is LegFact.ENDED:
            self._end = news
        elif news.fact is LegFact.GONE:
            self._gone = news

    def result(self) -> Result:
        """Confirmed when it has been taken for ``SETTLING_TIME``, or was before it ended."""
        if self._end is None and self._is_away and not self._is_settled:
            self._look()
        if self._end is not None:
            return self._verdict(self._end)
        return CONFIRMED if self._is_settled else None

    def on_timeout(self) -> Result:
        """What has the leg now decides; where it did not even come there, FreeSWITCH accepted the
        command and has not done it."""
        if self._taken_at is not None:
            return CONFIRMED
        has_come = self._end is not None or self._application is not None
        return Code.DESTINATION_REJECTED if has_come else Code.PBX_REJECTED

    def _look(self) -> None:
        now = self._clock.monotonic()
        if self._taken_at is not None and now - self._taken_at < SETTLING_TIME:
            return
        application = self._pbx.application_of(self._wanted.leg, self._wanted.destination)
        if application is None or not application.name:
            return
        if application != self._application:
            self._application, self._since = application, now
        if not self._is_taken_by(application, now - self._since):
            self._taken_at = None
        elif self._taken_at is None:
            self._taken_at, self._was_taken = now, True
        else:
            self._is_settled = True

    @staticmethod
    def _is_taken_by(application: Application, seconds: float) -> bool:
        if application.is_talking:
            return True
        return application.longest is not None and seconds > application.longest

    def _verdict(self, end: LegNews) -> Result:
        if end.detail in UNROUTABLE:
            return Code.DESTINATION_REJECTED
        if self._was_taken or Application(end.application).has_taken(end.detail):
            return CONFIRMED
        if self._gone is None:
            # Who hung up is not known yet.
            return None
        return CONFIRMED if self._gone.is_by_person else Code.DESTINATION_REJECTED


class ConfirmationWatch:
    """Waits for a result.

    Used in a ``with`` around the commands: it watches the legs from before the first command, since
    the event may come before the command's answer.
    """

    def __init__(
        self, awaited: Awaited, tracker: Tracker, pbx: Pbx, runtime: Runtime, clock: Clock
    ) -> None:
        self._awaited = awaited
        self._tracker = tracker
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock
        self._news = runtime.latch()

    def __enter__(self) -> ConfirmationWatch:
        self._tracker.watchers.watch(self._awaited.legs, self._observe)
        for leg in self._awaited.legs:
            if leg not in self._tracker.legs:
                self._awaited.observe(leg, LegNews(LegFact.ENDED))
        return self

    def __exit__(self, *exception: object) -> None:
        self._tracker.watchers.unwatch(self._awaited.legs, self._observe)

    def wait(self) -> Code | None:
        """None where it is confirmed, otherwise the failure's code. Raises ``LinkLostError``."""
        awaited = self._awaited
        began, asked = self._clock.monotonic(), 0.0
        backoff = Backoff(FIRST_FLUSH, LONGEST_FLUSH)
        while (result := awaited.result()) is None:
            # By the clock, not as the sum of the pauses: under overload each of them takes longer.
            waited = self._clock.monotonic() - began
            if waited >= awaited.patience:
                result = awaited.on_timeout()
                break
            if waited - asked >= ASK_AFTER:
                asked = waited
                self._ask(awaited)
            self._pbx.flush_events()
            self._news.wait(backoff.next())
            self._news = self._runtime.latch()
        return result if isinstance(result, Code) else None

    def _ask(self, awaited: Awaited) -> None:
        """Ask FreeSWITCH whether the legs have ended: under overload their events come late, or
        were dropped."""
        if isinstance(awaited, AwaitedEnd) and self._pbx.are_gone(awaited.ending):
            # Those that go on were bridged to these.
            for leg in awaited.legs:
                awaited.observe(leg, LegNews(LegFact.ENDED))

    def _observe(self, leg: str, news: LegNews) -> None:
        self._awaited.observe(leg, news)
        self._news.set(True)


class Confirmations:
    """Makes watches. One per daemon."""

    def __init__(self, tracker: Tracker, pbx: Pbx, runtime: Runtime, clock: Clock) -> None:
        self._tracker = tracker
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock

    def watch(self, confirmation: Confirmation | None) -> ConfirmationWatch:
        """A watch for what a plan names; for None one of no leg, confirmed at once."""
        awaited: Awaited
        match confirmation:
            case AllEnded():
                awaited = AwaitedEnd(confirmation, self._tracker)
            case AllJoined():
                awaited = AwaitedJoin(confirmation)
            case Arrived():
                awaited = AwaitedArrival(confirmation, self._tracker, self._pbx, self._clock)
            case None:
                awaited = AwaitedEnd(AllEnded(frozenset()), self._tracker)
            case _:
                assert_never(confirmation)
        return ConfirmationWatch(awaited, self._tracker, self._pbx, self._runtime, self._clock)
