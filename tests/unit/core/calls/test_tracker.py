"""Every live leg and call, kept true by events and, after a gap, by a snapshot."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.core.calls.snapshot import LEGS_PER_SLICE
from fluxcc.domain.calls import CallRecord, Direction
from tests.builders import NUMBER, OTHER, World, a_row, a_snapshot, an_event
from tests.fakes import NOW


def history(world: World) -> list[CallRecord]:
    """What the store knows of calls, the oldest first."""
    world.journal.flush()
    return sorted(world.store.calls.values(), key=lambda call: call.id)


DIALLED = {"direction": "outbound", "destination": "1000", "user": "1000"}
"""What a snapshot's row says of an agent's telephone that was dialled."""


def the_call(world: World) -> CallRecord:
    (call,) = history(world)
    return call


# The situations a call can be in


def test_a_trunk_call_to_an_extension(world: World) -> None:
    world.received_call()
    world.hung_up("telephone")
    world.hung_up("customer", "NORMAL_CLEARING")
    call = the_call(world)
    assert (call.direction, call.outcome) == ("received", "answered")
    assert (call.number, call.agent, call.group) == (NUMBER, "1000", "sales")
    assert (call.customer_leg, call.agent_leg) == ("customer", "telephone")


def test_mod_callcenter_names_the_agent_and_the_queue(world: World) -> None:
    world.caller_dials()
    world.hear("CHANNEL_ANSWER", "customer", variable_cc_side="member")
    agent_side = {
        "variable_cc_side": "agent",
        "variable_cc_queue": "sales@default",
        "variable_cc_agent": "1000@default",
        "variable_cc_member_session_uuid": "customer",
    }
    world.telephone_rings(origin="", **agent_side)
    assert len(world.tracker.calls) == 1
    world.bridged(
        "customer",
        "telephone",
        variable_cc_side="member",
        variable_cc_queue="sales@default",
    )
    (call,) = world.agent_calls("1000")
    assert (call.agent, call.group, call.direction) == ("1000", "sales", Direction.RECEIVED)


def test_an_agents_earlier_queue_call_does_not_name_the_next_agent(world: World) -> None:
    """From the bridge on the member's leg has ``cc_agent``, also when somebody else has it."""
    world.received_call()
    world.hung_up("telephone")
    world.telephone_rings("other", "1002")
    world.bridged("customer", "other", variable_cc_side="member", variable_cc_agent="1000@default")
    (call,) = world.tracker.calls.values()
    assert call.agent == "1002"


def test_an_outbound_call_dialled_by_an_agent(world: World) -> None:
    world.caller_dials("telephone", "1000", OTHER, Caller_Context="default")
    world.hear(
        "CHANNEL_CREATE",
        "customer",
        Call_Direction="outbound",
        Caller_Caller_ID_Number="1000",
        Caller_Destination_Number=OTHER,
        Other_Type="originator",
        Other_Leg_Unique_ID="telephone",
    )
    world.bridged("telephone", "customer")
    call = the_call(world)
    assert (call.direction, call.number, call.agent) == ("originated", OTHER, "1000")
    assert (call.customer_leg, call.agent_leg) == ("customer", "telephone")


def test_a_telephone_with_a_number_of_its_own_is_known_by_whom_it_authenticated_as(
    world: World,
) -> None:
    world.caller_dials("telephone", "+551140001000", OTHER, variable_user_name="1000")
    assert world.tracker.legs["telephone"].is_station
    assert [call.direction for call in world.agent_calls("1000")] == ["originated"]


def test_a_click_to_dial(world: World) -> None:
    """``originate user/1000 &bridge(trunk)``: two outbound legs, the customer is the B leg."""
    world.telephone_rings(origin="")
    world.hear(
        "CHANNEL_CREATE",
        "customer",
        Call_Direction="outbound",
        Caller_Destination_Number=OTHER,
        Other_Type="originator",
        Other_Leg_Unique_ID="telephone",
    )
    world.bridged("telephone", "customer")
    call = the_call(world)
    assert (call.direction, call.number, call.agent) == ("originated", OTHER, "1000")


def test_a_campaign_call(world: World) -> None:
    """The customer first, then an agent."""
    world.hear(
        "CHANNEL_CREATE",
        "customer",
        Call_Direction="outbound",
        Caller_Destination_Number=OTHER,
        variable_fluxcc_group="winback",
    )
    world.telephone_rings()
    # FreeSWITCH notes on the calling leg, too, whom it dialled.
    world.bridged(
        "customer",
        "telephone",
        Call_Direction="outbound",
        Caller_Destination_Number=OTHER,
        Other_Type="originatee",
        variable_dialed_user="1000",
    )
    call = the_call(world)
    assert (call.direction, call.number, call.agent) == ("campaign", OTHER, "1000")
    assert (call.customer_leg, call.group) == ("customer", "winback")


def test_an_internal_call_belongs_to_both(world: World) -> None:
    world.caller_dials("a", "1001", "1000", Caller_Context="default")
    world.telephone_rings("b", "1000", "a")
    world.bridged("a", "b")
    (call,) = world.tracker.calls.values()
    assert call.direction is Direction.INTERNAL
    assert world.agent_calls("1000") == [call]
    assert world.agent_calls("1001") == [call]
    assert world.views.seen_by(call, "1001").number == "1000"
    assert world.views.seen_by(call, "1000").number == "1001"


def test_who_presents_an_agents_number_on_a_trunk_is_a_customer(world: World) -> None:
    """Else agent 1000's own request would be ambiguous for as long as that caller likes."""
    world.received_call()
    world.caller_dials("liar", "1000", "5000")
    assert not world.tracker.legs["liar"].is_station
    (call,) = world.agent_calls("1000")
    assert call.number == NUMBER
    world.telephone_rings("other", "1001", "liar")
    world.bridged("liar", "other")
    (call,) = world.agent_calls("1001")
    assert (call.direction, call.number, call.agent) == (Direction.RECEIVED, "1000", "1001")
    assert world.views.seen_by(call, "1001").is_on_trunk


def test_who_presents_an_agents_number_on_a_trunk_is_a_customer_after_a_gap_too(
    world: World,
) -> None:
    """FreeSWITCH makes a presence of the caller's From where the profile manages presence."""
    row = a_row("liar", number="1000", user="1000", direction="inbound", context="public")
    world.resync(a_snapshot(row))
    assert not world.tracker.legs["liar"].is_station
    assert world.agent_calls("1000") == []


def test_a_call_that_nobody_answers(world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    world.hung_up("telephone", "NO_ANSWER")
    world.hung_up("customer", "ORIGINATOR_CANCEL")
    call = the_call(world)
    assert (call.outcome, call.cause, call.bridged) == ("unanswered", "ORIGINATOR_CANCEL", None)


def test_a_channel_variable_names_the_agent(world: World) -> None:
    """The first of ``agent_variables`` wins, whichever leg has it (contract, section 5)."""
    world.caller_dials(variable_fluxcc_agent="2000")
    world.telephone_rings()
    world.bridged("customer", "telephone")
    (call,) = world.agent_calls("2000")
    assert call.agent == "2000"
    assert world.agent_calls("1000") == []


def test_what_is_told_after_the_bridge_does_not_take_the_call_from_its_agent(
    world: World,
) -> None:
    """With early media the answer comes after the bridge."""
    world.caller_dials(variable_fluxcc_agent="2000")
    world.telephone_rings()
    world.bridged("customer", "telephone")
    world.hear("CHANNEL_ANSWER", "telephone", variable_dialed_user="1000")
    assert len(world.agent_calls("2000")) == 1


# Moves


def test_a_second_agent_takes_over(world: World) -> None:
    call = world.received_call()
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    world.hung_up("telephone")
    assert call.agent == "1001"
    assert world.agent_calls("1001") == [call]
    assert world.agent_calls("1000") == []
    assert world.views.seen_by(call, "1001").is_bridged


def test_an_attended_transfer_brings_the_new_agent_into_the_customers_call(world: World) -> None:
    call = world.received_call()
    world.caller_dials("consulting", "1000", "1001", Caller_Context="default")
    world.telephone_rings("second", "1001", "consulting")
    world.bridged("consulting", "second")
    world.bridged("customer", "second")
    world.hung_up("telephone")
    world.hung_up("consulting")
    assert (call.agent, call.direction) == ("1001", Direction.RECEIVED)
    assert world.agent_calls("1001") == [call]
    world.hung_up("second")
    world.hung_up("customer")
    assert not world.tracker.calls


def test_two_who_were_unbridged_are_in_the_call_and_not_bridged(world: World) -> None:
    """Both in a conference room."""
    call = world.received_call()
    world.unbridged("customer", "telephone")
    assert not world.views.seen_by(call, "1000").is_bridged
    assert call.is_talking


def test_a_transfer_does_not_change_whose_number_it_is(world: World) -> None:
    call = world.received_call()
    world.hear("CHANNEL_ANSWER", "customer", Caller_Caller_ID_Number="1000")
    assert world.views.seen_by(call, "1000").number == NUMBER


def test_the_customers_hangup_is_the_calls_cause(world: World) -> None:
    world.received_call()
    world.hung_up("customer", "CALL_REJECTED")
    world.hung_up("telephone", "NORMAL_CLEARING")
    assert the_call(world).cause == "CALL_REJECTED"


# What is asked


def test_a_call_that_rings_beside_one_that_talks_is_not_meant(world: World) -> None:
    talking = world.received_call()
    world.caller_dials("next", OTHER)
    world.telephone_rings("second line", "1000", "next")
    assert world.agent_calls("1000") == [talking]


def test_two_calls_that_talk_are_both_told(world: World) -> None:
    first = world.received_call()
    second = world.received_call(OTHER, "1000", "next", "second line")
    assert world.agent_calls("1000") == [first, second]


def test_a_call_is_found_by_either_leg(world: World) -> None:
    call = world.received_call()
    assert world.call_of("customer") is call
    assert world.call_of("telephone") is call
    assert world.call_of("nobody") is None


def test_whose_call_it_is(world: World) -> None:
    call = world.received_call()
    assert world.tracker.has_agent(call, "1000")
    assert not world.tracker.has_agent(call, "1001")


def test_a_watcher_hears_the_end_of_its_legs_only(world: World) -> None:
    heard: list[str] = []
    world.received_call()

    def watcher(leg: str, _: object) -> None:
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
    told = []

    def once(leg: str, _: object) -> None:
        told.append(leg)
        world.tracker.watchers.unwatch(["customer"], once)

    world.tracker.watchers.watch(["customer"], once)
    world.hung_up("customer")
    assert told == ["customer"]


def test_only_legs_that_come_in_are_looked_at(world: World) -> None:
    seen: list[str] = []
    world.happenings.leg_came_in.connect(lambda leg: seen.append(leg.uuid))
    world.received_call()
    assert seen == ["customer"]


# Gaps


def test_a_leg_whose_creation_was_missed_is_learnt_from_its_next_event(world: World) -> None:
    world.hear(
        "CHANNEL_ANSWER",
        "customer",
        Call_Direction="inbound",
        Caller_Caller_ID_Number=NUMBER,
    )
    world.telephone_rings()
    world.bridged("customer", "telephone")
    assert the_call(world).number == NUMBER


def test_a_bridge_with_a_leg_never_heard_of_waits_for_the_snapshot(world: World) -> None:
    world.caller_dials()
    world.bridged("customer", "unheard")
    world.resync(
        a_snapshot(
            a_row("customer"),
            a_row("unheard", **DIALLED, bridged_to="customer"),
        )
    )
    (call,) = world.agent_calls("1000")
    assert world.views.seen_by(call, "1000").customer == "customer"
    assert world.views.seen_by(call, "1000").is_bridged


def test_a_leg_that_hung_up_before_its_creation_was_told_goes_with_its_destruction(
    world: World,
) -> None:
    world.hear("CHANNEL_HANGUP", "customer", Hangup_Cause="ORIGINATOR_CANCEL")
    world.caller_dials()
    world.hear("CHANNEL_DESTROY", "customer", Hangup_Cause="ORIGINATOR_CANCEL")
    assert not world.tracker.legs
    assert not world.tracker.calls


def test_a_snapshot_makes_calls_known_that_nobody_told_of(world: World) -> None:
    adopted = world.resync(
        a_snapshot(
            a_row("customer"),
            a_row("telephone", **DIALLED, bridged_to="customer"),
        )
    )
    assert adopted == ["customer", "telephone"]
    (call,) = world.agent_calls("1000")
    assert (call.number, call.direction) == (NUMBER, Direction.RECEIVED)
    assert len(world.tracker.calls) == 1


def test_a_leg_that_is_described_after_a_snapshot_gets_its_group_and_agent(world: World) -> None:
    rows = [
        a_row("customer"),
        a_row("telephone", direction="outbound", destination="1000", bridged_to="customer"),
    ]
    for leg in world.resync(a_snapshot(*rows)):
        world.snapshots.leg_described(
            an_event(
                "CHANNEL_DATA", leg, variable_fluxcc_group="sales", variable_fluxcc_agent="2000"
            )
        )
    (call,) = world.agent_calls("2000")
    assert (call.agent, call.group) == ("2000", "sales")


@pytest.mark.parametrize(
    ("originator", "originatee"), [("customer", "telephone"), ("telephone", "customer")]
)
def test_who_was_bridged_to_whom_is_what_freeswitch_says(
    world: World, originator: str, originatee: str
) -> None:
    """The leg that is older need not be the bridge's originator."""
    world.received_call()
    world.bridged(originator, originatee)
    assert world.agent_calls("1000")[0].seen_by("1000").originatee == originatee


@pytest.mark.parametrize(
    ("originator", "originatee"), [("customer", "telephone"), ("telephone", "customer")]
)
def test_who_was_bridged_to_whom_is_still_known_after_a_snapshot(
    world: World, originator: str, originatee: str
) -> None:
    rows = {
        "customer": a_row("customer"),
        "telephone": a_row("telephone", direction="outbound", user="1000", created=NOW + 1),
    }
    rows[originatee] = msgspec.structs.replace(rows[originatee], bridged_to=originator)
    for leg in world.resync(a_snapshot(*rows.values())):
        world.snapshots.leg_described(an_event("CHANNEL_DATA", leg))
    assert world.agent_calls("1000")[0].seen_by("1000").originatee == originatee


def test_a_leg_that_went_before_it_was_described_stays_away(world: World) -> None:
    world.snapshots.leg_described(an_event("CHANNEL_DATA", "gone"))
    assert not world.tracker.legs


def test_a_known_leg_keeps_what_events_told_of_it(world: World) -> None:
    call = world.received_call()
    world.resync(
        a_snapshot(a_row("customer", number="1000"), a_row("telephone", direction="outbound"))
    )
    assert world.views.seen_by(call, "1000").number == NUMBER
    assert call.group == "sales"


def test_a_leg_too_new_for_the_tables_is_kept(world: World) -> None:
    call = world.received_call()
    world.resync(a_snapshot(a_row("customer"), too_new=("telephone",)))
    assert world.agent_calls("1000") == [call]


def test_a_call_that_is_not_in_the_snapshot_was_lost(world: World) -> None:
    """FreeSWITCH was restarted: calls that died with it are recorded as lost."""
    world.received_call()
    told: list[str] = []
    world.tracker.watchers.watch(["customer"], lambda leg, _: told.append(leg))
    world.resync(a_snapshot())
    assert the_call(world).outcome == "lost"
    assert the_call(world).ended is not None
    assert set(told) == {"customer"}
    assert not world.tracker.legs


def test_a_call_that_lost_one_leg_goes_on(world: World) -> None:
    call = world.received_call()
    world.resync(a_snapshot(a_row("customer")))
    assert call.agent_leg is None
    assert world.call_of("customer") is call
    world.hung_up("customer")
    assert the_call(world).outcome == "answered"


def a_record(**changes: object) -> CallRecord:
    fields = {
        "id": 7,
        "direction": "received",
        "customer_leg": "customer",
        "agent_leg": "telephone",
        "number": NUMBER,
        "agent": "1000",
        "group": "sales",
        "started": 1.0,
        "bridged": 2.0,
        "ended": None,
        "cause": "",
        "outcome": "live",
    }
    return CallRecord(**fields | changes)  # type: ignore[arg-type]


def test_a_new_life_goes_on_with_the_calls_of_the_former(world: World) -> None:
    world.snapshots.restore([a_record()])
    world.resync(
        a_snapshot(
            a_row("customer"),
            a_row("telephone", **DIALLED, bridged_to="customer"),
        )
    )
    (call,) = world.agent_calls("1000")
    assert (call.id, call.group, call.started, call.bridged) == (7, "sales", 1.0, 2.0)
    world.hung_up("telephone")
    world.hung_up("customer")
    assert (the_call(world).id, the_call(world).outcome) == (7, "answered")


def test_a_restored_call_keeps_its_agent_although_its_legs_are_not_bridged(world: World) -> None:
    """In a conference room."""
    world.snapshots.restore([a_record()])
    world.resync(
        a_snapshot(a_row("customer"), a_row("telephone", direction="outbound", user="1000"))
    )
    (call,) = world.agent_calls("1000")
    assert world.views.seen_by(call, "1000").customer == "customer"
    assert call.is_talking


def test_a_call_that_ended_between_two_lives_was_lost(world: World) -> None:
    world.snapshots.restore([a_record()])
    world.resync(a_snapshot())
    assert the_call(world).outcome == "lost"
    assert not world.tracker.calls


def test_two_calls_that_begin_in_the_same_microsecond_are_two(world: World) -> None:
    world.caller_dials("a", Event_Date_Timestamp="1795000000000000")
    world.caller_dials("b", Event_Date_Timestamp="1795000000000000")
    assert len({call.id for call in world.tracker.calls.values()}) == 2


def test_an_adopted_call_never_takes_the_id_of_a_restored_one(world: World) -> None:
    """A snapshot gives whole seconds: the calls of one second would be numbered alike."""
    world.resync(a_snapshot(a_row("new", created=3.0)))
    (taken,) = world.tracker.calls
    other = World()
    other.snapshots.restore([a_record(id=taken, started=3.0)])
    other.resync(a_snapshot(a_row("customer", created=3.0), a_row("new", created=3.0)))
    assert len(other.tracker.calls) == 2
    assert taken in other.tracker.calls
    other.hung_up("new")
    other.hung_up("customer")
    assert not other.tracker.calls


def test_adopted_calls_of_one_second_are_numbered_by_their_legs(world: World) -> None:
    """So that no second life of the daemon overwrites a row of the first."""
    world.resync(a_snapshot(a_row("a", created=3.0)))
    other = World()
    other.resync(a_snapshot(a_row("b", created=3.0)))
    assert set(world.tracker.calls).isdisjoint(other.tracker.calls)


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
        assert leg.call is not None
        assert leg in leg.call.legs
        assert tracker.calls[leg.call.id] is leg.call
        if leg.partner is not None:
            assert leg.partner.partner is leg
            assert tracker.legs[leg.partner.uuid] is leg.partner
    for call in tracker.calls.values():
        assert call.legs
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


def test_a_leg_whose_end_was_told_while_the_snapshot_was_on_its_way_does_not_come_back(
    world: World,
) -> None:
    known = frozenset(world.tracker.legs)
    world.handle(an_event("CHANNEL_CREATE", "short"))
    world.handle(an_event("CHANNEL_DESTROY", "short"))
    assert world.snapshots.resync(a_snapshot(a_row("short")), known) == []
    assert not world.tracker.calls


def test_what_happens_while_a_large_snapshot_is_taken_in_is_newer_than_it() -> None:
    world = World()
    rows = [a_row(f"leg-{number}") for number in range(2 * LEGS_PER_SLICE)]
    has_happened = False

    def meanwhile() -> None:
        nonlocal has_happened
        if rows[0].uuid in world.tracker.legs and not has_happened:
            has_happened = True
            world.handle(an_event("CHANNEL_DESTROY", rows[0].uuid))
            world.handle(an_event("CHANNEL_DESTROY", rows[-1].uuid))

    adopted = world.snapshots.resync(a_snapshot(*rows), frozenset(), meanwhile)
    assert rows[0].uuid in adopted
    assert set(world.tracker.legs) == {row.uuid for row in rows[1:-1]}
    check(world)
