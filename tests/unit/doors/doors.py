"""The operators' door of a world, and the users of the machine who come to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fluxcc.domain.provisioning import User, UserRole
from fluxcc.doors.askers import Askers
from fluxcc.doors.feed import Feed
from fluxcc.doors.operators import OperatorsDoor, Reading
from fluxcc.doors.readings import Readings
from fluxcc.doors.watch import Watch
from tests.builders import World
from tests.fakes import NOW

MARIA, WEB, DAEMON = 501, 502, 503
"""User IDs of an operator, of the web process, and of the daemon."""
NAMES = {MARIA: "maria", WEB: "fluxcc-web", DAEMON: "fluxcc"}
A, B = "a.example", "b.example"
USERS = (
    User("eva", UserRole.ADMIN),
    User("ana", UserRole.SUPERVISOR),
    User("bia", UserRole.SUPERVISOR, domain=A),
    User("carla", UserRole.AGENT, "1000"),
    User("davi", UserRole.VIEWER),
)


class Session:
    """A link that is there."""

    connects = resyncs = waiting = dropped = 1
    connected_since: float | None = NOW
    has_tables = is_connected = True
    refusal = loss = ""


class Intake:
    """Events that came."""

    handled = undecodable = 0
    lag = 0.0


def readings_of(world: World) -> Readings:
    """What is asked of a world."""
    return Readings(world, Session(), Intake(), lambda: "pbx1", lambda: 0.0)


def a_feed(world: World) -> Feed:
    """The lines of a world."""
    return Feed(world, readings_of(world).state, NOW)


def a_door(
    world: World, path: Path, readings: Mapping[str, Reading] | None = None
) -> OperatorsDoor:
    """The door of a world. Users of the machine who are not named are Maria."""
    askers = Askers(
        world.provisioning.find_account, "fluxcc-web", lambda user: NAMES.get(user, "maria"), DAEMON
    )
    state = readings_of(world).state
    return OperatorsDoor(
        path,
        world.executor,
        readings_of(world).by_name() if readings is None else readings,
        lambda: world.pbx.is_connected,
        askers,
        Watch(world, a_feed(world), state),
    )


def with_users(world: World) -> World:
    """The world with some users of the page."""
    for user in USERS:
        world.provisioning.put(user)
    return world
