"""Calls as the one who asks sees them: which call is meant, and who is who on it.

Pure reading. Counterparts: ``tracker`` keeps calls; ``core.requests.executor`` and ``core.surveys``
ask. Source of the rules: contract, section 1a (from consultation to ringing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from fluxcc.core.calls import people
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.domains import Domains
from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import NOWHERE, Call, Conversation, Direction, Leg
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.events import LegFact, LegNews


class Views:
    """One per daemon."""

    def __init__(self, tracker: Tracker, domains: Domains) -> None:
        self._tracker = tracker
        self._domains = domains

    # Which call

    def find(self, agent: Agent, call: str, *, by_operator: bool) -> tuple[Call, Conversation]:
        """The call that is meant by the UUID of one of its legs, or else by its agent alone, and
        how the asker sees it. Raises ``RefusedError``."""
        if call:
            found = self._named(agent, call, by_operator=by_operator)
        else:
            found = self._only_one(agent, by_operator=by_operator)
        return found, self.seen_by(found, agent)

    def _named(self, agent: Agent, uuid: str, *, by_operator: bool) -> Call:
        leg = self._tracker.legs.get(uuid)
        if leg is None:
            raise RefusedError(Code.NO_SUCH_CALL, call=uuid)
        call = leg.call
        if call is None:
            raise RefusedError(Code.NO_LIVE_CALL, call=uuid)
        if by_operator or self._has(call, agent) or self._is_consulted(call, agent):
            return call
        was_theirs = any(self._domains.is_meant(agent, a) for a in (*call.past_agents, call.agent))
        is_asked = any(leg.call is call for leg in self.telephones(agent))
        code = Code.NO_LIVE_CALL if was_theirs or is_asked else Code.NOT_YOUR_CALL
        raise RefusedError(code, call=uuid)

    def _only_one(self, agent: Agent, *, by_operator: bool) -> Call:
        """The customer that the agent talks to; else the one they hold; else the colleague."""
        ranked = [*self._ranked(agent)]
        if by_operator and not ranked:
            ringing = {leg.call.id: leg.call for leg in self.telephones(agent) if leg.call}
            ranked = [(0, call) for call in ringing.values()]
        if not ranked:
            raise RefusedError(Code.NO_LIVE_CALL)
        best = min(rank for rank, _ in ranked)
        calls = {call.id: call for rank, call in ranked if rank == best}
        if len(calls) > 1:
            raise RefusedError(Code.AMBIGUOUS_CALL)
        return next(iter(calls.values()))

    def _ranked(self, agent: Agent) -> Iterator[tuple[int, Call]]:
        for leg in self.telephones(agent):
            call = leg.call
            if call is None:
                continue
            if call.is_internal:
                if call.is_told and self._talks(leg):
                    yield (3 if leg.is_on_hold else 2), call
            elif call.agent_leg is leg:
                yield (0 if self._is_with_customer(leg, call) else 1), call
            elif self._is_consulted_leg(call, leg):
                yield 2, call
        for call in self._tracker.parked:
            if self._domains.is_meant(agent, call.holder):
                yield 1, call

    def telephones(self, agent: Agent) -> list[Leg]:
        """The legs of the agent's telephones; ``agent`` may be an alias (``Leg.aliases``)."""
        legs = self._tracker.by_agent.get(agent.extension, {}).values()
        is_meant = self._domains.is_meant
        return [leg for leg in legs if is_meant(Agent(leg.extension, agent.domain), leg.agent)]

    def _is_with_customer(self, leg: Leg, call: Call) -> bool:
        """Whether the two hear each other, as opposed to the customer being held."""
        if leg.is_on_hold:
            return False
        if not leg.bridges:
            return True
        is_both_ways = people.far_end(leg, self._tracker.legs) is call.customer
        return is_both_ways and self._consulted(leg, call) is None

    def _talks(self, leg: Leg) -> bool:
        """Whether another person is connected to this leg, or it is in a conference."""
        other = self._opposite(leg)
        return other is not None and people.is_connected(leg, other)

    def _opposite(self, leg: Leg) -> Leg | None:
        """On a call between extensions, the one at the other end, or in the same conference."""
        if leg.room and leg.call is not None:
            return next((e for e in leg.call.legs if e is not leg and e.room == leg.room), None)
        return people.far_end(leg, self._tracker.legs)

    def _has(self, call: Call, agent: Agent) -> bool:
        """Whether the agent talks to the call's customer, or holds them."""
        if call.holder and self._domains.is_meant(agent, call.holder):
            return True
        if call.is_internal:
            return any(leg.call is call and self._talks(leg) for leg in self.telephones(agent))
        return any(leg is call.agent_leg for leg in self.telephones(agent))

    def _is_consulted(self, call: Call, agent: Agent) -> bool:
        return any(self._is_consulted_leg(call, leg) for leg in self.telephones(agent))

    def _is_consulted_leg(self, call: Call, leg: Leg) -> bool:
        """Whether this is the leg of a colleague who talks to the agent meanwhile."""
        if leg.call is not call:
            return False
        if call.is_internal:
            asker = people.far_end(leg, self._tracker.legs)
            if asker is None or len(asker.bridges) < 2:
                return False
            return people.far_end(asker, self._tracker.legs) is leg
        holder = call.agent_leg
        if leg is holder:
            return False
        return holder is not None and self._consulted(holder, call) is leg and bool(leg.bridges)

    def _consulted(self, leg: Leg, call: Call) -> Leg | None:
        return people.consulted(leg, call.customer, self._tracker.legs)

    # Who is who

    def seen_by(self, call: Call, agent: Agent) -> Conversation:
        """The call as that agent sees it: on an internal call the other one is the customer."""
        for telephone in self.telephones(agent) if agent else ():
            if self._is_consulted_leg(call, telephone):
                return self._as_consulted(call, telephone)
        if call.is_internal:
            return self._internal(call, agent)
        view = self.outline(call)
        has_agent = call.agent_leg is not None or call.holder
        return replace(
            view,
            agent=call.agent if has_agent else agent or call.agent,
            consulted=self._second_line(call, call.agent_leg),
        )

    def outline(self, call: Call) -> Conversation:
        """The call with a customer as it is, without what its agent does on other lines."""
        customer, leg = call.customer, call.agent_leg
        inside = self._consulted(leg, call) if leg is not None else None
        return Conversation(
            customer=customer.uuid if customer else "",
            agent_leg=leg.uuid if leg else "",
            number=customer.person if customer else call.number,
            agent=call.agent,
            group=call.group,
            direction=call.direction,
            started=call.started,
            may_have_survey=call.bridged is not None and not call.is_survey_over,
            originatee=self._originatee(customer, leg),
            is_on_trunk=customer is not None and not customer.is_station,
            is_standing=leg is not None and leg.is_standing,
            consulted_inside=inside.uuid if inside is not None else "",
            is_proxied=customer is not None and customer.is_proxied,
            domain=call.customer_domain or call.agent.domain,
            is_rung=customer is not None and not (customer.is_inbound or customer.is_answered),
            room=_common_room(customer, leg),
            wire=self._wire(customer),
            is_private=call.is_private,
            dialled=customer.destination if customer and customer.is_inbound else "",
            homes=customer.homes if customer is not None else NOWHERE,
        )

    def _internal(self, call: Call, agent: Agent) -> Conversation:
        customer, leg = call.customer, call.agent_leg
        own = [each for each in self.telephones(agent) if each.call is call] if agent else []
        if own:
            # The leg by which they talk; a telephone that rings, last.
            leg = max(own, key=self._talks)
            customer = self._opposite(leg)
            if customer is None:
                customer = next((e for e in call.legs if e is not leg and e.is_person), None)
        elif leg is None:
            leg = next((each for each in call.legs if each is not customer), None)
        return Conversation(
            customer=customer.uuid if customer else "",
            agent_leg=leg.uuid if leg else "",
            number=(customer.extension or customer.person) if customer else call.number,
            agent=agent or call.agent,
            group=call.group,
            direction=Direction.INTERNAL,
            started=call.started,
            may_have_survey=False,
            domain=call.domain,
            originatee=self._originatee(customer, leg),
            is_standing=leg is not None and leg.is_standing,
            wire=self._wire(customer),
        )

    def _as_consulted(self, call: Call, leg: Leg) -> Conversation:
        """The call as the colleague sees it whom the agent asks: the customer is not theirs."""
        holder = people.far_end(leg, self._tracker.legs)
        return Conversation(
            customer=leg.uuid,
            agent_leg="",
            number=holder.extension if holder is not None else "",
            agent=leg.agent,
            group=call.group,
            direction=Direction.INTERNAL,
            started=call.started,
            may_have_survey=False,
            originatee="",
            is_consulted=True,
        )

    def _second_line(self, call: Call, leg: Leg | None) -> tuple[str, ...]:
        """The legs of the calls with colleagues that the agent has beside the customer, where the
        customer is on hold meanwhile."""
        agent = call.agent if leg is not None else call.holder
        found: dict[str, None] = {}
        for other in self.telephones(agent) if agent else ():
            beside = other.call
            is_beside = other is not leg and beside is not None and beside.is_internal
            is_active = (other.is_answered or other.is_inbound) and not other.is_on_hold
            if is_beside and is_active and beside is not None:
                # A colleague who only rings is given up with the leg that dials; one who asks for
                # advice has a customer waiting.
                is_asked = self._is_consulted_leg(beside, other)
                pair = (other, None if is_asked else self._opposite(other))
                found.update((each.uuid, None) for each in pair if each is not None)
        return tuple(found)

    def _wire(self, customer: Leg | None) -> str:
        partner = customer.partner if customer is not None else None
        return partner.uuid if partner is not None and not partner.is_person else ""

    # For others

    def originatee(self, customer: str, agent_leg: str) -> str:
        """The UUID of that of the two which FreeSWITCH's bridge between them was made to; empty
        where they do not exchange media with each other now."""
        legs = self._tracker.legs
        return self._originatee(legs.get(customer), legs.get(agent_leg))

    def waits_for(self, customer: str, agent_leg: str) -> Callable[[], bool]:
        """Begin to wait for the end of a consultation inside the bridge between these two (UUIDs);
        what is returned tells whether they hear each other again.

        FreeSWITCH bridges them anew once the colleague has gone, if that one had answered
        (``mod_dptools.c``, ``att_xfer``): moving them before that would leave one behind.
        """
        legs = self._tracker.legs
        leg = legs.get(agent_leg)
        earlier = leg.bridges if leg is not None else ()
        is_new_one_due = len(earlier) > 1

        def is_over() -> bool:
            now = legs.get(agent_leg)
            is_new = now is not None and not set(map(id, now.bridges)) & set(map(id, earlier))
            return bool(self.originatee(customer, agent_leg)) and (is_new or not is_new_one_due)

        return is_over

    def _originatee(self, customer: Leg | None, leg: Leg | None) -> str:
        if customer is None or leg is None or customer.partner is not leg:
            return ""
        is_both_ways = leg.partner is customer
        is_consulting = people.consulted(leg, customer, self._tracker.legs) is not None
        return customer.bridges[-1].second.uuid if is_both_ways and not is_consulting else ""

    def talks_of_group(self, group: str, domain: str) -> list[Call]:
        """The calls of a group, in that SIP domain or else in all, in which an agent has the
        customer."""
        calls = [call for call in self._tracker.calls.values() if call.group == group]
        return [call for call in calls if call.is_talking and domain in ("", call.domain)]

    def company_of(self, uuid: str) -> LegNews | None:
        """Whom the customer with this leg is connected to now, as news; None for nobody."""
        leg = self._tracker.legs.get(uuid)
        call = leg.call if leg is not None else None
        if call is None or call.customer is not leg or call.company is None:
            return None
        return LegNews(LegFact.BRIDGED, call.company.extension or call.company.person)


def _common_room(customer: Leg | None, leg: Leg | None) -> str:
    if customer is None or leg is None or customer.room != leg.room:
        return ""
    return customer.room
