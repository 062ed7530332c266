"""Which call a leg belongs to, where it goes from one to another."""

from __future__ import annotations

from tests.builders import NUMBER, OTHER, World
from tests.unit.core.calls.stories import (
    PARTNER,
    history,
    join_room,
    outsider_rings,
    refusal,
    seen,
    station_dials,
    talks_to_colleague,
    the_call,
    the_row,
)


def a_third_party(world: World) -> None:
    """A customer was connected to somebody outside, and is not any more; both live on."""
    world.caller_dials()
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    world.unbridged("customer", "partner")


def test_a_colleague_and_a_mobile_that_ring_at_once(world: World) -> None:
    """Who takes it decides whether the call is internal; it is one row."""
    station_dials(world)
    world.telephone_rings("colleague", "1001", "telephone")
    outsider_rings(world, "mobile", OTHER, "telephone")
    world.bridged("telephone", "mobile")
    world.hung_up("colleague", "LOSE_RACE")
    row = the_row(world)
    assert (row.direction, row.customer_leg, row.number) == ("originated", "mobile", OTHER)
    assert (row.agent, seen(world).customer) == ("1000", "mobile")


def test_somebody_outside_who_is_asked_for_advice_is_no_customer(world: World) -> None:
    call = world.received_call()
    outsider_rings(world, "partner", PARTNER, "telephone")
    world.bridged("telephone", "partner", variable_soft_holding_uuid="customer")
    assert the_call(world) is call
    assert (seen(world).customer, seen(world).consulted_inside) == ("customer", "partner")


def test_somebody_outside_who_is_asked_while_a_colleague_waits_is_the_customer(
    world: World,
) -> None:
    talks_to_colleague(world)
    outsider_rings(world, "customer", OTHER, "second line")
    world.bridged("second line", "customer", variable_soft_holding_uuid="colleague")
    assert (seen(world).customer, seen(world).number) == ("customer", OTHER)
    world.hung_up("customer")
    assert seen(world).customer == "colleague"
    assert [row.direction for row in history(world)] == ["internal", "originated", "internal"]


def test_a_third_party_whom_an_agent_takes_is_a_customer(world: World) -> None:
    a_third_party(world)
    station_dials(world)
    world.bridged("telephone", "partner")
    assert seen(world).customer == "partner"
    call = world.call_of("customer")
    assert (call.customer_uuid, call.number, call.agent_leg) == ("customer", NUMBER, None)


def test_a_third_party_who_calls_an_agent_is_a_customer(world: World) -> None:
    a_third_party(world)
    world.telephone_rings(origin="partner")
    world.bridged("partner", "telephone")
    assert (seen(world).customer, seen(world).number) == ("partner", PARTNER)


def test_a_third_party_who_stays_in_a_room_with_an_agent_is_a_customer(world: World) -> None:
    a_third_party(world)
    station_dials(world)
    join_room(world, "customer", "partner", "telephone")
    assert seen(world).customer == "customer"
    world.hung_up("customer")
    assert seen(world).customer == "partner"


def test_a_telephone_that_goes_to_another_call_is_in_that_one_only(world: World) -> None:
    """The call that it leaves ends with it, and those left there are bridged to it."""
    internal = talks_to_colleague(world)
    outsider_rings(world, "customer", OTHER, "second line")
    world.bridged("second line", "customer", variable_soft_holding_uuid="colleague")
    legs = [leg.uuid for call in world.tracker.calls.values() for leg in call.legs]
    assert sorted(legs) == ["colleague", "customer", "second line"]
    assert internal.ended is not None
    for leg in ("second line", "customer", "colleague"):
        world.hung_up(leg)
    assert not world.tracker.calls


def test_a_colleague_who_waits_meanwhile_does_not_have_that_customer(world: World) -> None:
    talks_to_colleague(world)
    outsider_rings(world, "customer", OTHER, "second line")
    world.bridged("second line", "customer", variable_soft_holding_uuid="colleague")
    assert refusal(world, "1001") == refusal(world, "1001", "customer") == "no-live-call"
