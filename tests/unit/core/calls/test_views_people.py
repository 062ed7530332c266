"""Who is who on a call, as the asker sees it (contract, section 1a.4)."""

from __future__ import annotations

import pytest

from fluxcc.domain.calls import Direction
from fluxcc.domain.codes import Code
from tests.builders import NUMBER, OTHER, World
from tests.unit.core.calls.stories import (
    consults_inside,
    join_room,
    meant,
    refusal,
    seen,
    talks_to_colleague,
)

# Consultations


def test_who_consults_inside_the_bridge_means_the_customer(world: World) -> None:
    call = consults_inside(world)
    assert meant(world) is call
    view = seen(world)
    assert (view.customer, view.agent_leg, view.number) == ("customer", "telephone", NUMBER)
    assert view.consulted_inside == "colleague"
    assert not view.is_bridged


def test_a_colleague_who_is_called_inside_the_bridge_and_rings_is_consulted(
    world: World,
) -> None:
    world.received_call()
    world.telephone_rings("colleague", "1001", "telephone")
    pair = {"Bridge_A_Unique_ID": "telephone", "Bridge_B_Unique_ID": "colleague"}
    world.hear("CHANNEL_BRIDGE", "telephone", variable_soft_holding_uuid="customer", **pair)
    assert seen(world).consulted_inside == "colleague"


@pytest.mark.parametrize("named", ["", "customer", "colleague"])
def test_a_colleague_asked_inside_the_bridge_sees_the_own_leg_only(
    world: World, named: str
) -> None:
    consults_inside(world)
    view = seen(world, "1001", named)
    assert view.is_consulted
    assert view.legs == {"colleague"}
    assert (view.direction, view.number) == (Direction.INTERNAL, "1000")


def test_once_the_colleague_has_gone_the_two_are_bridged_as_before(world: World) -> None:
    consults_inside(world)
    world.hung_up("colleague")
    view = seen(world)
    assert (view.originatee, view.consulted_inside) == ("telephone", "")
    assert refusal(world, "1001", "customer") is Code.NOT_YOUR_CALL


def test_a_second_line_ends_with_the_consultation(world: World) -> None:
    """An action on the customer ends both legs of it."""
    world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    talks_to_colleague(world)
    assert set(seen(world).consulted) == {"second line", "colleague"}


def test_a_second_line_that_is_on_hold_stays(world: World) -> None:
    talks_to_colleague(world)
    world.hear("CHANNEL_HOLD", "second line")
    world.received_call()
    assert seen(world).consulted == ()


def test_a_second_line_with_another_customer_is_no_consultation(world: World) -> None:
    world.received_call()
    world.hear("CHANNEL_HOLD", "telephone")
    world.received_call(OTHER, "1000", "next", "second line")
    assert seen(world, call="customer").consulted == ()


def test_a_colleague_on_a_second_line_means_that_line(world: World) -> None:
    world.received_call()
    internal = talks_to_colleague(world)
    assert meant(world, "1001") is internal
    assert refusal(world, "1001", "customer") is Code.NOT_YOUR_CALL


# Hot desk


def test_of_the_agent_variables_the_first_wins(world: World) -> None:
    """On the caller's leg, too (contract, section 5)."""
    world.caller_dials(variable_fluxcc_agent="2000")
    world.telephone_rings()
    world.bridged("customer", "telephone")
    assert seen(world, "2000").agent.extension == "2000"
    assert refusal(world, "1000") is Code.NO_LIVE_CALL


def test_what_is_told_after_the_bridge_does_not_take_the_call_from_its_agent(
    world: World,
) -> None:
    """With early media the answer comes after the bridge."""
    world.caller_dials(variable_fluxcc_agent="2000")
    world.telephone_rings()
    world.bridged("customer", "telephone")
    world.hear("CHANNEL_ANSWER", "telephone", variable_dialed_user="1000")
    assert meant(world, "2000") is world.call_of("customer")


def test_the_next_agent_is_not_called_as_the_variable_says(world: World) -> None:
    """The variable stays on the caller's leg when the call moves on."""
    world.caller_dials(variable_fluxcc_agent="1000")
    world.telephone_rings()
    world.bridged("customer", "telephone")
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    assert seen(world, "1001").agent.extension == "1001"
    assert refusal(world, "1000") is Code.NO_LIVE_CALL


# Who presents another's number


def test_who_presents_an_agents_number_on_a_trunk_is_a_customer(world: World) -> None:
    """Else agent 1000's own request would be ambiguous for as long as that caller likes."""
    call = world.received_call()
    world.caller_dials("liar", "1000")
    world.telephone_rings("other", "1001", "liar")
    world.bridged("liar", "other")
    assert meant(world) is call
    view = seen(world, "1001")
    assert (view.direction, view.number, str(view.agent)) == (
        Direction.RECEIVED,
        "1000",
        "1001",
    )
    assert view.is_on_trunk


# Who is who


def test_each_of_two_colleagues_sees_the_other_as_the_customer(world: World) -> None:
    talks_to_colleague(world)
    asker, asked = seen(world, "1000"), seen(world, "1001")
    assert (asker.number, asker.customer, asker.agent_leg) == ("1001", "colleague", "second line")
    assert (asked.number, asked.customer, asked.agent_leg) == ("1000", "second line", "colleague")
    assert not asker.may_have_survey


@pytest.mark.parametrize(
    ("originator", "originatee"), [("customer", "telephone"), ("telephone", "customer")]
)
def test_who_was_bridged_to_whom_is_what_freeswitch_says(
    world: World, originator: str, originatee: str
) -> None:
    """The leg that is older need not be the bridge's originator."""
    world.received_call()
    world.bridged(originator, originatee)
    assert seen(world).originatee == originatee


def test_two_in_a_room_are_together_and_not_bridged(world: World) -> None:
    world.received_call()
    world.unbridged("customer", "telephone")
    join_room(world, "customer", "telephone")
    view = seen(world)
    assert (view.legs, view.room) == ({"customer", "telephone"}, "1000")
    assert not view.is_bridged


def test_a_call_that_has_been_answered_may_have_a_survey(world: World) -> None:
    call = world.received_call()
    assert seen(world).may_have_survey
    call.is_survey_over = True
    assert not seen(world).may_have_survey


def test_a_standing_leg_is_seen_as_one(world: World) -> None:
    world.caller_dials()
    world.telephone_rings(variable_cc_agent_type="uuid-standby")
    world.bridged("customer", "telephone")
    assert seen(world).is_standing


def test_media_that_freeswitch_passes_on_unseen_are_seen_as_such(world: World) -> None:
    world.received_call()
    world.hear("CHANNEL_ANSWER", "customer", Channel_Read_Codec_Name="PROXY")
    assert seen(world).is_proxied
