"""Calls between extensions, as each of those on them sees them."""

from __future__ import annotations

from fluxcc.domain.calls import Direction
from tests.builders import World
from tests.unit.core.calls.stories import (
    join_room,
    leave_room,
    refusal,
    seen,
    station_dials,
    talks_to_colleague,
)


def test_the_third_who_is_asked_for_advice_has_only_the_own_leg(world: World) -> None:
    """Colleague 1001 asks 1002 inside the bridge to agent 1000."""
    talks_to_colleague(world)
    world.telephone_rings("third", "1002", "colleague")
    world.bridged("colleague", "third", variable_soft_holding_uuid="second line")
    view = seen(world, "1002")
    assert (view.customer, view.agent_leg, view.is_consulted) == ("third", "", True)
    assert (view.number, view.direction) == ("1001", Direction.INTERNAL)


def test_who_asks_the_third_sees_them(world: World) -> None:
    talks_to_colleague(world)
    world.telephone_rings("third", "1002", "colleague")
    world.bridged("colleague", "third", variable_soft_holding_uuid="second line")
    assert (seen(world, "1001").customer, seen(world, "1001").agent_leg) == ("third", "colleague")


def test_whom_a_colleague_asks_is_not_ended_with_the_customers_call(world: World) -> None:
    world.received_call()
    talks_to_colleague(world)
    world.telephone_rings("third", "1002", "colleague")
    world.bridged("colleague", "third", variable_soft_holding_uuid="second line")
    assert set(seen(world).consulted) == {"second line", "colleague"}


def test_who_is_asked_on_another_line_leaves_the_asker_alone(world: World) -> None:
    """The asker has somebody waiting."""
    world.received_call()
    station_dials(world, "asker", "1001")
    world.telephone_rings("waiting", "1002", "asker")
    world.bridged("asker", "waiting")
    world.telephone_rings("second line", "1000", "asker")
    world.bridged("asker", "second line", variable_soft_holding_uuid="waiting")
    assert seen(world).consulted == ("second line",)


def test_one_who_is_left_alone_in_a_room_talks_to_nobody(world: World) -> None:
    talks_to_colleague(world)
    world.unbridged("second line", "colleague")
    join_room(world, "second line", "colleague")
    assert (seen(world).customer, seen(world, "1001").customer) == ("colleague", "second line")
    leave_room(world, "colleague")
    assert refusal(world) == refusal(world, "1001") == "no-live-call"
