"""Corrects live legs and calls after a gap, from the store and from FreeSWITCH's snapshot.

Counterparts: ``tracker`` keeps them true by events otherwise; ``daemon.session`` takes the
snapshots, ``core.recovery`` reads the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from sys import intern

from fluxcc.core.calls.roles import Stations
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.domain.calls import Call, CallRecord, Direction, Leg, Outcome
from fluxcc.domain.events import LegEvent, LegFact, LegNews, LegRow, Snapshot

LEGS_PER_SLICE = 100
"""Legs that a snapshot changes between two pauses: some 2 ms."""


class Snapshots:
    """One per daemon."""

    def __init__(
        self,
        tracker: Tracker,
        stations: Stations,
        journal: Journal,
        happenings: Happenings,
    ) -> None:
        self._tracker = tracker
        self._journal = journal
        self._happenings = happenings
        self._stations = stations

    def restore(self, records: Iterable[CallRecord]) -> None:
        """Take over the store's calls that were live when the daemon last ended.

        The next ``resync`` gives them their legs, and closes those without any as lost.
        """
        for entry in records:
            if entry.id in self._tracker.calls or self._is_known(entry):
                continue
            call = Call(
                id=entry.id,
                started=entry.started,
                agent=intern(entry.agent),
                group=intern(entry.group),
                number=entry.number,
                direction=Direction(entry.direction),
                bridged=entry.bridged,
                outcome=Outcome(entry.outcome),
                is_survey_over=entry.outcome != Outcome.LIVE,
                customer_uuid=entry.customer_leg,
                agent_uuid=entry.agent_leg,
            )
            self._tracker.calls[call.id] = call
            for uuid in (entry.customer_leg, entry.agent_leg):
                if uuid:
                    self._tracker.former[uuid] = call

    def resync(
        self, snapshot: Snapshot, known: Collection[str], pause: Callable[[], None] = lambda: None
    ) -> list[str]:
        """Make the live legs those of a snapshot; calls without a leg in it were lost.

        ``known`` are the UUIDs of the legs that were known when the snapshot was asked for: a leg
        that was created since is not lost although it is missing, and one that ended since is not
        created again. A known leg keeps what the events said of it, which is more than a row has.

        There may be 20,000 legs: ``pause`` is called every ``LEGS_PER_SLICE``. What events say
        meanwhile is newer than the snapshot, and stays.

        Returns the UUIDs of the legs that were created from a row; ``leg_described`` adds the rest.
        """
        rest = slices(pause)
        for uuid in known:
            gone = self._tracker.legs.get(uuid) if uuid not in snapshot.up else None
            if gone is not None:
                self.lose(gone)
                next(rest)
        pause()
        adopted = []
        for row in snapshot.rows:
            # Its end may have been reported while the snapshot was on its way.
            has_ended = self._tracker.watchers.end_of(row.uuid) is not None
            if row.uuid not in self._tracker.legs and row.uuid not in known and not has_ended:
                self._adopt(row)
                adopted.append(row.uuid)
                next(rest)
        pause()
        for row in snapshot.rows:
            leg, partner = self._tracker.legs.get(row.uuid), self._tracker.legs.get(row.bridged_to)
            if leg is not None and partner is not None and leg.partner is not partner:
                self._tracker.bridge(partner, leg)
                next(rest)
        pause()
        for call in [call for call in self._tracker.calls.values() if not call.legs]:
            if call.id in self._tracker.calls and not call.legs:
                self._tracker.close(call, Outcome.LOST)
                next(rest)
        self._tracker.former.clear()
        return adopted

    def _is_known(self, entry: CallRecord) -> bool:
        """Whether a call of the store is live here already under another id, because the store
        could be read only after the snapshot. It goes on under the store's id."""
        for uuid in (entry.customer_leg, entry.agent_leg):
            call = self._tracker.call_of(uuid)
            if call is not None:
                del self._tracker.calls[call.id]
                call.id, call.started = entry.id, entry.started
                self._tracker.calls[call.id] = call
                self._journal.call_changed(call)
                return True
        return False

    def leg_described(self, event: LegEvent) -> None:
        """Update a leg from its channel variables, which were asked for after a snapshot."""
        leg = self._tracker.legs.get(event.leg)
        if leg is None:
            return
        self._tracker.learn(leg, event)
        if leg.partner is not None and leg.call is not None:
            first = leg if leg.is_originator else leg.partner
            self._tracker.bridge(first, leg.partner if first is leg else leg)

    def lose(self, leg: Leg) -> None:
        """Remove a leg whose end was not reported; a call that ends with it is lost."""
        call = leg.call
        self._tracker.end(leg, "")
        if call is not None and call.outcome in (Outcome.ANSWERED, Outcome.UNANSWERED):
            call.outcome = Outcome.LOST
        self._tracker.watchers.happened(leg.uuid, LegNews(LegFact.ENDED))
        self._tracker.watchers.happened(leg.uuid, LegNews(LegFact.GONE))

    def _adopt(self, row: LegRow) -> None:
        """Create a leg from a snapshot's row."""
        is_from_trunk = row.direction == "inbound" and not self._stations.believes(row.context)
        # On a trunk the presence ID has the user of the From, which the caller chose.
        user = "" if is_from_trunk else row.user
        event = LegEvent(
            leg=row.uuid,
            direction=row.direction,
            number=row.number,
            destination=row.destination,
            context=row.context,
            dialed_user=user if row.direction == "outbound" else "",
            user_name=user if row.direction == "inbound" else "",
            at=str(int(row.created * 1e6)),
        )
        leg = self._tracker.new_leg(event)
        leg.is_answered = row.is_answered
        if leg.is_inbound and not leg.is_answered:
            self._happenings.leg_came_in(leg)


def slices(pause: Callable[[], None]) -> Iterator[None]:
    """Calls ``pause`` after every ``LEGS_PER_SLICE`` calls of ``next``."""
    while True:
        for _ in range(LEGS_PER_SLICE):
            yield
        pause()
