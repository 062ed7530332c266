"""FreeSWITCH's part in a conference, a transfer and a survey, as tests play it."""

from __future__ import annotations

from collections.abc import Callable

from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Entry, Group, Room, Service
from fluxcc.domain.requests import Reply
from tests.builders import World, a_request, an_event, an_operators

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


def confer(world: World, **where: str) -> Reply:
    """The reply to a conference in which each leg enters that room."""
    set_up(world, Room("1000"))

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        for moved, room in where.items():
            joins(world, moved, room)

    world.pbx.on_move = move
    return world.ask(a_request(Action.CONFERENCE))


def transfer(
    world: World,
    cause: str = "",
    arrives: bool = False,
    is_answered: bool = False,
    application: str = "bridge",
    by: str = "",
    meanwhile: Callable[[str, str], None] = lambda leg, destination: None,
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
            world.hung_up(leg, cause, application, by)
        meanwhile(leg, destination)

    world.pbx.on_move = move
    return world.ask(a_request(Action.TRANSFER, service="billing"))


def go_to_survey(world: World) -> None:
    """Let the survey take whoever is sent there."""

    def move(leg: str, destination: str) -> None:
        world.unbridged("customer", "telephone")
        world.pbx.places[leg] = destination

    world.pbx.on_move = move


def follow_ups(world: World) -> list[str]:
    """What became of the calls, as the audit says."""
    world.journal.flush()
    return [row.sequel for row in world.store.audit.values() if row.sequel]
