"""The clock by which blocks end."""

from __future__ import annotations

import pytest

from fluxcc.runtime import GeventRuntime, PbxClock
from tests.fakes import NOW, SteppedClock


@pytest.fixture
def own() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def clock(own: SteppedClock) -> PbxClock:
    return PbxClock(own)


def test_until_freeswitch_is_heard_of_it_is_our_own_clock(
    own: SteppedClock, clock: PbxClock
) -> None:
    assert not clock.is_known
    own.set(NOW + 7)
    assert clock.now() == NOW + 7


@pytest.mark.parametrize("late", [-1.0, 0.0, 1.0])
def test_where_the_two_agree_ours_is_the_finer_one(
    own: SteppedClock, clock: PbxClock, late: float
) -> None:
    clock.hear(int(NOW + late))
    assert clock.is_known
    assert (clock.now(), clock.offset) == (NOW, 0.0)


@pytest.mark.parametrize("step", [-3600.0, 86400.0])
def test_a_step_of_our_clock_is_none_of_freeswitchs(
    own: SteppedClock, clock: PbxClock, step: float
) -> None:
    """Seen on a real one: it counts on from the time at which it was started."""
    clock.hear(int(NOW))
    own.set(NOW + step)
    own.step(10)
    assert clock.now() == pytest.approx(NOW + 10)
    news = clock.hear(int(NOW + 10))
    assert clock.now() == pytest.approx(NOW + 10, abs=1)
    assert clock.offset == pytest.approx(-step, abs=1)
    assert abs(news) <= 1


def test_once_freeswitch_has_taken_over_our_clock_it_counts(
    own: SteppedClock, clock: PbxClock
) -> None:
    """``fsctl sync_clock``, or a restart."""
    clock.hear(int(NOW))
    own.set(NOW - 3600)
    news = clock.hear(int(NOW - 3600))
    assert news == pytest.approx(-3600)
    assert (clock.now(), clock.offset) == (NOW - 3600, 0.0)


def test_what_breaks_on_a_thread_is_raised_here_and_reported_nowhere_else(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """gevent's thread pool writes a traceback of every exception: at each try to write a store."""

    def break_off(why: str) -> None:
        raise OSError(why)

    with pytest.raises(OSError, match="disk full"):
        GeventRuntime().offload(break_off, "disk full")
    assert "disk full" not in capsys.readouterr().err + caplog.text
