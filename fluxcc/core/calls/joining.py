"""Which call a leg belongs to: the one for which it was dialled, the one of the leg that it is
bridged to, or one that begins with it.

Counterpart: ``tracker``, which says when, and who has the customer then. The rules stand in the
package's ``__init__``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from sys import intern

from fluxcc.core.calls import people
from fluxcc.core.calls.identity import TRUE, is_standing
from fluxcc.core.calls.register import LONGEST_TEXT, Register
from fluxcc.core.domains import Domains
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.domain.agents import Agent, clean_domain, domain_behind
from fluxcc.domain.calls import Call, Direction, Leg, LegKind
from fluxcc.domain.events import LegEvent
from fluxcc.domain.media import PROXY_CODEC


class Joining(Register, ABC):
    """The part of ``tracker.Tracker`` that attaches legs to calls."""

    def __init__(self, journal: Journal, domains: Domains, happenings: Happenings) -> None:
        super().__init__(journal, domains)
        self._happenings = happenings

    @abstractmethod
    def _left(self, leg: Leg, call: Call, cause: str) -> None:
        """A leg is no longer of that call, which its customer's end ends."""

    def _came_in(self, leg: Leg) -> None:
        """A leg is known now, or its SIP domain is: a caller may be blocked there."""
        if leg.is_inbound and leg.kind is LegKind.TRUNK:
            self._happenings.leg_came_in(leg)

    # What is told of a leg

    def _hide(self, leg: Leg) -> None:
        """The caller asks that the number be shown to nobody."""
        leg.is_private = True
        if leg.call is not None and leg.call.customer is leg and not leg.call.is_private:
            leg.call.is_private = True
            self._journal.call_changed(leg.call)

    def learn(self, leg: Leg, event: LegEvent) -> None:
        """Take up what an event says of a leg that may change during its life."""
        group = event.group
        if group:
            leg.group = intern(group.partition("@")[0][:LONGEST_TEXT])
        if not leg.is_station:
            domain = event.domain or domain_behind(group) or self._domains.of_context(event.context)
            if domain not in ("", leg.domain):
                self._learn_domain(leg, clean_domain(domain))
        if event.answer_state == "answered":
            leg.is_answered = True
        if event.codec:
            leg.is_proxied = event.codec == PROXY_CODEC
        if event.other_half and not leg.other_half:
            leg.other_half = event.other_half
        if event.hides_number == TRUE and leg.is_inbound:
            # On a leg that was called it is about the number that is shown there.
            self._hide(leg)
        if leg.is_station:
            leg.is_standing = leg.is_standing or is_standing(event)
            self._learn_own_domain(leg, event)
            return
        # FreeSWITCH sets dialed_user on the caller's leg too, where it names the other one, and
        # mod_callcenter its agent on the member's, who is known by the agent's own leg.
        agent = event.agent
        if agent and agent != event.dialed_user and event.queue_side != "member":
            extension = intern(agent.partition("@")[0][:LONGEST_TEXT])
            leg.hint = Agent(extension, domain_behind(agent) or leg.domain)
            if leg.is_inbound and extension == leg.number:
                self._recognise(leg)

    def _learn_own_domain(self, leg: Leg, event: LegEvent) -> None:
        """A telephone that only presented its number is named by the dialplan, with its domain."""
        named = Agent(event.agent.partition("@")[0], domain_behind(event.agent))
        if leg.agent.domain or not named.domain or named.extension != leg.extension:
            return
        self.name(leg, named, *leg.aliases)
        self._domains.see(leg.agent)
        call = leg.call
        if call is not None and call.agent_uuid == leg.uuid:
            call.agent = leg.agent
            self._journal.call_changed(call)

    def _learn_domain(self, leg: Leg, domain: str) -> None:
        """A person outside, or a wire, is in the dialplan of that SIP domain."""
        if domain in ("", leg.domain):
            return
        leg.domain = domain
        call = leg.call
        if call is None:
            return
        if call.customer is leg:
            call.customer_domain = domain
            self._journal.call_changed(call)
        self._came_in(leg)

    # A leg that is new

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
            if not person.is_station and not person.domain:
                self._learn_domain(person, leg.domain)
        if leg.is_station and leg.is_answered:
            # It belongs to whom it is bridged to, who may be another one by now.
            return
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
            is_private=customer.is_private,
            customer_uuid=customer.uuid,
            customer_domain=customer.domain,
            customer=customer,
        )
        if not customer.is_inbound:
            call.direction = Direction.CAMPAIGN
        self.calls[call.id] = call
        self._attach(customer, call)
        if dialled_by is not None and dialled_by.is_station:
            call.direction = Direction.ORIGINATED
            call.agent, call.agent_uuid = dialled_by.agent, dialled_by.uuid
            self._attach(dialled_by, call)
        return call

    def _begin_internal(self, caller: Leg, called: Leg) -> Call:
        """Begin a call of one extension to another."""
        call = Call(
            id=self._new_id(caller),
            started=caller.created,
            number=caller.extension,
            customer_uuid=caller.uuid,
            customer_domain=caller.domain,
            customer=caller,
            direction=Direction.INTERNAL,
        )
        self.calls[call.id] = call
        self._attach(caller, call)
        self._attach(called, call)
        return call

    def _attach(self, leg: Leg, call: Call) -> None:
        former = leg.call
        if former is call:
            return
        leg.call = call
        call.legs.append(leg)
        call.group = call.group or leg.group
        self._journal.call_changed(call)
        if former is not None:
            # Last: those left there may be bridged to this one, and follow.
            self._left(leg, former, "")

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
        call.is_private = False
        call.direction = Direction.ORIGINATED
        call.agent, call.agent_uuid = leg.agent, leg.uuid
        for other in call.legs:
            self._maybe_customer(other, leg, call)
        self._journal.call_changed(call)

    def _make_customer(self, leg: Leg, call: Call) -> None:
        call.customer, call.customer_uuid, call.number = leg, leg.uuid, leg.person
        call.is_private = leg.is_private
        call.customer_domain = leg.domain
        self._journal.call_changed(call)

    # Two that are bridged

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
            if (
                hint
                and hint.extension not in leg.names
                and customer.first_dialled in ("", leg.extension)
            ):
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
        is_asked = call is not None and not call.is_internal and call.agent_leg is station
        if call is None or call is not station.call or (call.is_told and not is_asked):
            # Nobody's customer yet: they were a third party to the call that they are in.
            is_dialler = people.dialler(outsider.origin, self.legs) is station
            call = self._begin(outsider, station if is_dialler else None)
        elif not call.is_told and call.customer is not None:
            # The agent dialled over several lines, and this is the one that was taken.
            self._make_customer(outsider, call)
            call.direction = Direction.ORIGINATED
            call.agent, call.agent_uuid = station.agent, station.uuid
        self._attach(station, call)


def _is_customer(leg: Leg) -> bool:
    call = leg.call
    return call is not None and call.customer is leg and not call.is_internal


def _outside_call(leg: Leg) -> Call | None:
    """The call with a customer that this telephone belongs to."""
    call = leg.call
    return call if call is not None and not call.is_internal else None
