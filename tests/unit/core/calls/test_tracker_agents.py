"""Who has the customer: the lower half of the table in ``core/calls/__init__``."""

from __future__ import annotations

from fluxcc.core.calls.tracker import PARKED_AT_ONCE
from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import Direction, Outcome
from tests.builders import OTHER, World
from tests.unit.core.calls.stories import (
    PARTNER,
    join_room,
    leave_room,
    outsider_rings,
    parks,
    station_dials,
    the_call,
)

# Connected


def test_a_customer_and_a_station_who_are_connected_are_customer_and_agent(world: World) -> None:
    call = world.received_call()
    assert (str(call.agent), call.group) == ("1000", "sales")
    assert call.agent_leg is world.tracker.legs["telephone"]


def test_a_bridge_of_early_media_connects_nobody(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    pair = {"Bridge_A_Unique_ID": "customer", "Bridge_B_Unique_ID": "telephone"}
    world.hear("CHANNEL_BRIDGE", "customer", **pair)
    assert the_call(world).agent_leg is None
    world.hear("CHANNEL_ANSWER", "telephone")
    world.hear("CHANNEL_ANSWER", "customer")
    assert the_call(world).agent_leg is world.tracker.legs["telephone"]


def test_a_telephone_that_picks_up_a_customer_becomes_the_agent(world: World) -> None:
    """It dials ``*8``, and is bridged by ``intercept``."""
    world.caller_dials()
    world.telephone_rings("rung", "1001")
    station_dials(world)
    world.bridged("telephone", "customer")
    assert list(world.tracker.calls.values()) == [world.call_of("customer")]
    assert the_call(world).agent.extension == "1000"


def test_who_had_the_customer_before_is_a_former_agent_and_the_leg_leaves_the_call(
    world: World,
) -> None:
    call = world.received_call()
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    world.unbridged("customer", "telephone")
    assert (str(call.agent), call.past_agents) == ("1001", (Agent("1000"),))
    assert world.tracker.legs["telephone"].call is None
    assert call.sequel == ("handed-over:1001",)


def test_an_attended_transfer_hands_the_customer_over(world: World) -> None:
    """On a second line: the telephone's REFER with Replaces."""
    call = world.received_call()
    station_dials(world, "consulting")
    world.telephone_rings("second", "1001", "consulting")
    world.bridged("consulting", "second")
    world.bridged("customer", "second")
    world.hung_up("telephone")
    world.hung_up("consulting")
    assert list(world.tracker.calls.values()) == [call]
    assert (str(call.agent), call.direction) == ("1001", Direction.RECEIVED)
    world.hung_up("second")
    world.hung_up("customer")
    assert not world.tracker.calls


def test_an_agents_earlier_queue_call_does_not_name_the_next_agent(world: World) -> None:
    """From the bridge on the member's leg has ``cc_agent``, also when somebody else has it."""
    call = world.received_call()
    world.hung_up("telephone")
    world.telephone_rings("other", "1002")
    world.bridged("customer", "other", variable_cc_side="member", variable_cc_agent="1000@default")
    assert str(call.agent) == "1002"


def test_two_persons_outside_who_are_connected_have_no_agent(world: World) -> None:
    call = world.received_call()
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    assert call.agent_leg is None
    assert call.company is world.tracker.legs["partner"]


def test_two_customers_who_are_connected_keep_each_their_own_call(world: World) -> None:
    first = world.received_call()
    second = world.received_call(OTHER, "1001", "next", "second")
    world.bridged("customer", "next")
    assert (first.agent_leg, second.agent_leg) == (None, None)
    assert (world.call_of("customer"), world.call_of("next")) == (first, second)


def test_when_the_bridge_of_customer_and_agent_ends_there_is_no_agent(world: World) -> None:
    call = world.received_call()
    world.unbridged("customer", "telephone")
    assert call.agent_leg is None
    assert str(call.agent) == "1000"


def test_when_the_agents_leg_ends_there_is_no_agent(world: World) -> None:
    call = world.received_call()
    world.hung_up("telephone")
    assert call.agent_leg is None
    assert list(world.tracker.calls.values()) == [call]


# Parked


def test_a_customer_who_is_parked_at_once_is_held_by_the_agent_who_had_them(
    world: World,
) -> None:
    call = world.received_call()
    parks(world)
    assert (call.holder, call.agent_leg) == (Agent("1000"), None)


def test_a_customer_who_is_parked_later_is_held_by_nobody(world: World) -> None:
    call = world.received_call()
    parks(world, after=PARKED_AT_ONCE)
    assert str(call.holder) == ""


def test_a_leg_that_parks_because_its_bridge_ended_is_held_by_nobody(world: World) -> None:
    """``park_after_bridge``: no application put it there."""
    call = world.received_call()
    parks(world, application="bridge")
    assert str(call.holder) == ""


def test_a_customer_whom_an_action_moved_is_held_by_nobody(world: World) -> None:
    call = world.received_call()
    call.outcome = Outcome.TRANSFERRED
    parks(world)
    assert str(call.holder) == ""


def test_another_agent_takes_the_parked_customer(world: World) -> None:
    call = world.received_call()
    parks(world)
    station_dials(world, "other", "1001")
    world.bridged("other", "customer")
    assert (str(call.holder), str(call.agent), call.past_agents) == ("", "1001", (Agent("1000"),))


def test_a_customer_who_leaves_the_park_is_held_no_longer(world: World) -> None:
    call = world.received_call()
    parks(world)
    world.hear("CHANNEL_UNPARK", "customer")
    assert str(call.holder) == ""


# In a conference


def test_in_a_room_the_agent_who_had_the_customer_is_the_agent(world: World) -> None:
    call = world.received_call()
    station_dials(world, "listening", "1001")
    world.unbridged("customer", "telephone")
    join_room(world, "telephone", "listening", "customer")
    assert call.agent_leg is world.tracker.legs["telephone"]


def test_in_a_room_the_only_station_is_the_agent(world: World) -> None:
    """Somebody who dialled into it."""
    world.caller_dials()
    station_dials(world)
    join_room(world, "customer", "telephone")
    assert the_call(world).agent_leg is world.tracker.legs["telephone"]


def test_of_two_stations_in_a_room_neither_is_the_agent_of_a_customer_who_had_none(
    world: World,
) -> None:
    world.caller_dials()
    station_dials(world)
    station_dials(world, "other", "1001")
    join_room(world, "telephone", "other", "customer")
    assert the_call(world).agent_leg is None


def test_an_agent_who_leaves_the_room_has_the_customer_no_longer(world: World) -> None:
    call = world.received_call()
    world.unbridged("customer", "telephone")
    join_room(world, "customer", "telephone")
    leave_room(world, "telephone")
    assert call.agent_leg is None


def test_one_who_listens_in_a_room_does_not_become_the_agent_before_the_agent_is_there(
    world: World,
) -> None:
    """The two are moved one after the other."""
    call = world.received_call()
    station_dials(world, "listener", "1001")
    world.hear("CHANNEL_ANSWER", "listener")
    world.unbridged("customer", "telephone")
    for leg in ("listener", "customer", "telephone"):
        join_room(world, leg)
    assert (str(call.agent), call.sequel) == ("1000", ())


def test_an_agent_whose_leg_stands_is_not_waited_for_in_another_agents_room(world: World) -> None:
    world.received_call()
    world.hear("CHANNEL_ANSWER", "telephone", variable_fluxcc_standing="true")
    world.unbridged("customer", "telephone")
    station_dials(world, "other", "1001")
    join_room(world, "other", "customer")
    assert world.call_of("customer").agent.extension == "1001"


def test_an_agent_who_does_not_come_into_the_room_is_waited_for_no_longer(world: World) -> None:
    call = world.received_call()
    world.unbridged("customer", "telephone")
    station_dials(world, "other", "1001")
    join_room(world, "other", "customer")
    assert call.agent_leg is None
    world.hung_up("telephone")
    assert str(call.agent) == "1001"


def test_a_wire_that_bows_out_ends_no_hold(world: World) -> None:
    world.caller_dials()
    for leg, half in (("near", "far"), ("far", "near")):
        more = {"Channel_Name": f"loopback/{leg}", "variable_other_loopback_leg_uuid": half}
        world.hear("CHANNEL_CREATE", leg, variable_other_loopback_from_uuid="customer", **more)
    world.telephone_rings(origin="far")
    world.bridged("far", "telephone")
    world.bridged("customer", "near")
    world.hear("CHANNEL_HOLD", "telephone")
    world.hung_up("near")
    world.hung_up("far")
    assert world.tracker.legs["telephone"].is_on_hold


def test_hold_ends_with_the_leg_that_was_held(world: World) -> None:
    world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    world.hung_up("customer")
    assert not world.tracker.legs["telephone"].is_on_hold


def test_a_bridge_whose_end_is_told_late_does_not_come_back_to_life(world: World) -> None:
    """A waiting consumer's (mod_fifo) is ended in the table, and told, seconds after the next."""
    call = world.received_call()
    world.telephone_rings("colleague", "1001")
    world.bridged("customer", "colleague")
    world.unbridged("customer", "colleague")
    assert (str(call.agent), call.agent_leg) == ("1001", None)
    world.unbridged("telephone", "customer")
    assert call.past_agents == (Agent("1000"),)
