"""What FreeSWITCH must show before a conference or a transfer is ``ok``."""

from __future__ import annotations

import pytest

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Room
from tests.builders import World, a_request
from tests.unit.core.requests.moves import (
    BILLING,
    confer,
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


def test_a_transfer_that_is_neither_taken_nor_turned_away_failed(world: World) -> None:
    set_up(world, BILLING)
    reply = world.ask(a_request(Action.TRANSFER, service="billing"))
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
