"""``conference``, ``transfer`` and ``hangup`` carried out, and what they leave alone."""

from __future__ import annotations

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.media import Media
from fluxcc.domain.provisioning import Room
from tests.builders import NUMBER, World, a_request, an_operators
from tests.unit.core.requests.hangups import PRANK
from tests.unit.core.requests.moves import (
    BILLING,
    SURVEY_ON,
    confer,
    go_to_survey,
    set_up,
)


def test_a_room_that_was_not_provisioned_moves_nobody(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.CONFERENCE)).code is Code.ROOM_NOT_PROVISIONED
    assert world.story == []


def test_a_room_with_another_person_in_it_moves_nobody(world: World) -> None:
    set_up(world, Room("1000"))
    world.pbx.members["1000"] = frozenset({"visitor"})
    assert world.ask(a_request(Action.CONFERENCE)).code is Code.ROOM_OCCUPIED
    assert world.story == []


def test_media_is_brought_back_before_anything_else_is_done(world: World) -> None:
    world.pbx.media["telephone"] = Media.PAST
    assert confer(world, customer="1000", telephone="1000").code is Code.CONFERENCE_JOINED
    assert world.story[1:4] == [
        "bring the media of telephone back",
        "disarm customer",
        "move telephone and its partner to *1000 in default",
    ]


def test_media_that_does_not_come_back_moves_nobody(world: World) -> None:
    world.pbx.media["telephone"] = Media.PAST
    world.pbx.rejected.add("bring_media_back")
    assert confer(world).code is Code.PBX_REJECTED
    assert not [line for line in world.story if line.startswith(("move", "disarm"))]


def test_a_transfer_that_moved_nobody_leaves_the_agent_with_the_customer(world: World) -> None:
    """``Plan.afterwards``: what is done once it is confirmed."""
    set_up(world, BILLING)
    world.ask(a_request(Action.TRANSFER, service="billing"))
    assert len(world.agent_calls("1000")) == 1


def test_an_unknown_service_moves_nobody(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.TRANSFER, service="x")).code is Code.UNKNOWN_SERVICE
    assert world.story == []


def test_without_a_survey_the_call_ends(world: World) -> None:
    set_up(world)
    assert world.ask(a_request(Action.HANGUP)).code is Code.ENDED
    assert not world.tracker.calls
    assert world.story == [
        "write audit requested",
        "disarm customer",
        "end customer NORMAL_CLEARING",
        "end telephone NORMAL_CLEARING",
        "write audit ok",
    ]
    assert world.pbx.gate == {}


def test_with_the_survey_on_the_customer_goes_there_and_the_agent_is_freed(world: World) -> None:
    set_up(world, SURVEY_ON)
    go_to_survey(world)
    assert world.ask(a_request(Action.HANGUP)).code is Code.SURVEY_STARTED
    assert world.agent_calls("1000") == []
    assert world.pbx.briefed["customer"]["number"] == NUMBER
    assert world.story == [
        "write audit requested",
        "disarm customer",
        "brief customer",
        "move customer to *28 in default",
        "end telephone NORMAL_CLEARING",
        "write audit ok",
    ]


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
    assert world.story == PRANK


def test_after_a_transfer_no_survey_starts_any_more(world: World) -> None:
    set_up(world, SURVEY_ON, BILLING)
    world.pbx.armed["customer"] = "*28"
    go_to_survey(world)
    assert world.ask(a_request(Action.TRANSFER, service="billing")).code is Code.TRANSFERRED
    assert world.pbx.armed == {}
    reply = world.ask(an_operators(Action.HANGUP, call="customer"))
    assert reply.code is Code.ENDED
