"""Rooms of two SIP domains are two, also where they were provisioned for all (contract, section
8)."""

from __future__ import annotations

import pytest

from fluxcc.core.publisher import Published
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import Room
from tests.builders import World

A, B = Agent("1000", "a.example"), Agent("1000", "b.example")


@pytest.fixture
def world() -> World:
    world = World()
    world.publisher.publish_all()
    return world


def test_with_one_domain_a_room_has_no_domain(world: World) -> None:
    world.domains.see(A)
    world.provisioning.put(Room("1000"))
    assert world.pbx.rooms == {"*1000": "1000"}


def test_with_several_each_domain_that_has_the_extension_has_its_own(world: World) -> None:
    world.domains.see(A)
    world.domains.see(B)
    world.domains.see(Agent("1001", "b.example"))
    world.provisioning.put(Room("1000"))
    world.provisioning.put(Room("1001"))
    assert world.pbx.rooms == {
        "*1000": "1000",
        "*1000@a.example": "1000@a.example",
        "*1000@b.example": "1000@b.example",
        "*1001": "1001",
        "*1001@b.example": "1001@b.example",
    }


def test_a_room_of_one_domain_is_that_ones_only(world: World) -> None:
    world.domains.see(A)
    world.domains.see(B)
    world.provisioning.put(Room("1000", domain="a.example"))
    assert world.pbx.rooms == {"*1000@a.example": "1000@a.example"}
    assert world.provisioning.find_room(B) is None


def test_the_second_domain_gives_the_first_one_rooms_of_its_own_too(world: World) -> None:
    world.domains.see(A)
    world.provisioning.put(Room("1000"))
    world.domains.see(Agent("2000", "b.example"))
    assert "*1000@a.example" in world.pbx.rooms


def test_an_agent_who_appears_later_gets_a_room_in_the_own_domain(world: World) -> None:
    world.domains.see(A)
    world.domains.see(Agent("2000", "b.example"))
    world.provisioning.put(Room("1000"))
    assert "*1000@b.example" not in world.pbx.rooms
    world.domains.see(B)
    assert world.pbx.rooms["*1000@b.example"] == "1000@b.example"


def test_what_freeswitch_does_not_take_is_published_with_the_rest(world: World) -> None:
    world.domains.see(A)
    world.provisioning.put(Room("1000"))
    world.pbx.broken.add("publish_rooms")
    world.domains.see(Agent("2000", "b.example"))
    assert world.publisher.state is Published.NOTHING
    world.pbx.broken.clear()
    world.publisher.repair()
    assert "*1000@a.example" in world.pbx.rooms


def test_a_removed_room_closes_in_every_domain_but_where_another_one_stays(world: World) -> None:
    world.domains.see(A)
    world.domains.see(B)
    world.provisioning.put(Room("1000"))
    world.provisioning.put(Room("1000", domain="a.example"))
    world.provisioning.drop(Room("1000"))
    assert world.pbx.rooms == {"*1000@a.example": "1000@a.example"}


def test_a_room_that_could_not_be_closed_is_closed_after_the_next_connect(world: World) -> None:
    world.provisioning.put(Room("1000"))
    world.pbx.broken.add("withdraw_rooms")
    with pytest.raises(PbxError):
        world.provisioning.drop(Room("1000"))
    world.pbx.broken.clear()
    world.provisioning.publish_all()
    assert world.pbx.rooms == {}
