"""Every live leg and call, kept true by FreeSWITCH's events and, after a gap, by a snapshot.

Counterparts: ``daemon.intake`` passes on what ``pbx.events`` decoded; ``core.requests`` looks
calls up, and watches their legs through ``watchers``; ``journal`` writes changed calls.

An event about an unknown leg creates it here: events carry enough for that, and after a gap they
may come before the snapshot does.
"""

from __future__ import annotations

from sys import intern
from urllib.parse import unquote
from zlib import crc32

from fluxcc.core.calls.roles import Stations, assign_roles, name_agent
from fluxcc.core.calls.watchers import Watchers
from fluxcc.core.happenings import Happenings
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.domain.calls import Call, Direction, Leg, Outcome
from fluxcc.domain.events import LegEvent, LegFact, LegNews

LONGEST_TEXT = 128
"""Characters kept of a caller ID, a dialled number, a group's or an agent's name. A caller can send
64 kB, which no index of PostgreSQL takes. It is more than any usable number has, so that cutting
cannot turn a text into a usable number."""


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
        self._by_agent: dict[str, dict[str, Leg]] = {}
        self.watchers = Watchers()
        """Callbacks for what happens to single legs."""
        self._ids = MomentIds()
        self.former: dict[str, Call] = {}
        """UUID of a leg → its call as the store has it, from before the daemon was started."""

    # Events

    def leg_created(self, event: LegEvent) -> None:
        """A leg was created: it joins the call it was dialled for, or begins one."""
        leg = self._leg(event)
        if leg.is_inbound:
            self._happenings.leg_came_in(leg)

    def leg_answered(self, event: LegEvent) -> None:
        """A leg was answered."""
        leg = self._leg(event)
        leg.is_answered = True
        self.learn(leg, event)

    def legs_bridged(self, event: LegEvent) -> None:
        """Two legs were bridged: from now on customer and agent are known."""
        leg = self._leg(event)
        self.learn(leg, event)
        first = self.legs.get(event.bridge_a) or (leg if event.leg == event.bridge_a else None)
        second = self.legs.get(event.bridge_b)
        if first is None or second is None or first is second:
            # The other leg is unknown: the next snapshot brings it.
            return
        self.bridge(first, second)

    def legs_unbridged(self, event: LegEvent) -> None:
        """A bridge ended; each of its legs may go on."""
        for uuid in (event.bridge_a, event.bridge_b):
            leg = self.legs.get(uuid)
            if leg is not None:
                _part(leg)
            self.watchers.happened(uuid, LegNews(LegFact.PARTED))

    def leg_ended(self, event: LegEvent) -> None:
        """A leg hung up."""
        leg = self.legs.get(event.leg)
        if leg is not None:
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
        self.watchers.happened(event.leg, LegNews(LegFact.JOINED, event.conference))

    # Look-ups

    def agent_calls(self, agent: str) -> list[Call]:
        """The calls of this agent's telephones: the bridged ones, or where there are none, all."""
        calls = {
            leg.call.id: leg.call
            for leg in self._by_agent.get(agent, {}).values()
            if leg.call is not None
        }
        talking = [call for call in calls.values() if call.is_talking]
        return talking or list(calls.values())

    def call_of(self, uuid: str) -> Call | None:
        """The live call that has this leg."""
        leg = self.legs.get(uuid)
        return leg.call if leg else None

    def has_agent(self, call: Call, agent: str) -> bool:
        """Whether one of the agent's telephones is in this call."""
        return any(leg.call is call for leg in self._by_agent.get(agent, {}).values())

    def partner_of(self, uuid: str) -> LegNews | None:
        """The bridge that a leg is in now, as news; None where it is in none."""
        leg = self.legs.get(uuid)
        if leg is None or leg.partner is None or leg.call is None:
            return None
        return LegNews(LegFact.BRIDGED, leg.call.agent)

    def calls_of_group(self, group: str) -> list[Call]:
        """The calls of a group in which customer and agent are connected."""
        return [call for call in self.calls.values() if call.group == group and call.is_talking]

    # Changes

    def _leg(self, event: LegEvent) -> Leg:
        leg = self.legs.get(event.leg)
        return leg if leg is not None else self.new_leg(event)

    def new_leg(self, event: LegEvent) -> Leg:
        """Create a leg from the first event about it."""
        is_inbound = event.direction != "outbound"
        self.watchers.began(event.leg)
        leg = Leg(
            uuid=event.leg,
            is_inbound=is_inbound,
            number=event.number[:LONGEST_TEXT],
            # A plus sign that was dialled arrives as %2B.
            destination=unquote(event.destination[: 3 * LONGEST_TEXT])[:LONGEST_TEXT],
            context=intern(event.context),
            created=float(event.at or 0) / 1e6 or self._clock.now(),
        )
        self.legs[leg.uuid] = leg
        self.learn(leg, event)
        self._join(leg, self._origin(event))
        return leg

    def _origin(self, event: LegEvent) -> Leg | None:
        """The leg that this one was dialled for."""
        if event.queue_member:
            return self.legs.get(event.queue_member)
        if event.other_type == "originator":
            return self.legs.get(event.other_leg)
        return None

    def _join(self, leg: Leg, origin: Leg | None) -> None:
        call = self.former.pop(leg.uuid, None) or (origin.call if origin is not None else None)
        if call is None:
            call = Call(id=self._new_id(leg), started=leg.created, number=leg.person)
            if leg.is_station:
                call.direction = Direction.ORIGINATED
            elif not leg.is_inbound:
                call.direction = Direction.CAMPAIGN
            if not leg.is_station:
                call.customer_uuid = leg.uuid
            self.calls[call.id] = call
        leg.call = call
        call.legs.append(leg)
        if call.bridged is not None and call.customer is None and leg.uuid == call.customer_uuid:
            call.customer = leg
        elif call.bridged is not None and call.agent_leg is None and leg.uuid == call.agent_uuid:
            call.agent_leg = leg
            self._index(leg, call.agent)
        call.group = call.group or leg.group
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

    def learn(self, leg: Leg, event: LegEvent) -> None:
        """Update group, agent and telephone of a leg from the channel variables in an event."""
        group = event.group
        if group:
            leg.group = intern(group[:LONGEST_TEXT])
        if event.queue_side == "member":
            return
        agent = event.agent
        # FreeSWITCH sets dialed_user on the caller's leg too, where it names the other one.
        if agent and not (leg.is_inbound and agent == event.dialed_user):
            leg.claim = intern(agent[:LONGEST_TEXT])
            leg.claim_rank = event.agent_rank
        if not leg.is_station:
            extension = self._stations.extension(leg, event)
            if extension:
                leg.is_station = True
                leg.extension = intern(extension[:LONGEST_TEXT])
        if leg.is_station and not (leg.call is not None and leg.call.agent_leg is leg):
            # Once bridged, the agent is chosen out of both legs' variables (``bridge``).
            self._index(leg, leg.claim or leg.extension)

    def _index(self, leg: Leg, agent: str) -> None:
        if leg.indexed_as == agent:
            return
        self._unindex(leg)
        leg.indexed_as = agent
        self._by_agent.setdefault(agent, {})[leg.uuid] = leg

    def _unindex(self, leg: Leg) -> None:
        legs = self._by_agent.get(leg.indexed_as)
        if legs is not None:
            legs.pop(leg.uuid, None)
            if not legs:
                del self._by_agent[leg.indexed_as]

    def bridge(self, first: Leg, second: Leg) -> None:
        """Two legs are bridged; ``first`` is FreeSWITCH's A leg."""
        _part(first)
        _part(second)
        first.partner, second.partner = second, first
        first.is_originator, second.is_originator = True, False
        customer, agent_leg, direction = assign_roles(first, second)
        call = customer.call
        if call is None:
            return
        self._bring(agent_leg, call)
        if call.customer is not customer:
            call.direction = direction
        call.customer, call.agent_leg = customer, agent_leg
        call.customer_uuid, call.agent_uuid = customer.uuid, agent_leg.uuid
        call.agent = intern(name_agent(customer, agent_leg))
        call.group = customer.group or agent_leg.group or call.group
        call.number = customer.person
        if call.bridged is None:
            call.bridged = self._clock.now()
        self._index(agent_leg, call.agent)
        self._journal.call_changed(call)
        self.watchers.happened(customer.uuid, LegNews(LegFact.BRIDGED, call.agent))
        self._happenings.call_bridged(call)

    def _bring(self, agent_leg: Leg, call: Call) -> None:
        """Move the agent's leg to the customer's call."""
        if agent_leg.call is call:
            return
        self._leave(agent_leg, "")
        agent_leg.call = call
        call.legs.append(agent_leg)

    def end(self, leg: Leg, cause: str) -> None:
        """Remove a leg that ended with that hangup cause."""
        del self.legs[leg.uuid]
        self._unindex(leg)
        _part(leg)
        self._leave(leg, cause)

    def _leave(self, leg: Leg, cause: str) -> None:
        """Take a leg off its call; the last one ends it."""
        call = leg.call
        if call is None:
            return
        leg.call = None
        call.legs.remove(leg)
        if call.customer is leg or (call.customer is None and not leg.is_station):
            call.cause = intern(cause)
        if call.customer is leg:
            call.customer = None
        elif call.agent_leg is leg:
            call.agent_leg = None
        if not call.legs:
            call.cause = call.cause or intern(cause)
            self.close(call, Outcome.ANSWERED if call.bridged else Outcome.UNANSWERED)
        else:
            self._journal.call_changed(call)

    def close(self, call: Call, outcome: Outcome) -> None:
        """End a call; ``outcome`` is its outcome unless an action set another."""
        call.ended = self._clock.now()
        if call.outcome is Outcome.LIVE:
            call.outcome = outcome
        del self.calls[call.id]
        self._journal.call_changed(call)


def _part(leg: Leg) -> None:
    """The leg and its partner, where it has one, are bridged no longer."""
    if leg.partner is not None:
        leg.partner.partner = None
        leg.partner = None
