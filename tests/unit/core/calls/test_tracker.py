"""How calls begin, and who joins them: the upper half of the table in ``core/calls/__init__``."""

from __future__ import annotations

from fluxcc.domain.calls import Direction
from tests.builders import NUMBER, OTHER, World
from tests.unit.core.calls.stories import (
    PARTNER,
    history,
    outsider_rings,
    station_dials,
    the_call,
    the_row,
)

# A call begins


def test_a_leg_from_a_trunk_begins_a_received_call_and_is_its_customer(world: World) -> None:
    world.caller_dials()
    call = the_call(world)
    assert (call.direction, call.number, str(call.agent)) == (Direction.RECEIVED, NUMBER, "")
    assert call.customer is world.tracker.legs["customer"]


def test_a_station_alone_has_no_call(world: World) -> None:
    """It logs in, picks up, or waits in a queue."""
    station_dials(world)
    world.hear("CHANNEL_ANSWER", "telephone")
    world.hung_up("telephone")
    assert history(world) == []


def test_a_station_that_dials_outside_begins_a_call_whose_customer_is_the_one_dialled(
    world: World,
) -> None:
    station_dials(world)
    outsider_rings(world, "customer", OTHER, "telephone")
    world.bridged("telephone", "customer")
    row = the_row(world)
    assert (row.direction, row.number, row.agent) == ("originated", OTHER, "1000")
    assert (row.customer_leg, row.agent_leg) == ("customer", "telephone")


def test_an_outgoing_call_that_nobody_answers_has_its_number_and_agent(world: World) -> None:
    station_dials(world)
    outsider_rings(world, "customer", OTHER, "telephone")
    world.hung_up("customer", "NO_ANSWER")
    world.hung_up("telephone")
    row = the_row(world)
    assert (row.direction, row.number, row.agent) == ("originated", OTHER, "1000")
    assert (row.outcome, row.bridged) == ("unanswered", None)


def test_a_click_to_dial_is_originated(world: World) -> None:
    """``originate user/1000 &bridge(trunk)``: two outbound legs, the customer is the B leg."""
    world.telephone_rings(origin="")
    outsider_rings(world, "customer", OTHER, "telephone")
    world.bridged("telephone", "customer")
    row = the_row(world)
    assert (row.direction, row.number, row.agent) == ("originated", OTHER, "1000")


def test_of_several_lines_dialled_the_customer_is_the_one_that_is_taken(world: World) -> None:
    station_dials(world)
    outsider_rings(world, "first", PARTNER, "telephone")
    outsider_rings(world, "second", OTHER, "telephone")
    world.bridged("telephone", "second")
    world.hung_up("first", "LOSE_RACE")
    assert the_call(world).customer is world.tracker.legs["second"]
    assert the_row(world).number == OTHER


def test_of_several_lines_dialled_one_after_the_other_the_last_is_the_customer(
    world: World,
) -> None:
    station_dials(world)
    outsider_rings(world, "first", PARTNER, "telephone")
    world.hung_up("first", "USER_BUSY")
    outsider_rings(world, "second", OTHER, "telephone")
    world.bridged("telephone", "second")
    row = the_row(world)
    assert (row.number, row.customer_leg, row.agent) == (OTHER, "second", "1000")


def test_whom_the_pbx_dials_by_itself_is_the_customer_of_a_campaign(world: World) -> None:
    outsider_rings(world, "customer", OTHER, variable_fluxcc_group="winback")
    world.telephone_rings()
    # FreeSWITCH notes on the calling leg, too, whom it dialled.
    more = {"Call_Direction": "outbound", "variable_dialed_user": "1000"}
    world.bridged("customer", "telephone", Other_Type="originatee", **more)
    row = the_row(world)
    assert (row.direction, row.number, row.agent) == ("campaign", OTHER, "1000")
    assert (row.customer_leg, row.group) == ("customer", "winback")


def test_a_station_that_dials_a_station_begins_an_internal_call(world: World) -> None:
    station_dials(world, "a", "1001")
    world.telephone_rings("b", "1000", "a")
    world.bridged("a", "b")
    row = the_row(world)
    assert (row.direction, row.number, row.agent) == ("internal", "1001", "1000")


def test_an_internal_call_ends_when_less_than_two_are_left(world: World) -> None:
    station_dials(world, "a", "1001")
    world.telephone_rings("b", "1000", "a")
    world.bridged("a", "b")
    world.hung_up("b")
    assert not world.tracker.calls
    assert world.tracker.legs["a"].call is None


def test_a_station_that_dials_a_station_within_a_customers_call_joins_it(world: World) -> None:
    """A consultation inside the bridge (``att_xfer``)."""
    call = world.received_call()
    world.telephone_rings("colleague", "1001", "telephone")
    world.bridged("telephone", "colleague", variable_soft_holding_uuid="customer")
    assert list(world.tracker.calls.values()) == [call]
    assert call.agent_leg is world.tracker.legs["telephone"]
    assert call.sequel == ("consulted:1001",)


# Who joins


def test_a_station_that_a_customers_leg_dials_joins_the_call_and_only_rings(
    world: World,
) -> None:
    world.caller_dials()
    world.telephone_rings()
    call = the_call(world)
    assert world.tracker.legs["telephone"].call is call
    assert call.agent_leg is None


def test_a_person_outside_whom_a_customers_leg_dials_never_becomes_the_customer(
    world: World,
) -> None:
    call = world.received_call()
    world.hung_up("telephone")
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    assert the_call(world) is call
    assert (call.customer, call.number) == (world.tracker.legs["customer"], NUMBER)
    world.hung_up("customer")
    assert not world.tracker.calls


def test_mod_callcenters_agent_joins_the_call_of_the_member(world: World) -> None:
    """It names the member's leg as no originator."""
    world.caller_dials()
    world.telephone_rings(
        origin="",
        variable_cc_side="agent",
        variable_cc_queue="sales@default",
        variable_cc_agent="1000@default",
        variable_cc_member_session_uuid="customer",
    )
    more = {"variable_cc_side": "member", "variable_cc_queue": "sales@default"}
    world.bridged("customer", "telephone", **more)
    call = the_call(world)
    assert (str(call.agent), call.group, call.direction) == ("1000", "sales", Direction.RECEIVED)


def test_through_wires_it_is_one_call_of_the_two_at_their_ends(world: World) -> None:
    """``loopback/1000`` without bow-out."""
    world.caller_dials()
    wire = {"Call_Direction": "outbound", "Channel_Name": "loopback/1000-a"}
    more = {"Other_Type": "originator", "Other_Leg_Unique_ID": "customer"}
    world.hear("CHANNEL_CREATE", "near", variable_other_loopback_leg_uuid="far", **wire, **more)
    wire = {"Call_Direction": "inbound", "Channel_Name": "loopback/1000-b"}
    world.hear("CHANNEL_CREATE", "far", variable_other_loopback_leg_uuid="near", **wire)
    world.telephone_rings("telephone", "1000", "far")
    world.bridged("far", "telephone")
    world.bridged("customer", "near")
    call = the_call(world)
    assert call.agent_leg is world.tracker.legs["telephone"]
    assert (call.number, len(call.legs)) == (NUMBER, 4)
