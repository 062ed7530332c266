"""Blocks that grow on repeaters: what counts, and for how long."""

from __future__ import annotations

import pytest

from fluxcc.config import BlockSettings, NumberSettings, Settings
from fluxcc.config.values import Duration
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.domain.actions import Action
from fluxcc.domain.persons import Person
from tests.builders import NUMBER, OTHER, World, an_operators

DAY = 86400
STEPS = (1800, 7200, 86400)


@pytest.fixture
def world() -> World:
    """One in which blocks grow."""
    return World(
        Settings(
            numbers=NumberSettings(area_code="11"),
            blocks=BlockSettings(escalation=("30m", "2h", "24h"), memory=Duration(7 * DAY)),
        )
    )


def block(world: World, number: str = NUMBER, **more: object) -> tuple[int, int]:
    """Which block of this number it is, and how long it lasts; it is over then."""
    reply = world.ask(an_operators(Action.BLOCK, number=number, **more))
    assert reply.expires is not None
    lasts = reply.expires - int(world.clock.now())
    world.clock.step(lasts + 1)
    world.scheduler.step()
    assert not world.blocklist.blocks()
    return reply.nth, lasts


def test_each_block_lasts_longer_up_to_the_last_step(world: World) -> None:
    assert [block(world) for _ in range(4)] == [
        (1, STEPS[0]),
        (2, STEPS[1]),
        (3, STEPS[2]),
        (4, STEPS[2]),
    ]
    assert block(world, OTHER) == (1, STEPS[0])


def test_what_is_longer_ago_than_the_memory_does_not_count(world: World) -> None:
    block(world)
    world.clock.step(7 * DAY)
    assert block(world) == (1, STEPS[0])


def test_a_block_that_was_taken_back_does_not_count(world: World) -> None:
    """An operator takes back what was a mistake."""
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.clock.step(60)
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    world.journal.flush()
    assert world.store.block_times(0) == []
    assert block(world) == (1, STEPS[0])


def test_a_second_mark_renews_with_the_same_duration(world: World) -> None:
    """It is the same block."""
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.clock.step(60)
    reply = world.ask(an_operators(Action.BLOCK, number=NUMBER))
    assert (reply.code, reply.nth) == ("renewed", 1)
    assert reply.expires == int(world.clock.now()) + STEPS[0]


def test_an_operators_own_duration_wins_and_counts(world: World) -> None:
    assert block(world, duration=90) == (1, 90)
    assert block(world) == (2, STEPS[1])


def test_each_domain_counts_its_own(world: World) -> None:
    """A block of one domain refuses nobody in another."""
    block(world, domain="a.example")
    assert block(world, domain="b.example") == (1, STEPS[0])
    assert block(world, domain="a.example") == (2, STEPS[1])
    assert world.blocking.of_late(NUMBER) == 2


def test_a_restart_forgets_nothing(world: World) -> None:
    block(world)
    world.journal.flush()
    again = World(
        Settings(blocks=BlockSettings(escalation=("30m", "2h"), memory=Duration(7 * DAY)))
    )
    again.clock.set(world.clock.now())
    again.store.blocks = world.store.blocks
    assert again.recover()
    assert again.recover()
    assert block(again) == (2, 7200)


def test_off_as_delivered() -> None:
    world = World()
    assert [block(world) for _ in range(2)] == [(0, 1800), (0, 1800)]


def test_it_is_forgotten_with_the_person_and_with_time() -> None:
    repeaters = Repeaters(100)
    repeaters.load([(NUMBER, "", 10.0), (NUMBER, "", 50.0), (OTHER, "", 20.0)])
    repeaters.prune(115)
    assert (repeaters.count(NUMBER, "", 115), repeaters.count(OTHER, "", 115)) == (1, 1)
    repeaters.prune(130)
    assert repeaters.count(OTHER, "", 0) == 0
    repeaters.forget(Person(NUMBER, NUMBER, str))
    assert repeaters.most(NUMBER, 0) == 0
