"""Legs and calls after a gap, from the store and from FreeSWITCH's snapshot."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fluxcc.core.calls.snapshot import LEGS_PER_SLICE
from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import CallRecord, Direction, LegKind
from fluxcc.domain.codes import Code
from fluxcc.domain.events import LegRow
from tests.builders import NUMBER, OTHER, World, a_row, a_snapshot, an_event
from tests.fakes import NOW
from tests.unit.core.calls.stories import (
    consults_inside,
    join_room,
    meant,
    parks,
    refusal,
    seen,
    station_dials,
    the_call,
    the_row,
)


def a_telephones_row(uuid: str = "telephone", agent: str = "1000", **changes: Any) -> LegRow:
    """The leg of an agent's telephone that was dialled."""
    fields = {"direction": "outbound", "destination": agent, "user": agent, "context": "default"}
    return a_row(uuid, **fields | changes)


TALKING = (a_row("customer"), a_telephones_row(bridged_to="customer"))


def a_record(**changes: object) -> CallRecord:
    """What the store has of a live call of agent 1000 with the customer."""
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


def restarted(world: World) -> World:
    """A daemon that has only the store of the other one."""
    world.journal.flush()
    anew = World()
    live = [row for row in world.store.calls.values() if row.ended is None]
    anew.snapshots.restore(live)
    return anew


def variables(leg: str, **headers: str) -> Any:
    """What FreeSWITCH describes a leg with."""
    return an_event("CHANNEL_DATA", leg, **headers)


# After a gap


def test_a_snapshot_makes_calls_known_that_nobody_told_of(world: World) -> None:
    world.resync(a_snapshot(*TALKING))
    assert list(world.tracker.legs) == ["customer", "telephone"]
    call = the_call(world)
    assert meant(world) is call
    assert (call.number, call.direction, str(call.agent)) == (
        NUMBER,
        Direction.RECEIVED,
        "1000",
    )


def test_a_bridge_with_a_leg_never_heard_of_waits_for_the_snapshot(world: World) -> None:
    world.caller_dials()
    world.bridged("customer", "unheard")
    world.resync(a_snapshot(a_row("customer"), a_telephones_row("unheard", bridged_to="customer")))
    assert (seen(world).customer, seen(world).originatee) == ("customer", "unheard")


def test_a_leg_that_is_described_gets_its_group_and_agent(world: World) -> None:
    world.resync(
        a_snapshot(a_row("customer"), a_telephones_row(user="", bridged_to="customer")),
        customer=variables("customer", variable_fluxcc_group="sales"),
        telephone=variables("telephone", variable_fluxcc_agent="2000"),
    )
    assert (seen(world, "2000").agent.extension, seen(world, "2000").group) == ("2000", "sales")


def test_a_description_of_a_leg_without_a_row_creates_none(world: World) -> None:
    world.resync(a_snapshot(), gone=variables("gone"))
    assert not world.tracker.legs


def test_a_leg_that_was_not_described_is_known_by_its_row(world: World) -> None:
    world.resync(a_snapshot(*TALKING), customer=variables("customer"))
    assert seen(world).legs == {"customer", "telephone"}


@pytest.mark.parametrize(
    ("originator", "originatee"), [("customer", "telephone"), ("telephone", "customer")]
)
def test_who_was_bridged_to_whom_is_still_known(
    world: World, originator: str, originatee: str
) -> None:
    """The leg that is older need not be the bridge's originator."""
    rows = {"customer": a_row("customer"), "telephone": a_telephones_row(created=NOW + 1)}
    rows[originatee] = msgspec.structs.replace(rows[originatee], bridged_to=originator)
    world.resync(a_snapshot(*rows.values()))
    assert seen(world).originatee == originatee


def test_a_station_that_dialled_outside_is_the_agent_of_whom_it_dialled(world: World) -> None:
    more = {"Other_Type": "originator", "Other_Leg_Unique_ID": "telephone"}
    world.resync(
        a_snapshot(
            a_row("telephone", number="1000", destination=OTHER, context="default", user="1000"),
            a_row("customer", direction="outbound", destination=OTHER, bridged_to="telephone"),
        ),
        customer=variables("customer", **more),
    )
    call = the_call(world)
    assert (call.direction, call.number, str(call.agent)) == (
        Direction.ORIGINATED,
        OTHER,
        "1000",
    )


def test_who_presents_an_agents_number_on_a_trunk_is_a_customer(world: World) -> None:
    """FreeSWITCH makes a presence of the caller's From where the profile manages presence."""
    world.resync(a_snapshot(a_row("liar", number="1000", user="1000")))
    assert not world.tracker.legs["liar"].is_station
    assert refusal(world) is Code.NO_LIVE_CALL


def test_a_known_leg_keeps_what_events_told_of_it(world: World) -> None:
    call = world.received_call()
    world.resync(a_snapshot(a_row("customer", number="1000"), a_telephones_row(user="1001")))
    assert (seen(world).number, call.group) == (NUMBER, "sales")


def test_a_leg_too_new_for_the_tables_is_kept(world: World) -> None:
    call = world.received_call()
    world.resync(a_snapshot(a_row("customer"), too_new=("telephone",)))
    assert meant(world) is call


def test_a_caller_whom_nobody_answered_yet_is_looked_at(world: World) -> None:
    """The gate may have been missing meanwhile."""
    looked_at: list[str] = []
    world.happenings.leg_came_in.connect(lambda leg: looked_at.append(leg.uuid))
    world.resync(a_snapshot(a_row("new", is_answered=False), *TALKING))
    assert looked_at == ["new"]


# Gone meanwhile


def test_a_call_that_is_not_in_the_snapshot_was_lost(world: World) -> None:
    """FreeSWITCH was restarted: calls that died with it are recorded as lost."""
    world.received_call()
    told: list[str] = []
    world.tracker.watchers.watch(["customer"], lambda leg, _: told.append(leg))
    world.resync(a_snapshot())
    assert the_row(world).outcome == "lost"
    assert the_row(world).ended is not None
    assert set(told) == {"customer"}
    assert not world.tracker.legs


def test_a_call_that_lost_the_agents_leg_goes_on(world: World) -> None:
    call = world.received_call()
    world.resync(a_snapshot(a_row("customer")))
    assert call.agent_leg is None
    assert world.call_of("customer") is call
    world.hung_up("customer")
    assert the_row(world).outcome == "answered"


def test_a_leg_whose_end_was_told_while_the_snapshot_was_on_its_way_does_not_come_back(
    world: World,
) -> None:
    world.handle(an_event("CHANNEL_CREATE", "short"))
    world.handle(an_event("CHANNEL_DESTROY", "short"))
    world.snapshots.resync(a_snapshot(a_row("short")), frozenset(), [])
    assert not world.tracker.legs
    assert not world.tracker.calls


def test_a_leg_that_began_after_the_snapshot_was_asked_for_stays(world: World) -> None:
    known = frozenset(world.tracker.legs)
    world.caller_dials("new")
    world.snapshots.resync(a_snapshot(), known, [])
    assert list(world.tracker.legs) == ["new"]


def test_what_happens_while_a_large_snapshot_is_taken_in_is_newer_than_it(world: World) -> None:
    rows = [a_row(f"leg-{number:03}") for number in range(2 * LEGS_PER_SLICE)]
    has_happened = False

    def meanwhile() -> None:
        nonlocal has_happened
        if rows[0].uuid in world.tracker.legs and not has_happened:
            has_happened = True
            world.handle(an_event("CHANNEL_DESTROY", rows[0].uuid))
            world.handle(an_event("CHANNEL_DESTROY", rows[-1].uuid))

    world.snapshots.resync(a_snapshot(*rows), frozenset(), [], meanwhile)
    assert has_happened
    assert set(world.tracker.legs) == {row.uuid for row in rows[1:-1]}
    assert len(world.tracker.calls) == len(rows) - 2


def test_a_link_lost_while_a_snapshot_is_taken_in_leaves_nothing_of_it(world: World) -> None:
    def described() -> Any:
        yield "customer", variables("customer")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        world.snapshots.resync(a_snapshot(*TALKING), frozenset(), described())
    assert not world.tracker.legs
    assert not world.tracker.calls


# After a restart


def test_a_new_life_goes_on_with_the_calls_of_the_former(world: World) -> None:
    world.snapshots.restore([a_record()])
    world.resync(a_snapshot(*TALKING))
    call = meant(world)
    assert (call.id, call.group, call.started, call.bridged) == (7, "sales", 1.0, 2.0)
    world.hung_up("telephone")
    world.hung_up("customer")
    assert (the_row(world).id, the_row(world).outcome) == (7, "answered")


def test_a_store_that_can_be_read_only_after_the_snapshot_gives_the_call_its_id(
    world: World,
) -> None:
    world.resync(a_snapshot(*TALKING))
    world.snapshots.restore([a_record()])
    assert (the_call(world).id, the_call(world).started) == (7, 1.0)
    assert meant(world) is the_call(world)


def test_a_call_that_ended_between_two_lives_was_lost(world: World) -> None:
    world.snapshots.restore([a_record()])
    world.resync(a_snapshot())
    assert the_row(world).outcome == "lost"
    assert not world.tracker.calls


def test_two_who_are_together_no_more_after_a_restart_have_no_agent(world: World) -> None:
    world.snapshots.restore([a_record()])
    world.resync(a_snapshot(a_row("customer"), a_telephones_row()))
    assert the_call(world).agent_leg is None
    assert refusal(world, call="customer") is Code.NO_LIVE_CALL


def test_customer_and_agent_in_a_room_keep_each_other(world: World) -> None:
    world.received_call()
    world.unbridged("customer", "telephone")
    join_room(world, "customer", "telephone")
    anew = restarted(world)
    room = {"application": "conference", "application_data": "1000@default"}
    anew.resync(a_snapshot(a_row("customer", **room), a_telephones_row(**room)))
    assert seen(anew) == seen(world)
    assert (seen(anew).agent_leg, seen(anew).room) == ("telephone", "1000")


def test_a_consultation_inside_the_bridge_is_known(world: World) -> None:
    """``show bridged_calls`` has the inner bridge alone."""
    consults_inside(world)
    anew = restarted(world)
    anew.resync(
        a_snapshot(
            a_row("customer"),
            a_telephones_row(created=NOW + 1),
            a_telephones_row("colleague", "1001", bridged_to="telephone", created=NOW + 2),
        ),
        telephone=variables("telephone", variable_soft_holding_uuid="customer"),
    )
    assert len(anew.tracker.calls) == 1
    assert seen(anew) == seen(world)
    assert seen(anew, "1001") == seen(world, "1001")


def test_what_is_remembered_of_a_leg_counts_before_what_was_written_onto_it_later(
    world: World,
) -> None:
    """``dialed_user`` of the colleague, whom the agent consulted."""
    world.received_call()
    anew = restarted(world)
    anew.resync(
        a_snapshot(a_row("customer"), a_telephones_row(user="1001", bridged_to="customer")),
        telephone=variables("telephone", variable_dialed_user="1001"),
    )
    assert anew.tracker.legs["telephone"].names == ("1000",)
    assert seen(anew).agent_leg == "telephone"
    assert refusal(anew, "1001") is Code.NO_LIVE_CALL


def test_a_customer_who_was_dialled_stays_one_whatever_was_written_onto_the_leg(
    world: World,
) -> None:
    """They call an agent out of a dialplan, and have ``dialed_user`` of that one."""
    number = {"Call_Direction": "outbound", "Caller_Destination_Number": OTHER}
    world.hear("CHANNEL_CREATE", "customer", **number)
    world.telephone_rings()
    world.bridged("customer", "telephone")
    anew = restarted(world)
    row = a_row("customer", direction="outbound", destination=OTHER)
    anew.resync(
        a_snapshot(row, a_telephones_row(bridged_to="customer")),
        customer=variables("customer", variable_dialed_user="1000"),
    )
    assert anew.tracker.legs["customer"].kind is LegKind.TRUNK
    assert (seen(anew).customer, seen(anew).number) == ("customer", OTHER)


def test_who_parked_the_customer_is_remembered(world: World) -> None:
    world.received_call()
    parks(world)
    world.hung_up("telephone")
    anew = restarted(world)
    anew.resync(a_snapshot(a_row("customer", application="park")))
    assert seen(anew) == seen(world)


def test_a_former_agent_is_remembered(world: World) -> None:
    """Whose leg lives on."""
    world.received_call()
    world.telephone_rings("second", "1001")
    world.bridged("customer", "second")
    world.unbridged("customer", "telephone")
    anew = restarted(world)
    rows = (a_row("customer"), a_telephones_row("second", "1001", bridged_to="customer"))
    anew.resync(a_snapshot(*rows, a_telephones_row()))
    assert refusal(anew, "1000", "customer") is Code.NO_LIVE_CALL
    assert refusal(anew, "1002", "customer") is Code.NOT_YOUR_CALL
    assert seen(anew, "1001").agent_leg == "second"


def test_that_a_leg_stands_is_remembered(world: World) -> None:
    world.caller_dials()
    world.telephone_rings(variable_cc_agent_type="uuid-standby")
    world.bridged("customer", "telephone")
    anew = restarted(world)
    anew.resync(a_snapshot(*TALKING))
    assert seen(anew).is_standing


def test_a_survey_that_an_action_ended_stays_ended(world: World) -> None:
    world.received_call().is_survey_over = True
    world.hear("CHANNEL_HOLD", "telephone")
    anew = restarted(world)
    anew.resync(a_snapshot(*TALKING))
    assert not seen(anew).may_have_survey


def test_a_station_alone_has_no_call_after_a_restart_either(world: World) -> None:
    station_dials(world)
    anew = restarted(world)
    row = a_row("telephone", number="1000", context="default", user="1000")
    anew.resync(a_snapshot(row))
    assert anew.tracker.legs["telephone"].is_station
    assert not anew.tracker.calls


# Ids


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


def test_a_store_that_is_read_after_the_snapshot_gives_the_call_its_past(world: World) -> None:
    world.received_call()
    state = json.dumps({"past_agents": ["1001"], "is_survey_over": True})
    world.snapshots.restore([a_record(outcome="conference", sequel="consulted:1002", state=state)])
    (call,) = world.tracker.calls.values()
    assert (call.id, call.outcome, call.past_agents) == (7, "conference", (Agent("1001"),))
    assert (call.sequel, call.is_survey_over) == (("consulted:1002",), True)
