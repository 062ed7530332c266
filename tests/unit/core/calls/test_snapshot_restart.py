"""A restart of the daemon in the middle changes no answer: what the store remembers and what
FreeSWITCH shows give the same conversation as the events did."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import World
from tests.unit.core.calls.daemons import a_daemon, answer, listen, restarted
from tests.unit.core.calls.reference_legs import Channel
from tests.unit.core.calls.reference_pbx import ReferencePbx
from tests.unit.core.calls.switchboard import USERS

# Stories: what the PBX does, and whom each agent has in the end


def rings(pbx: ReferencePbx, user: str) -> Channel:
    """The telephone of that agent that rings."""
    return next(each for each in pbx.telephones(user) if each.dialler is not None)


def received(pbx: ReferencePbx, user: str = "1000", wires: int = 0) -> tuple[Channel, Channel]:
    caller = pbx.call_in()
    pbx.dial(caller, [(user, wires)])
    telephone = rings(pbx, user)
    pbx.pick_up_ringing(telephone)
    return caller, telephone


def dialled(pbx: ReferencePbx, user: str = "1000") -> tuple[Channel, Channel]:
    telephone = pbx.pick_up(user)
    pbx.dial(telephone, [("", 0)])
    (customer,) = telephone.dialling
    pbx.pick_up_ringing(customer)
    return customer, telephone


def over_wires(pbx: ReferencePbx) -> None:
    received(pbx, wires=2)


def held(pbx: ReferencePbx) -> None:
    pbx.hold(received(pbx)[1])


def held_with_a_second_call(pbx: ReferencePbx) -> None:
    held(pbx)
    second = pbx.pick_up("1000")
    pbx.dial(second, [("1001", 0)])
    pbx.pick_up_ringing(rings(pbx, "1001"))


def consulting(pbx: ReferencePbx) -> None:
    pbx.consult(received(pbx)[1], "1001")
    pbx.pick_up_ringing(rings(pbx, "1001"))


def consulting_who_rings(pbx: ReferencePbx) -> None:
    pbx.consult(received(pbx)[1], "1001")


def consulting_on_a_call_that_was_dialled(pbx: ReferencePbx) -> None:
    pbx.consult(dialled(pbx)[1], "1001")
    pbx.pick_up_ringing(rings(pbx, "1001"))


def consulting_who_rings_on_a_call_that_was_dialled(pbx: ReferencePbx) -> None:
    pbx.consult(dialled(pbx)[1], "1001")


def consulted_and_back(pbx: ReferencePbx) -> None:
    consulting(pbx)
    pbx.hang_up(pbx.telephones("1001")[0])


def handed_over(pbx: ReferencePbx) -> None:
    consulting(pbx)
    pbx.hang_up(pbx.telephones("1000")[0])


def transferred(pbx: ReferencePbx) -> None:
    caller, telephone = received(pbx)
    pbx.hang_up(telephone, goes_on=True)
    pbx.dial(caller, [("1001", 0)])
    pbx.pick_up_ringing(rings(pbx, "1001"))


def moved_away_from_a_telephone_that_stands(pbx: ReferencePbx) -> None:
    caller, telephone = received(pbx)
    telephone.variables["variable_fluxcc_standing"] = "true"
    second = pbx.pick_up("1001")
    pbx.answers(second)
    pbx.enter("1000", caller, telephone)
    pbx.leave_room(caller)
    pbx.take(second, caller)


def parked(pbx: ReferencePbx) -> None:
    caller, telephone = received(pbx)
    pbx.hang_up(telephone, goes_on=True)
    pbx.park(caller, "1000")


def with_a_partner(pbx: ReferencePbx) -> None:
    caller, telephone = received(pbx)
    pbx.hang_up(telephone, goes_on=True)
    pbx.dial(caller, [("", 0)])
    pbx.pick_up_ringing(caller.dialling[0])


def in_a_room(pbx: ReferencePbx) -> None:
    pbx.enter("1000", *received(pbx))


def in_a_room_with_a_supervisor_who_was_there_before_the_telephone(pbx: ReferencePbx) -> None:
    supervisor = pbx.pick_up("1002")
    pbx.answers(supervisor)
    in_a_room(pbx)
    pbx.enter("1000", supervisor)


def internal(pbx: ReferencePbx) -> None:
    caller = pbx.pick_up("1000")
    pbx.dial(caller, [("1001", 0)])
    pbx.pick_up_ringing(rings(pbx, "1001"))


def ringing(pbx: ReferencePbx) -> None:
    pbx.dial(pbx.call_in(), [("1000", 0), ("1001", 0)])


def early(pbx: ReferencePbx) -> None:
    caller = pbx.call_in()
    pbx.dial(caller, [("1000", 0)])
    pbx.early_media(caller.dialling[0])


NOBODY = "no-live-call"
Story = Callable[[ReferencePbx], object]
STORIES: list[tuple[Story, str, str, str]] = [
    (received, "trunk", NOBODY, NOBODY),
    (dialled, "trunk", NOBODY, NOBODY),
    (over_wires, "trunk", NOBODY, NOBODY),
    (held, "trunk", NOBODY, NOBODY),
    (held_with_a_second_call, "trunk", "station", NOBODY),
    (consulting, "trunk", "advice", NOBODY),
    (consulting_who_rings, "trunk", NOBODY, NOBODY),
    (consulting_on_a_call_that_was_dialled, "trunk", "advice", NOBODY),
    (consulting_who_rings_on_a_call_that_was_dialled, "trunk", NOBODY, NOBODY),
    (consulted_and_back, "trunk", NOBODY, NOBODY),
    (handed_over, NOBODY, "trunk", NOBODY),
    (transferred, NOBODY, "trunk", NOBODY),
    (moved_away_from_a_telephone_that_stands, NOBODY, "trunk", NOBODY),
    (parked, "trunk", NOBODY, NOBODY),
    (with_a_partner, NOBODY, NOBODY, NOBODY),
    (in_a_room, "trunk", NOBODY, NOBODY),
    (in_a_room_with_a_supervisor_who_was_there_before_the_telephone, "trunk", NOBODY, NOBODY),
    (internal, "station", "station", NOBODY),
    (ringing, NOBODY, NOBODY, NOBODY),
    (early, NOBODY, NOBODY, NOBODY),
]


def told(world: World, user: str) -> str:
    """Whom the agent has, in a word."""
    view, code = answer(world, user, "")
    if view is None:
        assert code is not None
        return code.value
    return "advice" if view.is_consulted else view.customer.rstrip("0123456789")


@pytest.mark.parametrize("has_outer", [True, False], ids=["whole table", "inner bridge only"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story[0].__name__)
def test_a_restart_changes_no_answer(story: tuple[Story, str, str, str], has_outer: bool) -> None:
    happens, *expected = story
    pbx = ReferencePbx()
    world = a_daemon(pbx)
    listen(pbx, [world])
    happens(pbx)
    assert [told(world, user) for user in USERS] == expected
    again = restarted(world, pbx, has_outer=has_outer)
    twice = restarted(again, pbx, has_outer=has_outer)
    for user in USERS:
        for call in ("", *(each.uuid for each in pbx.people())):
            was = answer(world, user, call)
            assert answer(again, user, call) == answer(twice, user, call) == was


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story[0].__name__)
def test_history_has_the_same_rows_when_all_is_over(story: tuple[Story, str, str, str]) -> None:
    pbx = ReferencePbx()
    worlds = [a_daemon(pbx)]
    listen(pbx, worlds)
    story[0](pbx)
    worlds.append(restarted(worlds[0], pbx, has_outer=True))
    while pbx.channels:
        pbx.hang_up(pbx.people()[0])
    rows = []
    for world in worlds:
        world.journal.flush()
        rows.append(world.store.calls)
    assert rows[0] == rows[1]
