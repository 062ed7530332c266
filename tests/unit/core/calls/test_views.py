"""Which call an asker means (contract, section 1a.5 and 1a.6)."""

from __future__ import annotations

import pytest

from fluxcc.domain.agents import Agent
from fluxcc.domain.codes import Code
from tests.builders import OTHER, World
from tests.unit.core.calls.stories import (
    PARTNER,
    meant,
    outsider_rings,
    parks,
    refusal,
    seen,
    station_dials,
    talks_to_colleague,
    the_call,
)

# Without naming a call


def test_an_agent_means_the_customer_they_talk_to(world: World) -> None:
    call = world.received_call()
    assert meant(world) is call
    assert seen(world).customer == "customer"


def test_an_agent_without_a_call_means_none(world: World) -> None:
    world.received_call()
    assert refusal(world, "1001") is Code.NO_LIVE_CALL


def test_a_customer_who_talks_is_meant_before_one_on_hold(world: World) -> None:
    held = world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    talking = world.received_call(OTHER, "1000", "next", "second line")
    assert meant(world) is talking
    world.hung_up("next")
    assert meant(world) is held


def test_a_customer_who_talks_is_meant_before_one_who_is_parked(world: World) -> None:
    world.received_call()
    parks(world)
    talking = world.received_call(OTHER, "1000", "next", "second line")
    assert meant(world) is talking


def test_a_customer_on_hold_is_meant_before_a_colleague_who_talks(world: World) -> None:
    held = world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    talks_to_colleague(world)
    assert meant(world) is held


def test_a_customer_who_talks_is_meant_before_a_colleague_on_hold(world: World) -> None:
    talks_to_colleague(world)
    world.hear("CHANNEL_HOLD", "second line")
    talking = world.received_call()
    assert meant(world) is talking


def test_a_colleague_is_meant_where_there_is_no_customer(world: World) -> None:
    internal = talks_to_colleague(world)
    assert meant(world, "1000") is meant(world, "1001") is internal


def test_a_colleague_who_talks_is_meant_before_one_on_hold(world: World) -> None:
    talks_to_colleague(world)
    world.hear("CHANNEL_HOLD", "second line")
    station_dials(world, "third line")
    world.telephone_rings("other", "1002", "third line")
    world.bridged("third line", "other")
    assert meant(world) is world.call_of("other")


def test_two_customers_who_talk_are_ambiguous(world: World) -> None:
    world.received_call()
    world.received_call(OTHER, "1000", "next", "second line")
    assert refusal(world) is Code.AMBIGUOUS_CALL


def test_two_customers_on_hold_are_ambiguous(world: World) -> None:
    world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    world.received_call(OTHER, "1000", "next", "second line")
    world.hear("CHANNEL_HOLD", "second line")
    assert refusal(world) is Code.AMBIGUOUS_CALL


def test_a_customer_on_hold_and_one_in_the_park_are_ambiguous(world: World) -> None:
    world.received_call()
    parks(world)
    world.received_call(OTHER, "1000", "next", "second line")
    world.hear("CHANNEL_HOLD", "second line")
    assert refusal(world) is Code.AMBIGUOUS_CALL


def test_ambiguity_is_told_by_naming_the_call(world: World) -> None:
    first = world.received_call()
    second = world.received_call(OTHER, "1000", "next", "second line")
    assert meant(world, call="customer") is first
    assert meant(world, call="second line") is second


# Ringing is not talking


def test_a_call_that_rings_is_none(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    assert refusal(world) is Code.NO_LIVE_CALL
    assert refusal(world, call="customer") is Code.NO_LIVE_CALL


def test_a_call_that_rings_with_early_media_is_none(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    pair = {"Bridge_A_Unique_ID": "customer", "Bridge_B_Unique_ID": "telephone"}
    world.hear("CHANNEL_BRIDGE", "customer", **pair)
    assert refusal(world) is Code.NO_LIVE_CALL


def test_a_call_that_rings_beside_one_that_talks_is_not_meant(world: World) -> None:
    talking = world.received_call()
    world.caller_dials("next", OTHER)
    world.telephone_rings("second line", "1000", "next")
    assert meant(world) is talking


def test_whose_telephone_only_rings_has_none_although_another_agent_talks(world: World) -> None:
    """Ring-all."""
    world.caller_dials()
    world.telephone_rings()
    world.telephone_rings("other", "1001")
    world.bridged("customer", "telephone")
    assert refusal(world, "1001") is Code.NO_LIVE_CALL
    assert refusal(world, "1001", "customer") is Code.NO_LIVE_CALL


def test_an_internal_call_that_rings_is_none_to_either(world: World) -> None:
    station_dials(world, "a", "1001")
    world.telephone_rings("b", "1000", "a")
    assert refusal(world, "1000") is refusal(world, "1001") is Code.NO_LIVE_CALL


# Naming a call


@pytest.mark.parametrize("leg", ["customer", "telephone"])
def test_a_call_is_named_by_either_leg(world: World, leg: str) -> None:
    call = world.received_call()
    assert meant(world, call=leg) is call


def test_a_leg_that_is_not_there_is_no_call(world: World) -> None:
    assert refusal(world, call="nobody") is Code.NO_SUCH_CALL


def test_a_leg_without_a_call_is_no_live_call(world: World) -> None:
    station_dials(world)
    assert refusal(world, call="telephone") is Code.NO_LIVE_CALL


def test_a_strangers_call_is_not_theirs(world: World) -> None:
    world.received_call()
    assert refusal(world, "1001", "customer") is Code.NOT_YOUR_CALL


def test_a_former_agents_customer_whom_another_agent_has_is_no_live_call(world: World) -> None:
    world.received_call()
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    assert refusal(world, "1000", "customer") is Code.NO_LIVE_CALL
    assert refusal(world, "1000") is Code.NO_LIVE_CALL


def test_a_former_agents_customer_whom_nobody_has_is_no_live_call(world: World) -> None:
    """Moved to a service, an IVR, or a partner outside."""
    world.received_call()
    world.hung_up("telephone")
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    assert refusal(world, "1000", "customer") is Code.NO_LIVE_CALL
    assert refusal(world, "1000") is Code.NO_LIVE_CALL


# Operators


def test_an_operator_may_act_on_a_call_that_rings(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    call = the_call(world)
    assert world.views.find(Agent(""), "customer", by_operator=True)[0] is call
    assert world.views.find(Agent("1000"), "", by_operator=True)[0] is call


def test_an_operator_may_act_on_any_call(world: World) -> None:
    call = world.received_call()
    found, view = world.views.find(Agent(""), "telephone", by_operator=True)
    assert found is call
    assert (view.customer, view.agent_leg, str(view.agent)) == ("customer", "telephone", "1000")


# Who holds the customer


def test_a_customer_parked_by_the_agent_is_meant_without_a_leg_of_the_agents(
    world: World,
) -> None:
    call = world.received_call()
    parks(world)
    world.hung_up("telephone")
    assert meant(world) is call
    view = seen(world)
    assert (view.customer, view.agent_leg, str(view.agent)) == ("customer", "", "1000")


def test_a_customer_whom_another_agent_took_from_the_park_is_meant_no_longer(
    world: World,
) -> None:
    call = world.received_call()
    parks(world)
    station_dials(world, "other", "1001")
    world.bridged("other", "customer")
    assert refusal(world) is Code.NO_LIVE_CALL
    assert meant(world, "1001") is call
