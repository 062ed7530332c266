"""Daemons that hear a reference PBX, also such as were started in the middle.

Counterparts: ``reference_pbx``, ``test_any_sequence``, ``test_snapshot``.
"""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.domain.agents import read_agent
from fluxcc.domain.calls import Conversation, Direction
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.pbx import events
from fluxcc.pbx.events import Event
from tests.builders import World
from tests.unit.core.calls.reference_pbx import ReferencePbx
from tests.unit.core.calls.switchboard import USERS

Answer = tuple[Conversation | None, Code | None]


def a_daemon(pbx: ReferencePbx) -> World:
    """A daemon with everything provisioned, at the PBX's time."""
    world = World()
    world.clock.set(pbx.now)
    for entry in (
        *(Room(user) for user in USERS),
        Service("billing", "7000", "default"),
        Group("sales", has_survey=True),
    ):
        world.provisioning.put(entry)
    return world


def hear(world: World, event: Event) -> None:
    """The daemon's intake, as far as it is about legs."""
    if event.name != events.CUSTOM:
        world.handle(event)
    elif event.action == events.JOINED:
        world.tracker.leg_joined(event)
    else:
        world.tracker.leg_left(event)


def restarted(world: World, pbx: ReferencePbx, *, has_outer: bool) -> World:
    """The daemon is killed and started: only what the store and the PBX know is left."""
    world.journal.flush()
    live = [call for call in world.store.calls.values() if call.ended is None]
    new = a_daemon(pbx)
    new.store.calls.update(world.store.calls)
    new.snapshots.restore(live)
    described = pbx.describe().items()
    new.snapshots.resync(pbx.snapshot(has_outer=has_outer), frozenset(), described)
    return new


def answer(world: World, user: str, call: str, *, by_operator: bool = False) -> Answer:
    """What is meant, and how the asker sees it; or why nothing is."""
    try:
        view = world.views.find(read_agent(user), call, by_operator=by_operator)[1]
    except RefusedError as error:
        return None, error.code
    if view.direction == Direction.INTERNAL:
        # Of two telephones, neither of which dialled, either may have begun.
        view = replace(view, started=0)
    return view, None


def listen(pbx: ReferencePbx, worlds: list[World]) -> None:
    """Let these daemons hear what the PBX tells, at its time; more may be added to the list."""

    def ear(event: Event) -> None:
        for world in worlds:
            world.clock.set(pbx.now)
            hear(world, event)

    pbx.ears.append(ear)
