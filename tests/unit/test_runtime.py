"""Time, greenlets and native threads as the core uses them: FreeSWITCH's clock, latches, work that
blocks, several things together; and what breaks in a greenlet is logged like everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import gevent
import pytest
from gevent.event import Event

from fluxcc.runtime import (
    CLOCK_TOLERANCE,
    THREADS,
    GeventLatch,
    GeventRuntime,
    PbxClock,
    SystemClock,
    log_failures,
    vitals,
)
from tests.fakes import NOW, SteppedClock

# Clocks


def test_the_machines_clocks_are_the_machines() -> None:
    clock = SystemClock()
    assert clock.now() == pytest.approx(time.time(), abs=5)
    assert clock.monotonic() == pytest.approx(time.monotonic(), abs=5)
    assert not clock.is_known


@pytest.fixture
def own() -> SteppedClock:
    """The machine's clock."""
    return SteppedClock()


@pytest.fixture
def clock(own: SteppedClock) -> PbxClock:
    return PbxClock(own)


def test_until_freeswitchs_clock_was_heard_ours_counts(clock: PbxClock, own: SteppedClock) -> None:
    assert not clock.is_known
    own.step(10)
    assert (clock.now(), clock.monotonic(), clock.offset) == (NOW + 10, 10, 0)


def test_freeswitchs_clock_counts_once_it_was_heard(clock: PbxClock, own: SteppedClock) -> None:
    # It tells whole seconds, which are half a second old on average.
    assert clock.set(int(NOW) - 3600) == -3599.5
    assert clock.is_known
    assert clock.offset == -3599.5
    own.step(10)
    assert clock.now() == NOW - 3589.5


@pytest.mark.parametrize("ahead", [-2, 0, 1])
def test_clocks_that_agree_are_the_same(clock: PbxClock, ahead: int) -> None:
    """FreeSWITCH tells whole seconds, a bit late."""
    assert CLOCK_TOLERANCE == 2.0
    assert clock.set(int(NOW) + ahead) == 0.0
    assert (clock.now(), clock.offset) == (NOW, 0.0)
    assert clock.is_known


@pytest.mark.parametrize("ahead", [-3, 2])
def test_clocks_that_do_not_agree_are_two(clock: PbxClock, ahead: int) -> None:
    assert clock.set(int(NOW) + ahead) == ahead + 0.5
    assert clock.offset == ahead + 0.5


def test_a_block_ends_when_it_would_whatever_is_done_to_the_systems_time(
    clock: PbxClock, own: SteppedClock
) -> None:
    """FreeSWITCH counts on from the time at which it was started."""
    clock.set(int(NOW))
    own.set(NOW + 86_400)
    own.step(10)
    assert clock.now() == NOW + 10
    assert clock.set(int(NOW) + 10) == pytest.approx(0.5)
    assert clock.offset == pytest.approx(-86_399.5)


def test_only_what_is_news_is_told(clock: PbxClock, own: SteppedClock) -> None:
    clock.set(int(NOW) + 60)
    own.step(5)
    assert clock.set(int(NOW) + 65) == 0.0
    assert clock.set(int(NOW) + 95) == 30.0


# Latches


def test_a_latch_gives_what_it_was_set_to_first() -> None:
    latch = GeventRuntime().latch()
    gevent.spawn(latch.set, "first")
    assert latch.wait(5) == "first"
    latch.set("second")
    assert latch.wait(5) == "first"


def test_a_latch_that_nobody_sets_gives_nothing() -> None:
    assert GeventLatch().wait(0) is None


# Work


def test_work_that_blocks_is_done_on_another_thread() -> None:
    def work(number: int) -> tuple[int, int]:
        return number, threading.get_ident()

    number, thread = GeventRuntime().offload(work, 7)
    assert number == 7
    assert thread != threading.get_ident()


def test_others_go_on_while_work_blocks() -> None:
    may_end = threading.Event()
    gevent.spawn(may_end.set)
    # Set by a greenlet of this thread, which has to have its turn.
    assert GeventRuntime().offload(may_end.wait, 5)


def test_what_breaks_on_another_thread_is_raised_here_and_nothing_is_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        GeventRuntime().offload(fail)
    assert capfd.readouterr().err == ""


def test_work_within_a_time_gives_its_result_or_its_error() -> None:
    runtime = GeventRuntime()
    assert runtime.within(5, int, "7") == 7
    with pytest.raises(ValueError, match="invalid"):
        runtime.within(5, int, "x")


def test_work_that_hangs_is_waited_for_only_so_long_and_goes_on_by_itself() -> None:
    may_end, ended = threading.Event(), threading.Event()

    def hang() -> None:
        may_end.wait(20)
        ended.set()

    runtime = GeventRuntime()
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"has not answered for 0\.05 s"):
        runtime.within(0.05, hang)
    assert time.monotonic() - began < 10
    may_end.set()
    assert ended.wait(10)


def test_work_that_finds_no_thread_is_waited_for_only_so_long_too() -> None:
    may_end = threading.Event()
    runtime = GeventRuntime()
    others = [gevent.spawn(runtime.offload, may_end.wait, 20) for _ in range(THREADS)]
    gevent.sleep(0)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        runtime.within(0.05, int)
    assert time.monotonic() - began < 10
    may_end.set()
    gevent.joinall(others, timeout=10)


def test_what_is_begun_beside_everything_else_is_not_waited_for() -> None:
    done: list[str] = []
    GeventRuntime().spawn(done.append, "done")
    assert done == []
    GeventRuntime().sleep(0)
    assert done == ["done"]


def test_what_is_done_together_begins_in_order_and_is_waited_for() -> None:
    story: list[str] = []
    second_ended = Event()

    def first() -> None:
        story.append("first begins")
        second_ended.wait()
        story.append("first ends")

    def second() -> None:
        story.append("second begins")
        gevent.sleep(0)
        story.append("second ends")
        second_ended.set()

    GeventRuntime().together([first, second])
    assert story == ["first begins", "second begins", "second ends", "first ends"]


def test_the_first_failure_of_what_is_done_together_is_told_when_all_has_ended() -> None:
    ended: list[str] = []
    second_ended = Event()

    def fail(name: str, wait: Callable[[], object], then: Callable[[], object]) -> None:
        wait()
        ended.append(name)
        then()
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        GeventRuntime().together(
            [
                partial(fail, "first", second_ended.wait, list),
                partial(fail, "second", list, second_ended.set),
            ]
        )
    assert ended == ["second", "first"]


def test_one_thing_alone_is_done_here_and_now() -> None:
    where: list[object] = []
    GeventRuntime().together([lambda: where.append(gevent.getcurrent())])
    assert where == [gevent.getcurrent()]


def test_nothing_together_is_nothing() -> None:
    GeventRuntime().together([])


# What breaks, and what grows


@pytest.fixture
def _logged() -> Iterator[None]:
    log_failures()
    yield
    del gevent.get_hub().print_exception


@pytest.mark.usefixtures("_logged")
def test_a_greenlet_that_breaks_leaves_a_record_and_nothing_on_stderr(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    gevent.spawn(fail).join()
    (record,) = caplog.records
    assert record.getMessage() == "a greenlet failed"
    assert record.exc_info
    assert str(record.exc_info[1]) == "broken"
    assert capfd.readouterr().err == ""


def test_greenlets_that_live_are_counted() -> None:
    may_end = Event()
    before = vitals()
    greenlets = [gevent.spawn(may_end.wait) for _ in range(10)]
    assert vitals()["greenlets"] == before["greenlets"] + 10
    assert before["objects"] > 0
    may_end.set()
    gevent.joinall(greenlets)
    assert vitals()["greenlets"] <= before["greenlets"]
