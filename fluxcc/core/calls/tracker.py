"""Every live leg and call, kept true by FreeSWITCH's events and, after a gap, by a snapshot.

Counterparts: ``daemon.intake`` passes on what ``pbx.events`` decoded; ``identity`` says what a leg
is and ``people`` who talks to whom; ``views`` looks calls up for ``core.requests``, which watches
their legs through ``watchers``; ``journal`` writes changed calls.

An event about an unknown leg creates it here: events carry enough for that, and after a gap they
may come before the snapshot does. The rules stand in the package's ``__init__``.
"""

from __future__ import annotations

from sys import intern
from urllib.parse import unquote
from zlib import crc32

from fluxcc.core.calls import people
from fluxcc.core.calls.identity import Stations
from fluxcc.core.calls.watchers import Watchers
from fluxcc.core.happenings import Happenings
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.domain.calls import Bridge, Call, Direction, Leg, LegKind, Outcome
from fluxcc.domain.events import LegEvent, LegFact, LegNews

LONGEST_TEXT = 128
"""Characters kept of a caller ID, a dialled number, a group's or an agent's name. A caller can send
64 kB, which no index of PostgreSQL takes. It is more than any usable number has, so that cutting
cannot turn a text into a usable number."""
PARKED_AT_ONCE = 3.0
"""Seconds after leaving an agent within which a customer who is parked was parked by that agent:
the dialplan parks at once whom a telephone transfers there."""
PARKING = frozenset({"park", "valet_park"})
"""Applications that park (``mod_dptools.c``, ``mod_valet_parking.c``)."""
PROXY = "PROXY"
"""The codec of a leg whose media FreeSWITCH passes on unseen (``switch_core_media.c``)."""
STANDBY = "uuid-standby"
TRUE = "true"
CONFERENCE = "conference"


class Tracker:
    """One per daemon. Its methods are named after what happened (``pbx.events.LEG_EVENTS``)."""

    def __init__(
        self,
        stations: Stations,
        journal: Journal,
        clock: Clock,
        happenings: Happenings,
    ) -> None:
        self._stations = stations
        self._journal = journal
        self._clock = clock
        self._happenings = happenings
        self.legs: dict[str, Leg] = {}
        self.calls: dict[int, Call] = {}
        self.by_agent: dict[str, dict[str, Leg]] = {}
        """Name of an agent → the legs of the agent's telephones, by UUID."""
        self.rooms: dict[str, dict[str, Leg]] = {}
        """Conference → the legs in it, by UUID."""
        self.watchers = Watchers()
        """Callbacks for what happens to single legs."""
        self._ids = MomentIds()
        self._parked: dict[int, Call] = {}
        self.former: dict[str, Call] = {}
        """UUID of a leg → its call as the store has it, from before the daemon was started."""

    # Events

    def leg_created(self, event: LegEvent) -> None:
        """A leg was created: it joins the call it was dialled for, or begins one."""
        leg = self._leg(event)
        if leg.is_inbound and leg.kind is LegKind.TRUNK:
            self._happenings.leg_came_in(leg)

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
        self.bridge(first, second)

    def legs_unbridged(self, event: LegEvent) -> None:
        """A bridge ended; each of its legs may go on."""
        first, second = self.legs.get(event.bridge_a), self.legs.get(event.bridge_b)
        if first is None and second is None:
            first = self.legs.get(event.leg)
            second = first.partner if first is not None else None
        if first is not None and second is not None:
            _part(first, second)
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
            self.hold(leg.call, "")

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

    def held_by(self, agent: str) -> list[Call]:
        """The calls whose customer this agent has parked."""
        return [call for call in self._parked.values() if call.holder == agent]

    def hold(self, call: Call, agent: str) -> None:
        """Set who has parked the call's customer; nobody for an empty text."""
        if call.holder == agent:
            return
        call.holder = agent
        if agent:
            self._parked[call.id] = call
        else:
            self._parked.pop(call.id, None)
        self._journal.call_changed(call)

    # Legs

    def _leg(self, event: LegEvent) -> Leg:
        leg = self.legs.get(event.leg)
        return leg if leg is not None else self.new_leg(event)

    def new_leg(self, event: LegEvent, *, is_joining: bool = True) -> Leg:
        """Create a leg from the first event about it; it joins its call at once, or with
        ``attach_adopted``."""
        self.watchers.began(event.leg)
        leg = Leg(
            uuid=event.leg,
            is_inbound=event.direction != "outbound",
            number=event.number[:LONGEST_TEXT],
            # A plus sign that was dialled arrives as %2B.
            destination=unquote(event.destination[: 3 * LONGEST_TEXT])[:LONGEST_TEXT],
            context=intern(event.context),
            created=float(event.at or 0) / 1e6 or self._clock.now(),
            other_half=event.other_half,
        )
        leg.origin = self._origin(event)
        self.legs[leg.uuid] = leg
        leg.kind, names = self._stations.identify(leg, event)
        self.name(leg, *names)
        self.learn(leg, event)
        if is_joining:
            self._join(leg)
        return leg

    def attach_adopted(self, leg: Leg, event: LegEvent) -> None:
        """Attach a leg of a snapshot to its call, once all legs are there, and to its room."""
        if leg.call is None and leg.uuid in self.legs:
            leg.origin = self._origin(event)
            self._join(leg)
            if event.application == CONFERENCE and event.application_data:
                self.enter_room(leg, event.application_data.partition("@")[0].partition("+")[0])

    def name(self, leg: Leg, extension: str = "", *aliases: str) -> None:
        """Set whose telephone a leg is; nobody's without an extension."""
        self._unindex(leg)
        leg.extension = intern(extension[:LONGEST_TEXT])
        leg.aliases = tuple(intern(alias[:LONGEST_TEXT]) for alias in aliases if alias)
        for known in _names(leg):
            self.by_agent.setdefault(known, {})[leg.uuid] = leg

    def _unindex(self, leg: Leg) -> None:
        for known in _names(leg):
            legs = self.by_agent.get(known)
            if legs is not None:
                legs.pop(leg.uuid, None)
                if not legs:
                    del self.by_agent[known]

    def _origin(self, event: LegEvent) -> Leg | None:
        """The leg that this one was dialled for."""
        if event.queue_member:
            return self.legs.get(event.queue_member)
        if event.other_type == "originator":
            return self.legs.get(event.other_leg)
        dialled_by = event.enterprise_for or event.dialled_by
        return self.legs.get(dialled_by) if dialled_by else None

    def learn(self, leg: Leg, event: LegEvent) -> None:
        """Take up what an event says of a leg that may change during its life."""
        group = event.group
        if group:
            leg.group = intern(group[:LONGEST_TEXT])
        if event.answer_state == "answered":
            leg.is_answered = True
        if event.codec:
            leg.is_proxied = event.codec == PROXY
        if event.other_half and not leg.other_half:
            leg.other_half = event.other_half
        if leg.is_station:
            leg.is_standing = leg.is_standing or _is_standing(leg, event)
            return
        # FreeSWITCH sets dialed_user on the caller's leg too, where it names the other one, and
        # mod_callcenter its agent on the member's, who is known by the agent's own leg.
        agent = event.agent
        if agent and agent != event.dialed_user and event.queue_side != "member":
            leg.hint = intern(agent[:LONGEST_TEXT])
            if leg.is_inbound and leg.hint == leg.number:
                self._recognise(leg)

    # Joining calls

    def _join(self, leg: Leg) -> None:
        """Attach a new leg to the call for which it was dialled, or begin one."""
        restored = self.former.pop(leg.uuid, None)
        if restored is not None:
            self._attach(leg, restored)
            if leg.uuid == restored.customer_uuid:
                restored.customer = leg
            return
        person = people.dialler(leg.origin, self.legs)
        call = self._call_behind(leg)
        if leg.kind is LegKind.WIRE:
            if call is not None:
                self._attach(leg, call)
            return
        if person is not None and leg.is_station:
            person.first_dialled = person.first_dialled or leg.extension
        if call is not None:
            self._attach(leg, call)
            self._maybe_customer(leg, person, call)
        elif leg.kind is LegKind.TRUNK:
            self._begin(leg, person)
        elif person is not None and person.is_station:
            self._begin_internal(person, leg)

    def _call_behind(self, leg: Leg) -> Call | None:
        """The call of the leg for which this one was dialled, also through wires."""
        half = self.legs.get(leg.other_half) if leg.other_half else None
        person = people.dialler(leg.origin or half, self.legs)
        for each in (person, leg.origin, half):
            if each is not None and each.call is not None:
                return each.call
        return None

    def _begin(self, customer: Leg, dialled_by: Leg | None) -> Call:
        """Begin the call of a person outside, whom ``dialled_by`` called."""
        call = Call(
            id=self._new_id(customer),
            started=customer.created,
            number=customer.person,
            customer_uuid=customer.uuid,
            customer=customer,
        )
        if not customer.is_inbound:
            call.direction = Direction.CAMPAIGN
        self.calls[call.id] = call
        self._attach(customer, call)
        if dialled_by is not None and dialled_by.is_station:
            call.direction = Direction.ORIGINATED
            call.agent, call.agent_uuid = dialled_by.extension, dialled_by.uuid
            self._attach(dialled_by, call)
        return call

    def _begin_internal(self, caller: Leg, called: Leg) -> Call:
        """Begin a call of one extension to another."""
        call = Call(
            id=self._new_id(caller),
            started=caller.created,
            number=caller.extension,
            customer_uuid=caller.uuid,
            customer=caller,
            direction=Direction.INTERNAL,
        )
        self.calls[call.id] = call
        self._attach(caller, call)
        self._attach(called, call)
        return call

    def _attach(self, leg: Leg, call: Call) -> None:
        if leg.call is call:
            return
        if leg.call is not None:
            self._leave(leg, "")
        leg.call = call
        call.legs.append(leg)
        call.group = call.group or leg.group
        self._journal.call_changed(call)

    def _maybe_customer(self, leg: Leg, dialled_by: Leg | None, call: Call) -> None:
        """Of several lines over which an agent dials a customer, the first that is left is the
        customer's, until one of them was connected."""
        if (
            call.customer is None
            and not call.is_told
            and leg.kind is LegKind.TRUNK
            and dialled_by is not None
            and dialled_by.is_station
        ):
            self._make_customer(leg, call)

    def _recognise(self, leg: Leg) -> None:
        """A telephone behind a SIP proxy, which has one context for both sides: that it is one,
        only the dialplan's variable tells, which names the caller. Whom it dialled is the
        customer."""
        call = leg.call
        if call is None or call.customer is not leg or call.is_told:
            return
        leg.kind = LegKind.STATION
        self.name(leg, leg.hint)
        call.customer, call.customer_uuid, call.number = None, "", ""
        call.direction = Direction.ORIGINATED
        call.agent, call.agent_uuid = leg.extension, leg.uuid
        for other in call.legs:
            self._maybe_customer(other, leg, call)
        self._journal.call_changed(call)

    def _make_customer(self, leg: Leg, call: Call) -> None:
        call.customer, call.customer_uuid, call.number = leg, leg.uuid, leg.person
        self._journal.call_changed(call)

    def _new_id(self, leg: Leg) -> int:
        """An id for the call that the leg begins, that no restored or ended call bears.

        FreeSWITCH's ``show channels`` gives whole seconds, in which several calls may have begun;
        the leg's UUID spreads them over the second, alike in every life of the daemon.
        """
        moment = leg.created
        if moment.is_integer():
            moment += crc32(leg.uuid.encode()) % 1_000_000 / 1e6
        new = self._ids.new(moment)
        while new in self.calls:
            new = self._ids.new(moment)
        return new

    # Bridges

    def bridge(self, first: Leg, second: Leg) -> None:
        """Two legs are bridged; ``first`` is FreeSWITCH's A leg."""
        _part(first, second)
        bridge = Bridge(first, second)
        first.bridges += (bridge,)
        second.bridges += (bridge,)
        self._connect(first, second)
        for leg in (first, second):
            self._settle_around(leg)

    def _connect(self, first: Leg, second: Leg) -> None:
        """Two persons' legs that are bridged, through wires too, belong to one call from now on."""
        a, b = self._end_of(first), self._end_of(second)
        for wire, person in ((first, b), (second, a)):
            if not wire.is_person and person is not None and person.call is not None:
                self._attach(wire, person.call)
        if a is None or b is None or a is b:
            return
        if _is_customer(a) and _is_customer(b):
            # Two outside parties: each keeps the own call, which has no agent meanwhile.
            return
        if _is_customer(a):
            self._bring(b, a)
        elif _is_customer(b):
            self._bring(a, b)
        elif a.is_station and b.is_station:
            self._connect_stations(a, b)
        elif a.is_station or b.is_station:
            station, outsider = (a, b) if a.is_station else (b, a)
            self._connect_outsider(station, outsider)

    def _end_of(self, leg: Leg) -> Leg | None:
        """The person at this end of a bridge."""
        if leg.is_person:
            return leg
        half = self.legs.get(leg.other_half)
        return people.behind(half.partner, self.legs) if half is not None else None

    def _bring(self, leg: Leg, customer: Leg) -> None:
        """A leg that is bridged to a customer's belongs to the customer's call."""
        call = customer.call
        if call is None:
            return
        if leg.kind is LegKind.TRUNK and customer.hint and call.bridged is None:
            # An agent outside, of whom only a variable on the customer's leg tells.
            leg.kind = LegKind.STATION
            self.name(leg, customer.hint)
        elif leg.is_station and call.bridged is None:
            hint = customer.hint
            if hint and hint not in _names(leg) and customer.first_dialled in ("", leg.extension):
                self.name(leg, hint)
        self._attach(leg, call)

    def _connect_stations(self, a: Leg, b: Leg) -> None:
        """One extension talks to another: inside a customer's call (a consultation), or alone."""
        call = _outside_call(a) or _outside_call(b) or a.call or b.call
        if call is None:
            self._begin_internal(a, b)
            return
        self._attach(a, call)
        self._attach(b, call)

    def _connect_outsider(self, station: Leg, outsider: Leg) -> None:
        call = outsider.call
        if call is None:
            call = self._begin(outsider, station)
        elif station.call is call and not call.is_told and call.customer is not None:
            # The agent dialled over several lines, and this is the one that was taken.
            self._make_customer(outsider, call)
        self._attach(station, call)

    # Rooms

    def enter_room(self, leg: Leg, room: str) -> None:
        """A leg is in a conference."""
        self._leave_room(leg)
        leg.room = intern(room[:LONGEST_TEXT])
        self.rooms.setdefault(leg.room, {})[leg.uuid] = leg
        self._settle_room(leg.room)

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
        self._settle_room(room)

    def _settle_room(self, room: str) -> None:
        for leg in list(self.rooms.get(room, {}).values()):
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
            self.hold(call, "")
        in_room = list(self.rooms.get(customer.room, {}).values()) if customer.room else []
        leg = people.agent_leg(call, self.legs, in_room)
        if leg is not None:
            self._attach(leg, call)
        if leg is not call.agent_leg:
            self._change_agent(call, leg)
        if leg is not None:
            self._note_consultation(call, leg)
        if other is not None and other is not company:
            name = other.extension or other.person
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
        elif leg.extension != call.agent:
            call.sequel += (f"handed-over:{leg.extension}",)
        if call.agent and call.agent != leg.extension:
            call.past_agents = (*(a for a in call.past_agents if a != call.agent), call.agent)
        call.agent = leg.extension
        call.group = (customer.group if customer else "") or leg.group or call.group
        if leg.bridges and call.outcome in (Outcome.TRANSFERRED, Outcome.CONFERENCE):
            # A new talk, which may have a survey of its own.
            call.is_survey_over = False
        self._journal.call_changed(call)
        self._happenings.call_bridged(call)

    def _note_consultation(self, call: Call, leg: Leg) -> None:
        other = people.consulted(leg, call.customer, self.legs)
        if other is not None and other.is_answered and other.bridges:
            step = f"consulted:{other.extension or other.person}"
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
        call.agent_leg, call.agent_uuid, call.agent = other, other.uuid, other.extension
        call.group = customer.group or other.group or call.group
        if call.bridged is None:
            call.bridged = self._clock.now()
        self._journal.call_changed(call)

    def _changed(self, leg: Leg) -> None:
        if leg.call is not None:
            self._journal.call_changed(leg.call)

    # Ends

    def end(self, leg: Leg, cause: str) -> None:
        """Remove a leg that ended with that hangup cause."""
        del self.legs[leg.uuid]
        self._unindex(leg)
        others = list(leg.partners())
        for other in others:
            _part(leg, other)
        self._leave(leg, cause)
        self._leave_room(leg)
        for other in others:
            self._settle_around(other)

    def _leave(self, leg: Leg, cause: str) -> None:
        """Take a leg off its call, which its customer's end ends."""
        call = leg.call
        if call is None:
            return
        leg.call = None
        call.legs.remove(leg)
        if leg.group and not call.group:
            call.group = leg.group
        if call.agent_leg is leg and not call.is_internal:
            self._change_agent(call, None)
        if call.customer is leg:
            self._customer_left(call, cause)
        elif call.is_internal and sum(each.is_person for each in call.legs) < 2:
            call.cause = intern(cause)
            self.close(call, _end_of_talk(call))
        elif not call.legs:
            self.close(call, _end_of_talk(call))
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
        self.close(call, _end_of_talk(call))

    def close(self, call: Call, outcome: Outcome) -> None:
        """End a call; ``outcome`` is its outcome unless an action set another."""
        call.ended = self._clock.now()
        if call.agent_leg is not None:
            call.parted = call.ended
        call.customer = call.agent_leg = call.company = None
        self.hold(call, "")
        if call.outcome is Outcome.LIVE:
            call.outcome = outcome
        self.calls.pop(call.id, None)
        self._journal.call_changed(call)
        rest, call.legs = call.legs, []
        for leg in rest:
            leg.call = None
        # Those who go on talking to each other have a call of their own.
        for leg in rest:
            if leg.partner is not None:
                self._connect(leg, leg.partner)
                self._settle_around(leg)


def _names(leg: Leg) -> tuple[str, ...]:
    return (leg.extension, *leg.aliases) if leg.extension else ()


def _is_customer(leg: Leg) -> bool:
    call = leg.call
    return call is not None and call.customer is leg and not call.is_internal


def _outside_call(leg: Leg) -> Call | None:
    """The call with a customer that this telephone belongs to."""
    call = leg.call
    return call if call is not None and not call.is_internal else None


def _end_of_talk(call: Call) -> Outcome:
    return Outcome.ANSWERED if call.bridged else Outcome.UNANSWERED


def _is_standing(leg: Leg, event: LegEvent) -> bool:
    return (
        event.agent_type == STANDBY
        or TRUE in (event.standing, event.parks_after_bridge)
        or (event.fifo_role == "consumer" and leg.is_inbound)
    )


def _part(first: Leg, second: Leg) -> None:
    """The two are bridged to each other no longer."""
    for leg, other in ((first, second), (second, first)):
        if leg.bridges:
            leg.bridges = tuple(bridge for bridge in leg.bridges if bridge.other(leg) is not other)
