"""What FreeSWITCH must show before a conference or a transfer is ``ok``."""

from __future__ import annotations

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.applications import Application
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Room
from fluxcc.domain.requests import Reply
from tests.builders import World, a_request
from tests.unit.core.requests.moves import (
    BILLING,
    confer,
    joins,
    set_up,
    transfer,
)


def test_a_conference_is_joined_when_both_are_in_the_agents_room(world: World) -> None:
    reply = confer(world, customer="1000", telephone="1000")
    assert (reply.status, reply.code) == (Status.OK, Code.CONFERENCE_JOINED)
    assert world.story == [
        "write audit requested",
        "disarm customer",
        "move telephone and its partner to *1000 in default",
        "write audit ok",
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


@pytest.mark.parametrize(
    ("wait", "code"), [(0.0, "conference-not-joined"), (20.0, "conference-joined")]
)
def test_a_room_that_greets_is_waited_for_as_long_as_it_was_given(
    world: World, wait: float, code: str
) -> None:
    set_up(world, Room("1000", is_served_by_pbx=True, wait=wait))
    began = world.clock.monotonic()

    def let_in_after_15_s() -> None:
        if world.clock.monotonic() - began > 15:
            for leg in ("customer", "telephone"):
                joins(world, leg, "greeting")

    world.pbx.on_flush = let_in_after_15_s
    assert world.ask(a_request(Action.CONFERENCE)).code == code


def test_nobody_is_waited_for_once_one_has_hung_up_during_the_greeting(world: World) -> None:
    set_up(world, Room("1000", is_served_by_pbx=True, wait=60.0))
    world.pbx.on_move = lambda leg, destination: world.hung_up("customer")
    before = world.clock.monotonic()
    assert world.ask(a_request(Action.CONFERENCE)).code is Code.CONFERENCE_NOT_JOINED
    assert world.clock.monotonic() - before < 1


def test_a_transfer_is_done_when_the_destination_has_the_customer(world: World) -> None:
    reply = transfer(world, arrives=True)
    assert (reply.status, reply.code) == (Status.OK, Code.TRANSFERRED)
    assert world.story == [
        "write audit requested",
        "disarm customer",
        "move customer to 7001 in default",
        "end telephone NORMAL_CLEARING",
        "write audit ok",
    ]
    assert world.agent_calls("1000") == []
    assert len(world.tracker.calls) == 1


@pytest.mark.parametrize("cause", ["NO_ROUTE_DESTINATION", "USER_NOT_REGISTERED"])
def test_a_destination_that_is_not_there_is_told_to_the_agent(world: World, cause: str) -> None:
    """``uuid_transfer`` said +OK, and 2 ms later the customer was hung up."""
    reply = transfer(world, cause)
    assert (reply.status, reply.code) == (Status.FAILED, Code.DESTINATION_REJECTED)


def test_a_destination_that_turns_out_not_to_want_the_customer_is_told_too(world: World) -> None:
    assert transfer(world, "NO_ROUTE_DESTINATION", arrives=True).code is Code.DESTINATION_REJECTED


# A dialplan that only prepared


@pytest.mark.parametrize("application", ["set", "log", "answer", "sleep", "eval", "hangup", ""])
def test_a_dialplan_that_only_prepared_and_ended_has_not_taken_it(
    world: World, application: str
) -> None:
    reply = transfer(world, "NORMAL_CLEARING", application=application, by="send_bye")
    assert (reply.status, reply.code) == (Status.FAILED, Code.DESTINATION_REJECTED)


@pytest.mark.parametrize("by", ["recv_bye", "recv_cancel"])
def test_a_customer_who_hung_up_meanwhile_was_not_rejected(world: World, by: str) -> None:
    assert transfer(world, "NORMAL_CLEARING", application="sleep", by=by).code is Code.TRANSFERRED


def test_it_is_waited_for_who_hung_up(world: World) -> None:
    """The hangup does not tell yet (``LegFact.GONE``)."""
    set_up(world, BILLING)
    last = {"Hangup_Cause": "NORMAL_CLEARING", "variable_current_application": "sleep"}

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        world.hear("CHANNEL_HANGUP", "customer", **last)

    def destroy() -> None:
        by = {"variable_sip_hangup_disposition": "recv_bye"}
        world.hear("CHANNEL_DESTROY", "customer", **last, **by)

    world.pbx.on_move, world.pbx.on_flush = move, destroy
    assert world.ask(a_request(Action.TRANSFER, service="billing")).code is Code.TRANSFERRED


@pytest.mark.parametrize(
    ("application", "cause"),
    [
        ("bridge", "USER_BUSY"),
        ("bridge", "NO_ANSWER"),
        ("hangup", "USER_BUSY"),
        ("playback", "NORMAL_CLEARING"),
        ("lua", "NORMAL_CLEARING"),
        ("one that nobody knows", "NORMAL_CLEARING"),
    ],
)
def test_one_that_is_busy_or_talked_and_ended_has_taken_it(
    world: World, application: str, cause: str
) -> None:
    reply = transfer(world, cause, application=application, by="send_bye")
    assert reply.code is Code.TRANSFERRED


def executes(world: World, *steps: tuple[float, Application], cause: str = "") -> Reply:
    """The reply to a transfer whose destination executes each of these from that second on, the
    last one to the end or, with a cause, for a second longer."""
    set_up(world, BILLING)
    began: list[float] = []

    def move(leg: str, destination: str) -> None:
        began.append(world.clock.monotonic())
        world.unbridged("customer", "telephone")
        world.pbx.places[leg] = destination

    def go_on() -> None:
        waited = world.clock.monotonic() - began[0] if began else -1.0
        for second, application in steps:
            if waited >= second:
                world.pbx.applications["customer"] = application
        if cause and waited > steps[-1][0] + 1 and "customer" in world.tracker.legs:
            world.hung_up("customer", cause, steps[-1][1].name, "send_bye")

    world.pbx.applications["customer"] = Application("")
    world.pbx.on_move, world.pbx.on_flush = move, go_on
    reply = world.ask(a_request(Action.TRANSFER, service="billing"))
    assert world.clock.monotonic() - began[0] < 2.1
    return reply


SLEEP, SET = Application("sleep", "1000"), Application("set", "a=b")
LONG_SLEEP, PLAYBACK = Application("sleep", "9000"), Application("playback", "hello.wav")


def test_what_comes_after_a_pause_is_waited_for(world: World) -> None:
    assert executes(world, (0, SLEEP), (1, PLAYBACK)).code is Code.TRANSFERRED


def test_a_pause_and_then_nothing_is_a_rejection(world: World) -> None:
    assert executes(world, (0, SLEEP), cause="NORMAL_CLEARING").code is Code.DESTINATION_REJECTED


def test_at_the_time_out_whatever_has_the_leg_decides(world: World) -> None:
    assert executes(world, (0, LONG_SLEEP)).code is Code.DESTINATION_REJECTED


def test_it_decides_too_where_it_has_it_since_a_moment_ago(world: World) -> None:
    assert executes(world, (0, LONG_SLEEP), (1.95, PLAYBACK)).code is Code.TRANSFERRED


def test_one_that_had_it_for_less_than_the_grace_time_has_not_taken_it(world: World) -> None:
    """A playback of a file that is not there, and a pause."""
    steps = ((0.0, PLAYBACK), (0.02, LONG_SLEEP))
    assert executes(world, *steps).code is Code.DESTINATION_REJECTED


@pytest.mark.parametrize("last", [SET, SLEEP])
def test_one_that_is_shown_for_longer_than_it_takes_was_run_by_a_script(
    world: World, last: Application
) -> None:
    """A survey's script that executed ``set`` shows it as long as it runs."""
    assert executes(world, (0, last)).code is Code.TRANSFERRED


def test_the_agent_of_a_rejected_transfer_is_free_also_where_the_customer_is_still_there(
    world: World,
) -> None:
    executes(world, (0, LONG_SLEEP))
    assert "end telephone NORMAL_CLEARING" in world.story


def test_a_transfer_that_is_neither_taken_nor_turned_away_failed(world: World) -> None:
    set_up(world, BILLING)
    reply = world.ask(a_request(Action.TRANSFER, service="billing"))
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
