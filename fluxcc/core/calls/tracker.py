"""Every live leg and call, kept true by FreeSWITCH's events and, after a gap, by a snapshot.

Counterparts: ``daemon.intake`` passes on what ``pbx.events`` decoded; ``identity`` says what a leg
is and ``people`` who talks to whom; ``joining`` attaches legs to calls, ``register`` keeps both;
``views`` looks calls up for ``core.requests``, which watches their legs through ``watchers``;
``journal`` writes changed calls.

An event about an unknown leg creates it here: events carry enough for that, and after a gap they
may come before the snapshot does. The rules stand in the package's ``__init__``.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from urllib.parse import unquote

from fluxcc.core.calls import people
from fluxcc.core.calls.identity import Stations
from fluxcc.core.calls.joining import Joining
from fluxcc.core.calls.register import LONGEST_TEXT, join, part
from fluxcc.core.domains import Domains
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.domain import shown
from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.calls import Call, Direction, Leg, LegKind, Outcome
from fluxcc.domain.events import LegEvent, LegFact, LegNews

PARKED_AT_ONCE = 3.0
"""Seconds after leaving an agent within which a customer who is parked was parked by that agent:
the dialplan parks at once whom a telephone transfers there."""
PARKING = frozenset({"park", "valet_park"})
"""Applications that park (``mod_dptools.c``, ``mod_valet_parking.c``)."""


class Tracker(Joining):
    """One per daemon. Its methods are named after what happened (``pbx.events.LEG_EVENTS``)."""

    def __init__(
        self,
        stations: Stations,
        domains: Domains,
        journal: Journal,
        clock: Clock,
        happenings: Happenings,
    ) -> None:
        super().__init__(journal, domains, happenings)
        self._stations = stations
        self._clock = clock

    # Events

    def leg_created(self, event: LegEvent) -> None:
        """A leg was created: it joins the call it was dialled for, or begins one."""
        self._came_in(self._leg(event))

    def leg_answered(self, event: LegEvent) -> None:
        """A leg was answered."""
        leg = self._leg(event)
        leg.is_answered = True
        self.learn(leg, event)
        self._settle_around(leg)

    def legs_bridged(self, event: LegEvent) -> None:
        """Two legs exchange media: a talk, once both have been answered."""
        leg = self._leg(event)
        self.learn(leg, event)
        first = self.legs.get(event.bridge_a)
        second = self.legs.get(event.bridge_b)
        if first is None or second is None or first is second:
            # The other leg is unknown: the next snapshot brings it.
            return
        self.bridge(first, second, event.consults_for)

    def legs_unbridged(self, event: LegEvent) -> None:
        """A bridge ended; each of its legs may go on."""
        first, second = self.legs.get(event.bridge_a), self.legs.get(event.bridge_b)
        if first is None and second is None:
            first = self.legs.get(event.leg)
            second = first.partner if first is not None else None
        if first is not None and second is not None:
            part(first, second)
        for uuid in (event.bridge_a, event.bridge_b):
            self.watchers.happened(uuid, LegNews(LegFact.PARTED))
        for leg in (first, second):
            if leg is not None:
                self._settle_around(leg)

    def leg_held(self, event: LegEvent) -> None:
        """The person at a leg put the other one on hold."""
        leg = self._leg(event)
        leg.is_on_hold = True
        self._changed(leg)

    def leg_resumed(self, event: LegEvent) -> None:
        """The person at a leg took the other one off hold."""
        leg = self._leg(event)
        leg.is_on_hold = False
        self._changed(leg)

    def leg_parked(self, event: LegEvent) -> None:
        """A leg was parked. The agent who had the customer and parked them holds them."""
        leg = self._leg(event)
        self.learn(leg, event)
        call = leg.call
        if call is None or call.customer is not leg or call.is_internal or leg.bridges:
            return
        # After the end of a bridge a leg may be parked, too, because its dialplan wants that.
        is_sent_there = event.application in PARKING
        is_at_once = call.parted is not None and self._clock.now() - call.parted < PARKED_AT_ONCE
        if is_sent_there and is_at_once and call.outcome is Outcome.LIVE and call.agent:
            self.hold(call, call.agent)

    def leg_unparked(self, event: LegEvent) -> None:
        """A leg left its place in the park."""
        leg = self.legs.get(event.leg)
        if leg is not None and leg.call is not None and leg.call.customer is leg:
            self.hold(leg.call, NOBODY)

    def leg_ended(self, event: LegEvent) -> None:
        """A leg hung up."""
        leg = self.legs.get(event.leg)
        if leg is not None:
            self.learn(leg, event)
            self.end(leg, event.cause)
            news = LegNews(LegFact.ENDED, event.cause, application=event.application)
            self.watchers.happened(event.leg, news)

    def leg_destroyed(self, event: LegEvent) -> None:
        """A leg was destroyed. It ends here at the latest: a leg whose hangup event came before
        its creation event was unknown at that time."""
        self.leg_ended(event)
        news = LegNews(LegFact.GONE, event.cause, event.is_by_person)
        self.watchers.gone(event.leg, news)

    def leg_joined(self, event: LegEvent) -> None:
        """A leg entered a conference room."""
        leg = self.legs.get(event.leg)
        if leg is not None:
            self.enter_room(leg, event.conference)
        self.watchers.happened(event.leg, LegNews(LegFact.JOINED, event.conference))

    def leg_left(self, event: LegEvent) -> None:
        """A leg left a conference room."""
        leg = self.legs.get(event.leg)
        if leg is not None:
            self._leave_room(leg)

    # Legs

    def _leg(self, event: LegEvent) -> Leg:
        return self.legs.get(event.leg) or self.new_leg(event)

    def new_leg(self, event: LegEvent, *, is_joining: bool = True) -> Leg:
        """Create a leg from the first event about it; it joins its call at once, or with
        ``attach_adopted``."""
        self.watchers.began(event.leg)
        leg = Leg(
            uuid=event.leg,
            is_inbound=event.direction != "outbound",
            number=(number := shown.number(event.number))[:LONGEST_TEXT],
            is_disguised=number != event.number,
            # A plus sign that was dialled arrives as %2B.
            destination=unquote(event.destination[: 3 * LONGEST_TEXT])[:LONGEST_TEXT],
            context=intern(event.context),
            created=float(event.at or 0) / 1e6 or self._clock.now(),
            homes=self._stations.homes(event),
            other_half=event.other_half,
        )
        leg.origin = self._origin(event)
        self.legs[leg.uuid] = leg
        if leg.origin is not None and not leg.is_inbound:
            leg.domain = leg.origin.domain
        leg.kind, agent, aliases = self._stations.identify(leg, event)
        if agent and not agent.domain:
            agent = Agent(agent.extension, self._domains.of_context(leg.context))
        self.name(leg, agent, *aliases)
        self._domains.see(agent)
        self.learn(leg, event)
        if is_joining:
            self._join(leg)
        return leg

    def attach_adopted(self, leg: Leg, event: LegEvent) -> None:
        """Attach a leg of a snapshot to its call, once all legs are there."""
        if leg.call is None and leg.uuid in self.legs:
            leg.origin = self._origin(event)
            self._join(leg)

    # Bridges

    def bridge(self, first: Leg, second: Leg, consults_for: str = "") -> None:
        """Two legs are bridged; ``first`` is FreeSWITCH's A leg.

        Earlier bridges of the two are over, although their end may be told later, but for the one
        inside of which this is a consultation: the one to the leg ``consults_for`` (a UUID).
        """
        join(first, second, consults_for)
        self._connect(first, second)
        for leg in (first, second):
            self._settle_around(leg)
        self._is_elsewhere(first, second)

    # Rooms

    def enter_room(self, leg: Leg, room: str) -> None:
        """A leg is in a conference."""
        self._leave_room(leg)
        self.put_in_room(leg, room)
        self.settle_rooms([leg.room])
        self._is_elsewhere(leg)

    def _leave_room(self, leg: Leg) -> None:
        room, leg.room = leg.room, ""
        legs = self.rooms.get(room)
        if legs is None:
            return
        legs.pop(leg.uuid, None)
        if not legs:
            del self.rooms[room]
        if leg.call is not None:
            self.settle(leg.call)
        self.settle_rooms([room])

    def _is_elsewhere(self, *legs: Leg) -> None:
        """Telephones are with others, or gone: a conference need not wait for them any more."""
        self.settle_rooms(filter(None, [self._awaited.pop(leg.uuid, "") for leg in legs]))

    def settle_rooms(self, rooms: Iterable[str]) -> None:
        """Settle who has the customers in conferences."""
        for legs in [self.in_room(room) for room in rooms]:
            for leg in legs:
                is_third = leg.kind is LegKind.TRUNK and leg.call is None
                if is_third and any(each.is_station for each in legs):
                    # A third party to a call that has ended: now nobody else is the customer.
                    self._begin(leg, None)
                if leg.call is not None and leg.call.customer is leg:
                    self.settle(leg.call)

    # Who has the customer

    def _settle_around(self, leg: Leg) -> None:
        """Settle the calls that a change at this leg may concern."""
        calls = {leg.call.id: leg.call} if leg.call is not None else {}
        for bridge in leg.bridges:
            for end in (self._end_of(leg), people.behind(bridge.other(leg), self.legs)):
                if end is not None and end.call is not None:
                    calls[end.call.id] = end.call
        for call in calls.values():
            self.settle(call)

    def settle(self, call: Call) -> None:
        """Set who has the customer now, after anything changed around them."""
        customer = call.customer
        if customer is None or call.ended is not None:
            return
        if call.is_internal:
            self._settle_internal(call)
            return
        company, other = call.company, people.company(call, self.legs)
        call.company = other
        if other is not None:
            call.is_told = True
            self.hold(call, NOBODY)
        in_room = self.in_room(customer.room)
        leg = people.agent_leg(call, self.legs, in_room)
        if leg is not None:
            self._attach(leg, call)
        if leg is None and in_room and call.agent_uuid in self.legs:
            self._awaited[call.agent_uuid] = customer.room
        if leg is not call.agent_leg:
            self._change_agent(call, leg)
        if leg is not None:
            self._note_consultation(call, leg)
        if other is not None and other is not company:
            name = other.extension or other.shown
            self.watchers.happened(customer.uuid, LegNews(LegFact.BRIDGED, name))
            if not other.is_station and call.bridged is not None:
                self._happenings.customer_moved_on(call)

    def _change_agent(self, call: Call, leg: Leg | None) -> None:
        now = self._clock.now()
        former, call.agent_leg = call.agent_leg, leg
        if former is not None:
            call.parted = now
            if former.call is call:
                # It may live on, for other calls.
                former.call = None
                call.legs.remove(former)
        if leg is None:
            self._journal.call_changed(call)
            return
        customer = call.customer
        call.agent_uuid = leg.uuid
        if call.bridged is None:
            call.bridged = now
        elif not leg.agent.may_be(call.agent):
            call.sequel += (f"handed-over:{leg.extension}",)
        if call.agent and not leg.agent.may_be(call.agent):
            call.past_agents = (*(a for a in call.past_agents if a != call.agent), call.agent)
        call.agent = leg.agent
        call.group = (customer.group if customer else "") or leg.group or call.group
        if leg.bridges and call.outcome in (Outcome.TRANSFERRED, Outcome.CONFERENCE):
            # A new talk, which may have a survey of its own.
            call.is_survey_over = False
        self._journal.call_changed(call)
        self._happenings.call_bridged(call)

    def _note_consultation(self, call: Call, leg: Leg) -> None:
        other = people.consulted(leg, call.customer, self.legs)
        if other is not None and other.is_answered and other.bridges:
            step = f"consulted:{other.extension or other.shown}"
            if step not in call.sequel:
                call.sequel += (step,)
                self._journal.call_changed(call)

    def _settle_internal(self, call: Call) -> None:
        customer = call.customer
        other = people.far_end(customer, self.legs) if customer is not None else None
        if customer is None or other is None or not people.is_connected(customer, other):
            return
        call.is_told = True
        if other is call.agent_leg:
            return
        call.agent_leg, call.agent_uuid, call.agent = other, other.uuid, other.agent
        call.group = customer.group or other.group or call.group
        if call.bridged is None:
            call.bridged = self._clock.now()
        self._journal.call_changed(call)

    # Ends

    def end(self, leg: Leg, cause: str) -> None:
        """Remove a leg that ended with that hangup cause."""
        del self.legs[leg.uuid]
        self._unindex(leg)
        others = list(leg.partners())
        for other in others:
            part(leg, other)
            other.is_on_hold = other.is_on_hold and not leg.is_person
        call, leg.call = leg.call, None
        if call is not None:
            self._left(leg, call, cause)
        self._leave_room(leg)
        self._is_elsewhere(leg)
        for other in others:
            self._settle_around(other)

    def _left(self, leg: Leg, call: Call, cause: str) -> None:
        """A leg is no longer of that call, which its customer's end ends."""
        call.legs.remove(leg)
        if leg.group and not call.group:
            call.group = leg.group
        if call.agent_leg is leg and not call.is_internal:
            self._change_agent(call, None)
        if call.customer is leg:
            self._customer_left(call, cause)
        elif call.is_internal and sum(each.is_person for each in call.legs) < 2:
            call.cause = intern(cause)
            self.close(call, call.natural_outcome)
        elif not call.legs:
            self.close(call, call.natural_outcome)
        else:
            self._journal.call_changed(call)

    def _customer_left(self, call: Call, cause: str) -> None:
        call.customer = None
        call.cause = intern(cause)
        if not call.is_told and call.direction is Direction.ORIGINATED:
            for other in call.legs:
                if other.kind is LegKind.TRUNK:
                    self._make_customer(other, call)
                    return
            if any(leg.is_station for leg in call.legs):
                # The next line may be dialled yet.
                self._journal.call_changed(call)
                return
        self.close(call, call.natural_outcome)

    def close(self, call: Call, outcome: Outcome) -> None:
        """End a call; ``outcome`` is its outcome unless an action set another."""
        call.ended = self._clock.now()
        if call.agent_leg is not None:
            call.parted = call.ended
        call.customer = call.agent_leg = call.company = None
        self.hold(call, NOBODY)
        if call.outcome is Outcome.LIVE:
            call.outcome = outcome
        self.calls.pop(call.id, None)
        self._journal.call_changed(call)
        rest, call.legs = call.legs, []
        for leg in rest:
            leg.call = None
        # Those who go on talking to each other have a call of their own.
        for leg in rest:
            if leg.bridges:
                self._connect(leg.bridges[-1].first, leg.bridges[-1].second)
                self._settle_around(leg)
