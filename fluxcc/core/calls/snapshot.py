"""Corrects live legs and calls after a gap, from the store and from FreeSWITCH's snapshot.

Counterparts: ``tracker`` keeps them true by events otherwise; ``daemon.session`` takes the
snapshots, ``core.recovery`` reads the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from sys import intern

from msgspec.structs import replace

from fluxcc.core.calls import memory
from fluxcc.core.calls.identity import Stations
from fluxcc.core.calls.memory import LegMemory
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.domain.agents import NOBODY, Agent, read_agent
from fluxcc.domain.calls import Call, CallRecord, Direction, Leg, LegKind, Outcome
from fluxcc.domain.events import LegEvent, LegFact, LegNews, LegRow, Snapshot

CONFERENCE = "conference"
"""The application of a leg in a conference; its argument begins with the conference's name."""
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
        self._memories: dict[str, LegMemory] = {}
        """UUID of a leg → what the store remembers of it, until the next snapshot."""

    def restore(self, records: Iterable[CallRecord]) -> None:
        """Take over the store's calls that were live when the daemon last ended.

        The next ``resync`` gives them their legs, and closes those without any as lost.
        """
        for entry in records:
            if entry.id in self._tracker.calls or self._is_known(entry):
                continue
            remembered = memory.read(entry.state)
            call = Call(
                id=entry.id,
                started=entry.started,
                agent=_agent(entry),
                past_agents=tuple(map(read_agent, remembered.past_agents)),
                group=intern(entry.group),
                number=entry.number,
                is_private=entry.is_private,
                direction=Direction(entry.direction),
                is_told=remembered.is_told,
                bridged=entry.bridged,
                parted=entry.parted,
                outcome=Outcome(entry.outcome),
                sequel=tuple(entry.sequel.split()),
                is_survey_over=remembered.is_survey_over or entry.outcome != Outcome.LIVE,
                customer_domain=remembered.customer_domain,
                customer_uuid=entry.customer_leg,
                agent_uuid=entry.agent_leg,
            )
            self._tracker.calls[call.id] = call
            self._tracker.hold(call, read_agent(remembered.holder))
            self._memories.update((leg.uuid, leg) for leg in remembered.legs)
            # A former agent's leg is in the record, and no longer in the call.
            legs = [leg.uuid for leg in remembered.legs] or [entry.customer_leg, entry.agent_leg]
            self._tracker.former.update((uuid, call) for uuid in legs if uuid)

    def resync(
        self,
        snapshot: Snapshot,
        known: Collection[str],
        described: Iterable[tuple[str, LegEvent]],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the live legs those of a snapshot; calls without a customer in it were lost.

        ``known`` are the UUIDs of the legs that were known when the snapshot was asked for: a leg
        that was created since is not lost although it is missing, and one that ended since is not
        created again. A known leg keeps what the events said of it, which is more than a row has.
        ``described`` tells the channel variables of the others (UUID, event), as far as FreeSWITCH
        answers; it is read while legs are created, since it may be large.

        There may be 20,000 legs: ``pause`` is called every ``LEGS_PER_SLICE``. What events say
        meanwhile is newer than the snapshot, and stays.
        """
        rest = slices(pause)
        for uuid in known:
            gone = self._tracker.legs.get(uuid) if uuid not in snapshot.up else None
            if gone is not None:
                self.lose(gone)
                next(rest)
        pause()
        adopted = self._adopt_all(
            {row.uuid: row for row in snapshot.rows if row.uuid not in known}, described, rest
        )
        pause()
        for leg, ties in adopted:
            is_there = leg.uuid in self._tracker.legs and not leg.room
            if is_there and ties.application == CONFERENCE and ties.application_data:
                self._tracker.put_in_room(leg, _conference(ties.application_data))
        for leg, ties in adopted:
            self._tracker.attach_adopted(leg, ties)
            next(rest)
        # Only now that everybody is there: the agent of a customer depends on who else is.
        self._tracker.settle_rooms(list(self._tracker.rooms))
        self._bridge(snapshot, adopted, rest)
        pause()
        for call in list(self._tracker.calls.values()):
            if call.id in self._tracker.calls and not self._is_alive(call):
                self._tracker.close(call, Outcome.LOST)
                next(rest)
        self._tracker.former.clear()
        self._memories.clear()

    def _adopt_all(
        self,
        rows: dict[str, LegRow],
        described: Iterable[tuple[str, LegEvent]],
        rest: Iterator[None],
    ) -> list[tuple[Leg, LegEvent]]:
        """Create the legs of these rows; each with what ties it to others, the oldest first."""
        adopted: list[tuple[Leg, LegEvent]] = []
        try:
            for uuid, event in described:
                row = rows.pop(uuid, None)
                if row is not None and self._is_new(uuid):
                    adopted.append((self._adopt(row, event), _ties(row, event)))
                    next(rest)
        except BaseException:
            # The link was lost meanwhile: the next snapshot begins anew.
            for leg, _ in adopted:
                self._tracker.end(leg, "")
            raise
        for row in rows.values():
            if self._is_new(row.uuid):
                adopted.append((self._adopt(row, None), _ties(row, None)))
                next(rest)
        return sorted(adopted, key=lambda pair: pair[0].created)

    def _is_new(self, uuid: str) -> bool:
        """Whether a leg is to be created. Its end may have been reported meanwhile."""
        has_ended = self._tracker.watchers.end_of(uuid) is not None
        return uuid not in self._tracker.legs and not has_ended

    def _bridge(
        self, snapshot: Snapshot, adopted: list[tuple[Leg, LegEvent]], rest: Iterator[None]
    ) -> None:
        legs = self._tracker.legs
        table = [(row.bridged_to, row.uuid) for row in snapshot.rows if row.bridged_to]
        # A leg that consults inside a bridge is in two, of which the table may have the inner one
        # alone, and which must be told in their order.
        outer = [(ties.consults_for, leg.uuid) for leg, ties in adopted if ties.consults_for]
        known = frozenset(table)
        consulting = {leg.uuid: ties.consults_for for leg, ties in adopted}
        # The table may still have a bridge of which the end was not told yet.
        said = {leg.uuid: ties.bridged_to for leg, ties in adopted if ties.bridged_to}
        now = [(a, b) for a, b in table if said.get(a, b) == b and said.get(b, a) == a]
        for a, b in [*(self._in_order(*pair, known) for pair in outer), *now]:
            first, second = legs.get(a), legs.get(b)
            if first is not None and second is not None and second not in first.partners():
                self._tracker.bridge(first, second, consulting.get(a) or consulting.get(b) or "")
                next(rest)

    def _in_order(self, a: str, b: str, table: frozenset[tuple[str, str]]) -> tuple[str, str]:
        """The two with the bridge's originatee last, as the table or who dialled whom tells."""
        first = self._tracker.legs.get(a)
        origin = first.origin if first is not None else None
        is_dialled = origin is not None and origin.uuid == b
        return (b, a) if (b, a) in table or (is_dialled and (a, b) not in table) else (a, b)

    @staticmethod
    def _is_alive(call: Call) -> bool:
        return call.customer is not None or any(leg.is_person for leg in call.legs)

    def _is_known(self, entry: CallRecord) -> bool:
        """Whether a call of the store is live here already under another id, because the store
        could be read only after the snapshot. It goes on under the store's id, with what the store
        knows of its past."""
        for uuid in (entry.customer_leg, entry.agent_leg):
            leg = self._tracker.legs.get(uuid)
            call = leg.call if leg is not None else None
            if call is not None and call.customer_uuid == entry.customer_leg:
                del self._tracker.calls[call.id]
                self._take_over(call, entry)
                self._tracker.calls[call.id] = call
                self._journal.call_changed(call)
                return True
        return False

    def _take_over(self, call: Call, entry: CallRecord) -> None:
        remembered = memory.read(entry.state)
        call.id, call.started = entry.id, entry.started
        call.group = call.group or intern(entry.group)
        call.direction = Direction(entry.direction)
        call.is_told = call.is_told or remembered.is_told
        call.bridged, call.parted = entry.bridged or call.bridged, call.parted or entry.parted
        call.past_agents = (*map(read_agent, remembered.past_agents), *call.past_agents)
        call.customer_domain = call.customer_domain or remembered.customer_domain
        call.sequel = (*entry.sequel.split(), *call.sequel)
        if call.outcome is Outcome.LIVE:
            call.outcome = Outcome(entry.outcome)
            call.is_survey_over = remembered.is_survey_over or entry.outcome != Outcome.LIVE
        if call.agent_leg is None:
            call.agent = call.agent or _agent(entry)
            self._tracker.hold(call, read_agent(remembered.holder))

    def lose(self, leg: Leg) -> None:
        """Remove a leg whose end was not reported; a call that ends with it is lost."""
        call = leg.call
        self._tracker.end(leg, "")
        if call is not None and call.outcome in (Outcome.ANSWERED, Outcome.UNANSWERED):
            call.outcome = Outcome.LOST
        self._tracker.watchers.happened(leg.uuid, LegNews(LegFact.ENDED))
        self._tracker.watchers.happened(leg.uuid, LegNews(LegFact.GONE))

    def _adopt(self, row: LegRow, described: LegEvent | None) -> Leg:
        """Create a leg from a snapshot's row and its channel variables."""
        event = _event(row, described)
        if described is None and row.direction == "inbound":
            # On a trunk the presence ID has the user of the From, which the caller chose.
            is_believed = self._stations.believes(row.context)
            event = replace(event, user_name=row.user if is_believed else "")
        elif row.user or described is None:
            # FreeSWITCH may have written another one's name onto the leg since.
            event = replace(event, dialed_user=row.user)
        leg = self._tracker.new_leg(event, is_joining=False)
        remembered = self._memories.get(leg.uuid)
        if remembered is not None:
            leg.kind = remembered.kind
            self._tracker.name(leg, remembered.agent, *remembered.aliases)
            leg.hint, leg.first_dialled = read_agent(remembered.hint), remembered.first_dialled
            leg.is_standing = leg.is_standing or remembered.is_standing
        leg.is_answered = leg.is_answered or row.is_answered
        leg.is_on_hold = row.is_on_hold
        if leg.is_inbound and leg.kind is LegKind.TRUNK and not leg.is_answered:
            self._happenings.leg_came_in(leg)
        return leg


def _conference(argument: str) -> str:
    """The name in the argument of ``conference``: ``1000@a.example@default+flags{mintwo}``
    (``mod_conference.c``: the last ``@`` begins the profile)."""
    name, _, _ = argument.partition("+")
    return name.rpartition("@")[0] or name


def _agent(entry: CallRecord) -> Agent:
    return Agent(intern(entry.agent), intern(entry.domain)) if entry.agent else NOBODY


def _event(row: LegRow, described: LegEvent | None) -> LegEvent:
    """What a row says of a leg, and its channel variables where they are known. Who called whom is
    the row's: a transfer changes it on the leg."""
    return replace(
        described if described is not None else LegEvent(),
        leg=row.uuid,
        direction=row.direction,
        number=row.number,
        destination=row.destination,
        context=row.context,
        channel=row.channel,
        application=row.application,
        application_data=row.application_data,
        presence=row.presence,
        at=str(int(row.created * 1e6)),
    )


NO_TIES = LegEvent()


def _ties(row: LegRow, described: LegEvent | None) -> LegEvent:
    """What ties a leg to others, and is read once all of them are there."""
    event = described if described is not None else NO_TIES
    has_any = event.queue_member or event.other_leg or event.dialled_by or event.enterprise_for
    has_any = has_any or event.consults_for or event.bridged_to
    if not has_any and row.application != CONFERENCE:
        return NO_TIES
    return LegEvent(
        direction=row.direction,
        queue_member=event.queue_member,
        other_type=event.other_type,
        other_leg=event.other_leg,
        dialled_by=event.dialled_by,
        enterprise_for=event.enterprise_for,
        consults_for=event.consults_for,
        bridged_to=event.bridged_to,
        application=row.application,
        application_data=row.application_data,
    )


def slices(pause: Callable[[], None]) -> Iterator[None]:
    """Calls ``pause`` after every ``LEGS_PER_SLICE`` calls of ``next``."""
    while True:
        for _ in range(LEGS_PER_SLICE):
            yield
        pause()
