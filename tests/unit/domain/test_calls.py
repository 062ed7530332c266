"""Legs and calls by themselves. Who is who on one is told by ``core.calls``."""

from __future__ import annotations

import pytest

from fluxcc.domain.calls import Bridge, Call, Direction, Leg, LegKind
from tests.builders import NUMBER, OTHER, a_conversation, a_leg, a_telephone


def bridge(first: Leg, second: Leg) -> Bridge:
    """The two exchange media from now on."""
    made = Bridge(first, second)
    first.bridges += (made,)
    second.bridges += (made,)
    return made


# Legs


def test_the_person_at_a_leg_is_who_dialled_or_who_was_dialled() -> None:
    assert a_leg(number=NUMBER).person == NUMBER
    assert a_leg(is_inbound=False, number="1000", destination=OTHER).person == OTHER


@pytest.mark.parametrize(
    ("kind", "is_station", "is_person"),
    [(LegKind.STATION, True, True), (LegKind.TRUNK, False, True), (LegKind.WIRE, False, False)],
)
def test_at_a_wire_is_no_person(kind: LegKind, is_station: bool, is_person: bool) -> None:
    leg = a_leg(kind=kind)
    assert (leg.is_station, leg.is_person) == (is_station, is_person)


def test_a_leg_that_is_in_no_bridge_has_no_partner() -> None:
    leg = a_leg()
    assert leg.partner is None
    assert list(leg.partners()) == []


def test_either_leg_of_a_bridge_has_the_other_one_as_partner() -> None:
    customer, telephone = a_leg(), a_telephone()
    made = bridge(customer, telephone)
    assert (made.other(customer), made.other(telephone)) == (telephone, customer)
    assert (customer.partner, telephone.partner) == (telephone, customer)


def test_who_consults_inside_a_bridge_talks_to_the_colleague_while_the_customer_waits() -> None:
    customer, telephone, colleague = a_leg(), a_telephone(), a_telephone("colleague", "1001")
    bridge(customer, telephone)
    bridge(telephone, colleague)
    assert telephone.partner is colleague
    assert list(telephone.partners()) == [colleague, customer]
    assert customer.partner is telephone


def test_legs_that_look_alike_are_two() -> None:
    assert a_leg() != a_leg()


# Calls


@pytest.mark.parametrize("direction", Direction)
def test_only_a_call_between_extensions_is_internal(direction: Direction) -> None:
    call = Call(id=1, started=0.0, direction=direction)
    assert call.is_internal is (direction is Direction.INTERNAL)


@pytest.mark.parametrize(
    ("customer", "agent_leg", "is_talking"),
    [
        (a_leg(), a_telephone(), True),
        (a_leg(), None, False),
        (None, a_telephone(), False),
        (None, None, False),
    ],
)
def test_a_call_talks_while_an_agent_has_the_customer(
    customer: Leg | None, agent_leg: Leg | None, is_talking: bool
) -> None:
    call = Call(id=1, started=0.0, customer=customer, agent_leg=agent_leg)
    assert call.is_talking is is_talking


# What an action decides on


def test_the_legs_are_those_that_there_are() -> None:
    assert a_conversation().legs == {"customer", "telephone"}
    assert a_conversation(agent_leg="").legs == {"customer"}
    assert a_conversation(customer="", agent_leg="").legs == frozenset()


def test_neither_wires_nor_colleagues_are_legs_of_the_two() -> None:
    call = a_conversation(wire="wire", consulted=("second line",), consulted_inside="colleague")
    assert call.legs == {"customer", "telephone"}


@pytest.mark.parametrize(("originatee", "is_bridged"), [("telephone", True), ("", False)])
def test_two_are_bridged_where_the_bridge_was_made_to_one_of_them(
    originatee: str, is_bridged: bool
) -> None:
    assert a_conversation(originatee=originatee).is_bridged is is_bridged
