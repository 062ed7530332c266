"""``conference``, ``transfer`` and ``hangup`` carried out: what FreeSWITCH must show for ``ok``."""

from __future__ import annotations

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Entry, Group, Room, Service, Trigger
from fluxcc.domain.requests import Reply
from tests.builders import NUMBER, OTHER, World, a_request, an_event, an_operators

SURVEY_ON = Group("sales", has_survey=True)
BILLING = Service("billing", "7001")


def set_up(world: World, *entries: Entry) -> None:
    """A call that talks, after a supervisor set these."""
    for entry in entries:
        world.ask(an_operators(Action.SET, entry=entry))
    world.received_call()
    world.story.clear()


def joins(world: World, leg: str, room: str) -> None:
    """A leg enters a conference."""
    world.tracker.leg_joined(an_event("CUSTOM", leg, Conference_Name=room))


def follow_ups(world: World) -> list[str]:
    """What became of the calls, as the audit says."""
    world.journal.flush()
    return [row.sequel for row in world.store.audit.values() if row.sequel]


# conference


def confer(world: World, **where: str) -> Reply:
    """The reply to a conference in which each leg enters that room."""
    set_up(world, Room("1000"))

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        for moved, room in where.items():
            joins(world, moved, room)

    world.pbx.on_move = move
    return world.ask(a_request(Action.CONFERENCE))


def test_a_conference_is_joined_when_both_are_in_the_agents_room(world: World) -> None:
    reply = confer(world, customer="1000", telephone="1000")
    assert (reply.status, reply.code) == (Status.OK, Code.CONFERENCE_JOINED)
    assert world.story[1:3] == [
        "disarm customer",
        "move telephone and its partner to *1000 in default",
    ]


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"customer": "1000"},
        {"telephone": "1000"},
        {"customer": "1000", "telephone": "1001"},
        {"customer": "9999", "telephone": "9999"},
    ],
)
def test_one_alone_or_another_room_is_not_joined(world: World, where: dict[str, str]) -> None:
    reply = confer(world, **where)
    assert (reply.status, reply.code) == (Status.FAILED, Code.CONFERENCE_NOT_JOINED)


def test_who_hangs_up_on_the_way_did_not_join(world: World) -> None:
    set_up(world, Room("1000"))
    world.pbx.on_move = lambda leg, destination: world.hung_up("customer")
    before = world.clock.monotonic()
    assert world.ask(a_request(Action.CONFERENCE)).code is Code.CONFERENCE_NOT_JOINED
    assert world.clock.monotonic() - before < 1


def test_a_room_that_was_not_provisioned_moves_nobody(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.CONFERENCE)).code is Code.ROOM_NOT_PROVISIONED
    assert not [line for line in world.story if line.startswith("move")]


# transfer


def transfer(
    world: World, cause: str = "", arrives: bool = False, is_answered: bool = False
) -> Reply:
    """The reply to a transfer that the destination takes, or that ends with a cause."""
    set_up(world, BILLING)

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        world.hung_up("telephone")
        if arrives:
            world.pbx.places[leg] = destination
        if is_answered:
            world.telephone_rings("colleague", "1001")
            world.bridged("customer", "colleague")
        if cause:
            world.hung_up(leg, cause)

    world.pbx.on_move = move
    return world.ask(a_request(Action.TRANSFER, service="billing"))


def test_a_transfer_is_done_when_the_destination_has_the_customer(world: World) -> None:
    reply = transfer(world, arrives=True)
    assert (reply.status, reply.code) == (Status.OK, Code.TRANSFERRED)
    assert "move customer to 7001 in default" in world.story
    assert world.tracker.agent_calls("1000") == []
    assert len(world.tracker.calls) == 1


@pytest.mark.parametrize("cause", ["NO_ROUTE_DESTINATION", "USER_NOT_REGISTERED"])
def test_a_destination_that_is_not_there_is_told_to_the_agent(world: World, cause: str) -> None:
    """``uuid_transfer`` said +OK, and 2 ms later the customer was hung up."""
    reply = transfer(world, cause)
    assert (reply.status, reply.code) == (Status.FAILED, Code.DESTINATION_REJECTED)


def test_a_destination_that_turns_out_not_to_want_the_customer_is_told_too(world: World) -> None:
    assert transfer(world, "NO_ROUTE_DESTINATION", arrives=True).code is Code.DESTINATION_REJECTED


@pytest.mark.parametrize(
    ("cause", "sequel"),
    [("USER_BUSY", "busy"), ("NO_ANSWER", "ended:NO_ANSWER")],
)
def test_a_service_that_does_not_answer_was_there(world: World, cause: str, sequel: str) -> None:
    assert transfer(world, cause).code is Code.TRANSFERRED
    assert follow_ups(world) == [sequel]


def test_a_transfer_that_is_neither_taken_nor_turned_away_failed(world: World) -> None:
    set_up(world, BILLING)
    reply = world.ask(a_request(Action.TRANSFER, service="billing"))
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)


def test_a_transfer_that_moved_nobody_leaves_the_agent_with_the_customer(world: World) -> None:
    """``Plan.afterwards``: what is done once it is confirmed."""
    set_up(world, BILLING)
    world.ask(a_request(Action.TRANSFER, service="billing"))
    assert len(world.tracker.agent_calls("1000")) == 1


def test_the_audit_says_who_answered_a_transferred_call(world: World) -> None:
    transfer(world, arrives=True)
    assert follow_ups(world) == []
    world.telephone_rings("colleague", "1001")
    world.bridged("customer", "colleague")
    assert follow_ups(world) == ["answered:1001"]
    world.hung_up("customer")
    assert follow_ups(world) == ["answered:1001"]


def test_the_audit_says_so_where_the_colleague_was_quicker_than_the_reply(world: World) -> None:
    transfer(world, arrives=True, is_answered=True)
    assert follow_ups(world) == ["answered:1001"]


def test_an_unknown_service_moves_nobody(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.TRANSFER, service="x")).code is Code.UNKNOWN_SERVICE
    assert not [line for line in world.story if line.startswith("move")]


# hangup


def test_without_a_survey_the_call_ends(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.HANGUP)).code is Code.ENDED
    assert not world.tracker.calls
    assert world.pbx.gate == {}


def go_to_survey(world: World) -> None:
    """Let the survey take whoever is sent there."""

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        world.pbx.places[leg] = destination

    world.pbx.on_move = move


def test_with_the_survey_on_the_customer_goes_there_and_the_agent_is_freed(world: World) -> None:
    set_up(world, SURVEY_ON)
    go_to_survey(world)
    assert world.ask(a_request(Action.HANGUP)).code is Code.SURVEY_STARTED
    assert world.tracker.agent_calls("1000") == []
    assert world.pbx.briefed["customer"]["number"] == NUMBER
    assert world.story.index("brief customer") < world.story.index(
        "move customer to *28 in default"
    )


def test_the_survey_comes_only_once(world: World) -> None:
    set_up(world, SURVEY_ON)
    go_to_survey(world)
    world.ask(a_request(Action.HANGUP))
    reply = world.ask(an_operators(Action.HANGUP, call="customer"))
    assert reply.code is Code.ENDED


def test_a_prank_never_reaches_a_survey(world: World) -> None:
    """Even where one is armed (contract, section 1)."""
    set_up(world, SURVEY_ON)
    world.pbx.armed["customer"] = "*28"
    world.ask(a_request())
    assert world.pbx.armed == {}
    assert not [line for line in world.story if line.startswith("move")]


def test_after_a_transfer_no_survey_starts_any_more(world: World) -> None:
    set_up(world, SURVEY_ON, BILLING)
    world.pbx.armed["customer"] = "*28"
    go_to_survey(world)
    assert world.ask(a_request(Action.TRANSFER, service="billing")).code is Code.TRANSFERRED
    assert world.pbx.armed == {}
    reply = world.ask(an_operators(Action.HANGUP, call="customer"))
    assert reply.code is Code.ENDED


# the survey armed for a telephone's hangup


def arm(world: World, trigger: Trigger) -> None:
    """A call of a group with that trigger is bridged."""
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=True, trigger=trigger)))
    world.received_call()


def test_with_the_trigger_any_the_survey_is_armed_on_the_customers_leg(world: World) -> None:
    arm(world, Trigger.ANY)
    assert world.pbx.armed == {"customer": "*28"}
    assert world.pbx.briefed["customer"]["agent"] == "1000"


def test_with_the_trigger_board_nothing_is_armed(world: World) -> None:
    arm(world, Trigger.BOARD)
    assert world.pbx.armed == {}


@pytest.mark.parametrize("method", ["brief_leg", "arm_survey"])
def test_a_survey_that_freeswitch_did_not_answer_is_armed_later(world: World, method: str) -> None:
    """Otherwise the customer would go without, and nobody would know."""
    world.pbx.broken.add(method)
    arm(world, Trigger.ANY)
    assert world.pbx.armed == {}
    world.surveys.settle_rest()
    assert not world.surveys.is_settled
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {"customer": "*28"}
    assert world.surveys.is_settled


@pytest.mark.parametrize("method", ["brief_leg", "arm_survey"])
def test_a_survey_that_freeswitch_refused_is_not_armed_again(world: World, method: str) -> None:
    """The leg has gone, and its end is on its way."""
    world.pbx.rejected.add(method)
    arm(world, Trigger.ANY)
    assert world.surveys.is_settled


def test_a_call_that_ended_meanwhile_has_no_survey_to_arm(world: World) -> None:
    world.pbx.broken.add("arm_survey")
    arm(world, Trigger.ANY)
    world.hung_up("telephone")
    world.hung_up("customer")
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {}
    assert world.surveys.is_settled


def test_a_survey_that_was_not_disarmed_is_disarmed_later(world: World) -> None:
    arm(world, Trigger.ANY)
    world.pbx.broken.add("disarm_survey")
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=False)))
    assert world.pbx.armed == {"customer": "*28"}
    world.pbx.broken.clear()
    world.surveys.settle_rest()
    assert world.pbx.armed == {}


def test_a_supervisors_change_counts_for_the_calls_that_are_up(world: World) -> None:
    arm(world, Trigger.ANY)
    world.received_call(OTHER, "1001", "other", "other telephone")
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=False)))
    assert world.pbx.armed == {}
    world.ask(an_operators(Action.SET, entry=Group("sales", has_survey=True, trigger=Trigger.ANY)))
    assert set(world.pbx.armed) == {"customer", "other"}


# what supervisors set


def test_a_room_is_known_to_the_dialplan_until_it_is_removed(world: World) -> None:
    assert world.ask(an_operators(Action.SET, entry=Room("1000"))).code is Code.SAVED
    assert world.pbx.rooms == {"*1000": "1000"}
    world.pbx.come_back()
    world.provisioning.publish_all()
    assert world.pbx.rooms == {"*1000": "1000"}
    assert world.ask(an_operators(Action.REMOVE, entry=Room("1000"))).code is Code.REMOVED
    assert world.pbx.rooms == {}
    assert world.store.settings == {}


def test_what_is_not_there_cannot_be_removed(world: World) -> None:
    reply = world.ask(an_operators(Action.REMOVE, entry=BILLING))
    assert (reply.status, reply.code) == (Status.REFUSED, Code.UNKNOWN_ENTRY)


def test_a_new_life_knows_what_was_set(world: World) -> None:
    set_up(world, SURVEY_ON, BILLING, Room("1000"))
    later = World()
    later.store.settings = world.store.settings
    later.recovery.step()
    assert later.provisioning.find_service("billing") == BILLING
    assert later.provisioning.find_group("sales") == SURVEY_ON
    assert later.provisioning.find_room("1000") == Room("1000")


# what customers answer


ANSWERS = {
    "Fluxcc-Survey": "s-1",
    "Fluxcc-Call": "customer",
    "Fluxcc-Number": NUMBER,
    "Fluxcc-Group": "sales",
    "Fluxcc-Agent": "1000",
    "Fluxcc-Direction": "received",
    "Fluxcc-Started": "1795000000.000",
    "Fluxcc-Offered": "1795000060",
    "Fluxcc-Questions": "2",
    "Fluxcc-Answer-1": "5",
}


def test_an_answer_that_comes_as_an_event_and_out_of_the_spool_is_one(world: World) -> None:
    world.surveys.note_answer(ANSWERS)
    world.spool.files["a"] = [ANSWERS, {**ANSWERS, "Fluxcc-Answer-2": "0"}]
    assert world.surveys.empty_spool() == 1
    (survey,) = world.store.surveys.values()
    assert survey.answers == (5, 0)
    assert world.spool.files == {}


def test_a_spool_is_only_emptied_onto_the_disk(world: World) -> None:
    world.spool.files["a"] = [ANSWERS]
    world.store.failure = "gone"
    assert world.surveys.empty_spool() == 0
    assert set(world.spool.files) == {"a"}


@pytest.mark.parametrize(
    "changes",
    [
        {"Fluxcc-Survey": ""},
        {"Fluxcc-Questions": "0"},
        {"Fluxcc-Questions": "4"},
        {"Fluxcc-Questions": "x"},
        {"Fluxcc-Answer-1": "11"},
        {"Fluxcc-Answer-1": "-1"},
        {"Fluxcc-Answer-1": "five"},
        {"Fluxcc-Started": "nan"},
        {"Fluxcc-Offered": "-1"},
    ],
)
def test_a_malformed_answer_is_kept_aside_and_stops_nobody(
    world: World, changes: dict[str, str]
) -> None:
    world.surveys.note_answer(ANSWERS | changes)
    world.spool.files["bad"] = [ANSWERS | changes]
    world.spool.files["good"] = [ANSWERS]
    world.surveys.empty_spool()
    assert world.spool.kept_aside == ["bad"]
    assert len(world.store.surveys) == 1
