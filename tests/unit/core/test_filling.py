"""Old records get their persons in small steps, and nothing of that ends the daemon."""

from __future__ import annotations

import pytest

from fluxcc.core.filling import FIRST_AFTER, IDLE, PAUSE, RETRY_AFTER, Filling
from fluxcc.domain.persons import Filled
from fluxcc.domain.retention import RecordKind
from tests.builders import World

CALLS = (RecordKind.CALLS,)


@pytest.fixture
def filling(world: World) -> Filling:
    """After the daemon's start."""
    world.clock.step(FIRST_AFTER)
    return world.filling


def test_calls_come_before_old_records(world: World) -> None:
    assert world.filling.step() == FIRST_AFTER
    assert not [line for line in world.story if line.startswith("fill")]


def test_it_goes_in_steps_between_which_others_write(world: World, filling: Filling) -> None:
    world.store.filled = [Filled(200, CALLS, 5.0), Filled(200, CALLS, 6.0), Filled(7, ())]
    assert [filling.step() for _ in range(3)] == [PAUSE, PAUSE, IDLE]
    assert (filling.rows, filling.unread, filling.reached) == (407, (), None)


def test_it_is_told_how_far_it_is(world: World, filling: Filling) -> None:
    world.store.filled = [Filled(200, CALLS, 5.0)]
    filling.step()
    assert (filling.unread, filling.reached) == (CALLS, 5.0)


def test_the_store_is_left_alone_once_all_is_read(world: World, filling: Filling) -> None:
    filling.step()
    filling.step()
    assert len([line for line in world.story if line.startswith("fill")]) == 1


def test_another_reading_and_another_store_begin_it_anew(world: World, filling: Filling) -> None:
    filling.step()
    world.persons.reading = "another"
    filling.step()
    world.store.recreated += 1
    filling.step()
    assert len([line for line in world.story if line.startswith("fill")]) == 3


def test_a_store_that_cannot_be_used_is_tried_again_later(world: World, filling: Filling) -> None:
    world.store.failure = "the disk is full"
    assert filling.step() == RETRY_AFTER
    world.store.failure = ""
    assert filling.step() == IDLE


def test_an_unexpected_error_does_not_end_the_daemon(
    world: World, filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.store, "fill", lambda limit: 1 / 0)
    assert filling.step() == RETRY_AFTER
