"""Ends of legs and calls, what history keeps of them, and what others are told meanwhile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.domain.calls import Direction
from fluxcc.domain.events import LegFact, LegNews
from tests.builders import NUMBER, OTHER, World, a_row, a_snapshot, an_event
from tests.unit.core.calls.stories import (
    PARTNER,
    history,
    outsider_rings,
    station_dials,
    the_call,
    the_row,
)

# Ends


def test_a_call_ends_with_its_customers_leg(world: World) -> None:
    world.received_call()
    world.hung_up("customer")
    row = the_row(world)
    assert (row.outcome, row.ended) == ("answered", world.clock.now())
    assert not world.tracker.calls


def test_history_has_the_call_as_a_supervisor_would_tell_it(world: World) -> None:
    world.received_call()
    world.hung_up("telephone")
    world.hung_up("customer")
    row = the_row(world)
    assert (row.direction, row.outcome) == ("received", "answered")
    assert (row.number, row.agent, row.group) == (NUMBER, "1000", "sales")
    assert (row.customer_leg, row.agent_leg) == ("customer", "telephone")


def test_history_has_the_time_of_the_talk(world: World) -> None:
    call = world.received_call()
    bridged = world.clock.now()
    world.clock.step(60)
    world.hung_up("telephone")
    world.clock.step(60)
    world.hung_up("customer")
    assert (call.bridged, call.parted, call.ended) == (bridged, bridged + 60, bridged + 120)


def test_a_call_that_nobody_answers_is_unanswered_and_keeps_its_group(world: World) -> None:
    world.caller_dials(variable_fluxcc_group="sales")
    world.telephone_rings()
    world.hung_up("telephone", "NO_ANSWER")
    world.hung_up("customer", "ORIGINATOR_CANCEL")
    row = the_row(world)
    assert (row.outcome, row.cause, row.bridged) == ("unanswered", "ORIGINATOR_CANCEL", None)
    assert row.group == "sales"


def test_a_call_of_early_media_alone_is_unanswered(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    pair = {"Bridge_A_Unique_ID": "customer", "Bridge_B_Unique_ID": "telephone"}
    world.hear("CHANNEL_BRIDGE", "customer", **pair)
    world.hung_up("telephone", "USER_BUSY")
    world.hung_up("customer")
    assert (the_row(world).outcome, the_row(world).agent) == ("unanswered", "")


def test_the_customers_hangup_is_the_calls_cause(world: World) -> None:
    world.received_call()
    world.hung_up("customer", "CALL_REJECTED")
    world.hung_up("telephone", "NORMAL_CLEARING")
    assert the_row(world).cause == "CALL_REJECTED"


def test_those_left_who_are_bridged_to_each_other_have_a_call_of_their_own(world: World) -> None:
    """The customer hangs up while the agent consults a colleague inside the bridge."""
    world.received_call()
    world.telephone_rings("colleague", "1001", "telephone")
    world.bridged("telephone", "colleague", variable_soft_holding_uuid="customer")
    world.hung_up("customer")
    assert the_call(world).direction is Direction.INTERNAL
    assert {leg.uuid for leg in the_call(world).legs} == {"telephone", "colleague"}


def test_a_standing_leg_takes_the_next_customer_in_a_call_of_their_own(world: World) -> None:
    """It lives on after its customer left."""
    world.received_call()
    world.hung_up("customer")
    world.caller_dials("next", OTHER)
    world.bridged("next", "telephone")
    first, second = history(world)
    assert (first.number, first.agent, first.outcome) == (NUMBER, "1000", "answered")
    assert (second.number, second.agent, second.outcome) == (OTHER, "1000", "live")


def test_a_partner_who_is_left_has_no_call_of_the_customers(world: World) -> None:
    call = world.received_call()
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    world.hung_up("customer")
    assert call.ended is not None
    assert not world.tracker.calls


def test_a_second_line_that_never_answered_leaves_no_row(world: World) -> None:
    station_dials(world)
    world.hung_up("telephone")
    assert history(world) == []


def test_a_transfer_does_not_change_whose_number_it_is(world: World) -> None:
    call = world.received_call()
    world.hear("CHANNEL_ANSWER", "customer", Caller_Caller_ID_Number="1000")
    assert call.number == call.customer.person == NUMBER


# Told out of order, or not at all


def test_a_leg_whose_creation_was_missed_is_learnt_from_its_next_event(world: World) -> None:
    more = {"Call_Direction": "inbound", "Caller_Caller_ID_Number": NUMBER}
    world.hear("CHANNEL_ANSWER", "customer", **more)
    world.telephone_rings()
    world.bridged("customer", "telephone")
    assert the_row(world).number == NUMBER


def test_a_leg_that_hung_up_before_its_creation_was_told_goes_with_its_destruction(
    world: World,
) -> None:
    world.hear("CHANNEL_HANGUP", "customer", Hangup_Cause="ORIGINATOR_CANCEL")
    world.caller_dials()
    world.hear("CHANNEL_DESTROY", "customer", Hangup_Cause="ORIGINATOR_CANCEL")
    assert not world.tracker.legs
    assert not world.tracker.calls


def test_two_calls_that_begin_in_the_same_microsecond_are_two(world: World) -> None:
    world.caller_dials("a", Event_Date_Timestamp="1795000000000000")
    world.caller_dials("b", Event_Date_Timestamp="1795000000000000")
    assert len({call.id for call in world.tracker.calls.values()}) == 2


# Who is told


def test_a_watcher_hears_the_end_of_its_legs_only(world: World) -> None:
    heard: list[str] = []
    world.received_call()

    def watcher(leg: str, _: LegNews) -> None:
        heard.append(leg)

    world.tracker.watchers.watch(["customer"], watcher)
    world.hear("CHANNEL_HANGUP", "telephone", Hangup_Cause="NORMAL_CLEARING")
    assert heard == []
    world.hear("CHANNEL_HANGUP", "customer", Hangup_Cause="CALL_REJECTED")
    assert heard == ["customer"]
    world.tracker.watchers.unwatch(["customer"], watcher)
    world.hear("CHANNEL_DESTROY", "customer", Hangup_Cause="CALL_REJECTED")
    assert len(heard) == 1


def test_a_watcher_may_stop_watching_while_it_is_told(world: World) -> None:
    world.received_call()
    told: list[str] = []

    def once(leg: str, _: LegNews) -> None:
        told.append(leg)
        world.tracker.watchers.unwatch(["customer"], once)

    world.tracker.watchers.watch(["customer"], once)
    world.hung_up("customer")
    assert told == ["customer"]


def test_a_customers_watcher_hears_who_is_connected_to_them(world: World) -> None:
    world.received_call()
    told: list[LegNews] = []
    world.tracker.watchers.watch(["customer"], lambda _, news: told.append(news))
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    assert LegNews(LegFact.BRIDGED, "1001") in told


def test_only_legs_of_persons_outside_that_come_in_are_looked_at(world: World) -> None:
    seen: list[str] = []
    world.happenings.leg_came_in.connect(lambda leg: seen.append(leg.uuid))
    world.received_call()
    station_dials(world, "other", "1001")
    assert seen == ["customer"]


def test_a_customer_who_goes_on_to_somebody_outside_after_the_talk_is_told_of(
    world: World,
) -> None:
    """There is no survey about that one (contract, section 1a.10)."""
    moved: list[int] = []
    world.happenings.customer_moved_on.connect(lambda call: moved.append(call.id))
    call = world.received_call()
    assert moved == []
    outsider_rings(world, "partner", PARTNER, "customer")
    world.bridged("customer", "partner")
    assert moved == [call.id]


# Rules for all sequences

LEGS = ("a", "b", "c")
legs = st.sampled_from(LEGS)
any_event = st.one_of(
    st.builds(
        lambda leg, direction, user, other: an_event(
            "CHANNEL_CREATE",
            leg,
            Call_Direction=direction,
            Caller_Caller_ID_Number=NUMBER,
            Caller_Destination_Number="1000",
            variable_dialed_user=user,
            Other_Type="originator",
            Other_Leg_Unique_ID=other,
        ),
        legs,
        st.sampled_from(["inbound", "outbound", ""]),
        st.sampled_from(["", "1000", "1001"]),
        legs,
    ),
    st.builds(
        lambda leg, side, member, agent: an_event(
            "CHANNEL_ANSWER",
            leg,
            variable_cc_side=side,
            variable_cc_member_session_uuid=member,
            variable_cc_agent=agent,
        ),
        legs,
        st.sampled_from(["", "agent", "member"]),
        legs,
        st.sampled_from(["", "1000", "1001"]),
    ),
    st.builds(
        lambda name, leg, first, second: an_event(
            name, leg, Bridge_A_Unique_ID=first, Bridge_B_Unique_ID=second
        ),
        st.sampled_from(["CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"]),
        legs,
        legs,
        legs,
    ),
    st.builds(
        lambda name, leg: an_event(name, leg, Hangup_Cause="NORMAL_CLEARING"),
        st.sampled_from(["CHANNEL_HANGUP", "CHANNEL_DESTROY"]),
        legs,
    ),
)


def check(world: World) -> None:
    """What is true of the tracker after any event."""
    tracker = world.tracker
    for leg in tracker.legs.values():
        if leg.call is not None:
            assert leg in leg.call.legs
            assert tracker.calls[leg.call.id] is leg.call
        for partner in leg.partners():
            assert leg in partner.partners()
            assert tracker.legs[partner.uuid] is partner
    for call in tracker.calls.values():
        assert call.legs
        assert all(leg.call is call for leg in call.legs)
        for leg in (*call.legs, call.customer, call.agent_leg):
            assert leg is None or tracker.legs[leg.uuid] is leg


@settings(max_examples=200)
@given(events=st.lists(any_event, max_size=25), order=st.permutations(LEGS))
def test_no_leg_outlives_its_end_whatever_was_told_before(events: list, order: list[str]) -> None:
    world = World()
    for event in events:
        world.handle(event)
        check(world)
    for leg in order:
        world.hung_up(leg)
        check(world)
    assert not world.tracker.legs
    assert not world.tracker.calls
    assert world.agent_calls("1000") == world.agent_calls("1001") == []
    assert all(call.ended is not None for call in history(world))


@settings(max_examples=100)
@given(events=st.lists(any_event, max_size=15), up=st.sets(legs))
def test_after_a_snapshot_exactly_its_legs_are_up(events: list, up: set[str]) -> None:
    world = World()
    for event in events:
        world.handle(event)
    world.resync(a_snapshot(*(a_row(leg) for leg in sorted(up))))
    check(world)
    assert set(world.tracker.legs) == {
        leg for leg in up if world.tracker.watchers.end_of(leg) is None
    }
