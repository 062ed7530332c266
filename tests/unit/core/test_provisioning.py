"""What supervisors set: known to FreeSWITCH, kept in the store, known again in a new life."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.domain.actions import Action
from fluxcc.domain.agents import Agent
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Room
from tests.builders import World, an_operators
from tests.unit.core.requests.moves import (
    BILLING,
    SURVEY_ON,
    set_up,
)


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
    assert later.provisioning.find_room(Agent("1000")) == Room("1000")


A, B = "a.example", "b.example"


def test_the_domains_own_entry_wins_and_that_of_all_is_for_the_others(world: World) -> None:
    own_group, own_service = replace(SURVEY_ON, domain=A, questions=3), replace(BILLING, domain=A)
    set_up(world, SURVEY_ON, own_group, BILLING, own_service, Room("1000"))
    found = world.provisioning
    assert [found.find_group("sales", domain) for domain in (A, B, "")] == [
        own_group,
        SURVEY_ON,
        SURVEY_ON,
    ]
    assert [found.find_service("billing", domain) for domain in (A, B, "")] == [
        own_service,
        BILLING,
        BILLING,
    ]
    assert found.find_room(Agent("1000", A)) == Room("1000")
