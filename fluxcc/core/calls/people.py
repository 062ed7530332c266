"""Who talks to whom: follows bridges and wires from one person's leg to another's.

Pure, and a function of legs alone: the same legs and bridges give the same answer, whether they
were told by events or by a snapshot. Counterparts: ``tracker``, which keeps legs and bridges, and
``views``, which asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from fluxcc.domain.calls import LONGEST_CHAIN, Call, Leg


def far_end(leg: Leg, legs: Mapping[str, Leg]) -> Leg | None:
    """The person's leg that this one is bridged to now, through any wires; None for nobody, and
    where the far end of a wire is not known."""
    return behind(leg.partner, legs)


def behind(leg: Leg | None, legs: Mapping[str, Leg]) -> Leg | None:
    """The person's leg that one comes to by way of this leg: itself, or what a wire leads to."""
    for _ in range(LONGEST_CHAIN):
        if leg is None or leg.is_person:
            return leg
        half = legs.get(leg.other_half)
        leg = half.partner if half is not None else None
    return None


def dialler(leg: Leg | None, legs: Mapping[str, Leg]) -> Leg | None:
    """The person for whom a leg was dialled, given the ``origin`` that FreeSWITCH names."""
    for _ in range(LONGEST_CHAIN):
        if leg is None or leg.is_person:
            return leg
        half = legs.get(leg.other_half)
        leg = leg.origin or (half.origin if half is not None else None)
    return None


def is_connected(first: Leg, second: Leg) -> bool:
    """Whether both have been answered: a bridge of early media is no talk."""
    return first.is_answered and second.is_answered


def company(call: Call, legs: Mapping[str, Leg]) -> Leg | None:
    """The person who is connected to the customer now, of any kind; None for nobody.

    An agent who consults a colleague inside the bridge still counts: the customer waits in it.
    """
    customer = call.customer
    if customer is None:
        return None
    other = far_end(customer, legs)
    return other if other is not None and is_connected(customer, other) else None


def agent_leg(call: Call, legs: Mapping[str, Leg], in_room: list[Leg]) -> Leg | None:
    """The telephone that has the customer now; None where nobody's has.

    ``in_room`` are the legs in the customer's conference. There it is the telephone of the agent
    who had the customer, who may enter last; where that one is not on the way, the only one.
    """
    customer = call.customer
    if customer is None:
        return None
    if customer.bridges:
        other = company(call, legs)
        return other if other is not None and other.is_station else None
    stations = [leg for leg in in_room if leg.is_station and leg is not customer]
    theirs = [leg for leg in stations if call.agent and leg.agent.may_be(call.agent)]
    if theirs:
        return max(theirs, key=lambda leg: (leg.uuid == call.agent_uuid, leg.created))
    former = legs.get(call.agent_uuid)
    is_coming = former is not None and not (former.bridges or former.room or former.is_standing)
    return stations[0] if len(stations) == 1 and not is_coming else None


def consulted(leg: Leg, customer: Leg | None, legs: Mapping[str, Leg]) -> Leg | None:
    """The leg of the person whom this telephone asks, or calls, while the customer waits in the
    bridge between the two (``att_xfer``)."""
    if customer is None:
        return None
    for bridge in reversed(leg.bridges):
        other = behind(bridge.other(leg), legs)
        if other is not None:
            return other if other is not customer else _called_by(leg, customer)
    return None


def _called_by(leg: Leg, customer: Leg) -> Leg | None:
    """A leg that this telephone has dialled during its call, and that rings."""
    call = customer.call
    if call is None:
        return None
    for other in call.legs:
        if other.origin is leg and other is not customer and not other.bridges:
            return other
    return None
