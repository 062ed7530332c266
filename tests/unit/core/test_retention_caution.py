"""Nothing is deleted by a clock that may be wrong, nor far more than a usual day leaves."""

from __future__ import annotations

import pytest

from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch
from fluxcc.core.retention import FIRST_AFTER, PERIOD, RETRY_AFTER, Retention
from fluxcc.domain.clocks import LARGEST_DIFFERENCE
from fluxcc.domain.errors import ClockDoubtedError
from fluxcc.domain.retention import RecordKind
from tests.builders import World
from tests.fakes import NOW

from .test_retention import AGES, DAY, a_call, everything

AHEAD = 400 * DAY
"""A wrong clock at boot."""


@pytest.fixture
def retention(world: World) -> Retention:
    return Retention(world.store, world.journal, world.runtime, world.clock, AGES, MomentIds())


def calls(*days: int) -> Batch:
    """Ended calls that began so many days ago."""
    moments = [NOW - day * DAY for day in days]
    return Batch(calls=tuple(a_call(int(at * 1e6), at) for at in moments))


def test_nothing_is_deleted_while_the_clocks_differ(world: World, retention: Retention) -> None:
    world.store.write(everything(NOW - 91 * DAY))
    world.clock.set_pbx(NOW + AHEAD)
    world.clock.step(FIRST_AFTER)
    assert retention.step() == pytest.approx(RETRY_AFTER)
    assert len(world.store.calls) == 1
    assert retention.is_clock_doubted

    world.clock.set(NOW)
    world.clock.step(RETRY_AFTER)
    retention.step()
    assert not retention.is_clock_doubted
    assert not world.store.calls


@pytest.mark.parametrize("difference", [LARGEST_DIFFERENCE - 1, 1 - LARGEST_DIFFERENCE])
def test_a_record_must_be_too_old_by_both_clocks(
    world: World, retention: Retention, difference: float
) -> None:
    """FreeSWITCH's is ahead of the machine's by the difference."""
    age = AGES[RecordKind.CALLS]
    at = NOW + FIRST_AFTER - age + 1800 * (1 if difference > 0 else -1)
    world.store.write(Batch(calls=(a_call(int(at * 1e6), at),)))
    world.clock.set_pbx(NOW + difference)
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert not retention.is_clock_doubted
    assert len(world.store.calls) == 1


def test_far_more_than_a_usual_day_leaves_needs_a_person(
    world: World, retention: Retention
) -> None:
    world.store.write(calls(89, 80, 10, 1))
    # Both clocks are wrong: they agree.
    world.clock.set(NOW + AHEAD)
    world.clock.step(FIRST_AFTER)
    assert retention.step() == pytest.approx(PERIOD)
    assert len(world.store.calls) == 4
    assert retention.held == {RecordKind.CALLS: 1.0}
    assert retention.last_done is None


def test_what_is_held_goes_when_a_person_says_so(world: World, retention: Retention) -> None:
    world.store.write(calls(300, 200, 10))
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert len(world.store.calls) == 3
    assert retention.delete_overdue("operator:maria", "r1")[RecordKind.CALLS] == 2
    assert not retention.held
    world.journal.flush()
    (row,) = world.store.audit.values()
    assert (row.by, row.request) == ("operator:maria", "r1")


def test_a_person_cannot_say_so_while_the_clocks_differ(world: World, retention: Retention) -> None:
    world.store.write(calls(300))
    world.clock.set_pbx(NOW + AHEAD)
    with pytest.raises(ClockDoubtedError):
        retention.delete_overdue("operator:maria", "r1")
    assert world.store.calls


@pytest.mark.parametrize(
    "days",
    [
        pytest.param((91, 93, 96), id="all, after a long weekend"),
        pytest.param((120, *range(10)), id="a tenth, after a month"),
    ],
)
def test_what_a_pause_of_the_daemon_leaves_goes_by_itself(
    world: World, retention: Retention, days: tuple[int, ...]
) -> None:
    world.store.write(calls(*days))
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert not retention.held
    assert len(world.store.calls) == sum(day < 90 for day in days)


def test_what_is_held_of_one_kind_does_not_keep_the_others(
    world: World, retention: Retention
) -> None:
    world.store.write(everything(NOW - 366 * DAY))
    world.store.write(everything(NOW))
    world.clock.step(FIRST_AFTER)
    retention.step()
    assert set(retention.held) == {RecordKind.CALLS, RecordKind.SURVEYS}
    assert len(world.store.calls) == 2
    assert len(world.store.audit) == 1
