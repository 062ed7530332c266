"""What proves that a plan came true: FreeSWITCH's own events, judged one by one.

``+OK`` proves nothing (a transfer to a number that nobody answers is accepted too), so every plan
that touches a call names its confirmation, and here is what each of them takes. A judge is told
what happens to the legs and has a ``verdict``; ``Proof`` waits for it.
"""

from __future__ import annotations

from typing import Protocol

from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import AllEnded, AllJoined, Arrived, Confirmation, LegFact
from fluxcc.domain.events import LegNews

CONFIRMATION_TIMEOUT = 2.0
"""Seconds that FreeSWITCH has to show what it accepted. With a command that is answered at the last
moment (``pbx.link``) and two commits the reply is still there within 5 (contract, section 3)."""
FIRST_NUDGE, LONGEST_NUDGE = 0.001, 0.02
"""Seconds between two nudges while a verdict is waited for (``Pbx.hurry``)."""
DOUBT = 1.0
"""Seconds without a verdict after which FreeSWITCH is asked, and again."""
GRACE = 0.1
"""Seconds that a destination which took a leg has to turn out not to want it."""

UNROUTABLE = frozenset(
    {
        "UNALLOCATED_NUMBER",
        "NO_ROUTE_TRANSIT_NET",
        "NO_ROUTE_DESTINATION",
        "INVALID_NUMBER_FORMAT",
        "DESTINATION_OUT_OF_ORDER",
        "NETWORK_OUT_OF_ORDER",
        "NUMBER_CHANGED",
        "FACILITY_REJECTED",
        "INVALID_GATEWAY",
        "GATEWAY_DOWN",
        "INVALID_URL",
        "INVALID_PROFILE",
        "NO_PICKUP",
        "SUBSCRIBER_ABSENT",
        "USER_NOT_REGISTERED",
    }
)
"""Hangup causes that say: the destination is not there (FreeSWITCH's ``switch_types.h``)."""

PROVED = ""
"""The verdict where all is as it was meant to be; otherwise it is the failure's code."""

Verdict = Code | str | None


class Judge(Protocol):
    """One confirmation being waited for."""

    legs: frozenset[str]

    def observe(self, leg: str, news: LegNews) -> None:
        """Something happened to one of the legs."""

    def verdict(self) -> Verdict:
        """``PROVED``, the code of a failure, or None while it is open."""

    def on_timeout(self) -> Code:
        """What it means that the proof did not come."""


class Ended:
    """All of the legs hung up."""

    def __init__(self, wanted: AllEnded) -> None:
        self.legs = wanted.legs
        self._missing = set(wanted.legs)

    def observe(self, leg: str, news: LegNews) -> None:
        """A leg hung up, or something that does not matter."""
        if news.fact is LegFact.ENDED:
            self._missing.discard(leg)

    def verdict(self) -> Verdict:
        """Proved when none is missing."""
        return None if self._missing else PROVED

    def on_timeout(self) -> Code:
        """FreeSWITCH took the command and the leg is still there."""
        return Code.PBX_REJECTED


class Joined:
    """All of the legs are in one conference."""

    def __init__(self, wanted: AllJoined) -> None:
        self.legs = wanted.legs
        self._room = wanted.room
        self._rooms: dict[str, str] = {}
        self._is_broken = False

    def observe(self, leg: str, news: LegNews) -> None:
        """A leg entered a conference, or ended on its way."""
        if news.fact is LegFact.JOINED:
            self._rooms[leg] = news.detail
        elif news.fact is LegFact.ENDED:
            self._is_broken = True

    def verdict(self) -> Verdict:
        """Proved when all are in that very room."""
        if self._is_broken:
            return Code.CONFERENCE_NOT_JOINED
        if self._rooms.keys() != self.legs:
            return None
        rooms = set(self._rooms.values())
        is_right = rooms == {self._room} if self._room else len(rooms) == 1
        return PROVED if is_right else Code.CONFERENCE_NOT_JOINED

    def on_timeout(self) -> Code:
        """At least one of them did not arrive."""
        return Code.CONFERENCE_NOT_JOINED


class Moved:
    """The leg is with its destination, and away from the other leg.

    No event says that a dialplan took a leg, so FreeSWITCH is asked where it is. One that ends on
    the way was turned away where its cause says that there is nothing to route to; any other end
    (busy, not answered, the customer hung up) came from a destination that was there.
    """

    def __init__(self, wanted: Arrived, tracker: Tracker, pbx: Pbx, runtime: Runtime) -> None:
        self._wanted = wanted
        self._pbx = pbx
        self._runtime = runtime
        self.legs = frozenset(leg for leg in (wanted.leg, wanted.away_from) if leg)
        leg = tracker.legs.get(wanted.leg)
        self._is_away = leg is None or leg.partner is None
        self._cause: str | None = None
        self._has_arrived = False

    def observe(self, leg: str, news: LegNews) -> None:
        """The leg left the bridge, or one of the two ended."""
        if news.fact is LegFact.PARTED or leg == self._wanted.away_from:
            self._is_away = True
        if news.fact is LegFact.ENDED and leg == self._wanted.leg:
            self._cause = news.detail

    def verdict(self) -> Verdict:
        """Proved when it is there and stays for ``GRACE``, or was there and ended."""
        if self._cause is None and self._is_away and not self._has_arrived:
            self._has_arrived = self._pbx.is_taken(self._wanted.leg, self._wanted.destination)
            if self._has_arrived:
                self._linger()
        if self._cause is not None:
            return Code.DESTINATION_REJECTED if self._cause in UNROUTABLE else PROVED
        return PROVED if self._has_arrived else None

    def on_timeout(self) -> Code:
        """It is neither there nor gone."""
        return Code.PBX_REJECTED

    def _linger(self) -> None:
        waited = 0.0
        while self._cause is None and waited < GRACE:
            self._runtime.sleep(LONGEST_NUDGE)
            self._pbx.hurry()
            waited += LONGEST_NUDGE


class Proof:
    """Waits for a judge's verdict.

    It listens from before the first command on: the event may come before the command's answer.
    """

    def __init__(
        self,
        confirmation: Confirmation | None,
        tracker: Tracker,
        pbx: Pbx,
        runtime: Runtime,
        clock: Clock,
    ) -> None:
        self._tracker = tracker
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock
        self._judge = self._choose(confirmation)
        self._news = runtime.latch()
        if self._judge is not None:
            tracker.watch(self._judge.legs, self._observe)
            for leg in self._judge.legs:
                if leg not in tracker.legs:
                    self._judge.observe(leg, LegNews(LegFact.ENDED))

    def wait(self) -> Code | None:
        """None when it is proved, otherwise the code of the failure. Raises ``LinkLostError``."""
        judge = self._judge
        if judge is None:
            return None
        began, pause, asked = self._clock.monotonic(), FIRST_NUDGE, 0.0
        while (verdict := judge.verdict()) is None:
            # Not the sum of the pauses: under overload each of them takes longer.
            waited = self._clock.monotonic() - began
            if waited >= CONFIRMATION_TIMEOUT:
                return judge.on_timeout()
            if waited - asked >= DOUBT:
                asked = waited
                self._ask(judge)
            self._pbx.hurry()
            self._news.wait(pause)
            self._news = self._runtime.latch()
            pause = min(pause * 2, LONGEST_NUDGE)
        return verdict if isinstance(verdict, Code) else None

    def forget(self) -> None:
        """Listen no longer."""
        if self._judge is not None:
            self._tracker.unwatch(self._judge.legs, self._observe)

    def _ask(self, judge: Judge) -> None:
        """Under overload an event comes late, or was dropped: ask FreeSWITCH itself."""
        if isinstance(judge, Ended) and self._pbx.are_gone(judge.legs):
            for leg in judge.legs:
                judge.observe(leg, LegNews(LegFact.ENDED))

    def _observe(self, leg: str, news: LegNews) -> None:
        if self._judge is not None:
            self._judge.observe(leg, news)
            self._news.set(True)

    def _choose(self, confirmation: Confirmation | None) -> Judge | None:
        match confirmation:
            case AllEnded():
                return Ended(confirmation)
            case AllJoined():
                return Joined(confirmation)
            case Arrived():
                return Moved(confirmation, self._tracker, self._pbx, self._runtime)
            case None:
                return None
