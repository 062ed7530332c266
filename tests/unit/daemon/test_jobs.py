"""What the daemon does by itself: each job steps again and again, and one that breaks is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gevent
import pytest

from fluxcc.core.surveys import SPOOL_PERIOD
from fluxcc.daemon.jobs import WRITE, Job, JobRunner, jobs, repeat
from fluxcc.daemon.session import HEALTH_PERIOD, LONGEST_PAUSE, Session
from tests.builders import NUMBER, World, a_block

from .fakes import let_others_run

# Which there are


def test_the_daemon_has_these_jobs(world: World, session: Session) -> None:
    assert list(jobs(world, session)) == [
        "write",
        "watch the store",
        "expire blocks",
        "delete old records",
        "read old records' persons",
        "read the survey's spool",
        "recover",
        "watch for silence",
        "look at the gates",
        "compare the gate",
        "flush events",
        "check health",
    ]


def test_what_changed_is_written(world: World, session: Session) -> None:
    world.journal.note(a_block("b1"))
    assert jobs(world, session)[WRITE]() == 0.0
    assert "b1" in world.store.blocks


def test_blocks_that_are_over_are_ended(world: World, session: Session) -> None:
    session.connect()
    world.blocks()
    world.clock.step(1800)
    jobs(world, session)["expire blocks"]()
    assert NUMBER not in world.pbx.gate


def test_what_is_too_old_is_deleted(world: World, session: Session) -> None:
    world.clock.step(24 * 3600)
    jobs(world, session)["delete old records"]()
    assert [line for line in world.story if line.startswith("purge")]


def test_what_surveys_left_is_taken_in(world: World, session: Session) -> None:
    world.spool.files["s-1.jsonl"] = [
        {"Fluxcc-Survey": "s-1", "Fluxcc-Questions": "1", "Fluxcc-Answer-1": "5"}
    ]
    assert jobs(world, session)["read the survey's spool"]() == SPOOL_PERIOD
    assert world.store.surveys["s-1"].answers == (5,)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("recover", LONGEST_PAUSE),
        ("watch for silence", 1.0),
        ("check health", HEALTH_PERIOD),
    ],
)
def test_the_session_is_looked_after(
    world: World, session: Session, name: str, seconds: float
) -> None:
    session.connect()
    assert jobs(world, session)[name]() == seconds


# How they run


Steps = list[str]


@pytest.fixture
def start() -> Iterator[Callable[..., JobRunner]]:
    """Start jobs that are given by name; nothing of them is left."""
    runners: list[JobRunner] = []

    def begin(
        jobs: dict[str, Job], on_failure: Callable[[BaseException], None] = lambda failure: None
    ) -> JobRunner:
        runner = JobRunner(jobs, on_failure)
        runners.append(runner)
        runner.start()
        return runner

    yield begin
    for runner in runners:
        runner.stop()


def a_job(name: str, steps: Steps) -> Job:
    """Writes down each of its steps."""

    def step() -> float:
        steps.append(name)
        return 0.0

    return step


def fail() -> float:
    raise ValueError("broken")


def test_a_job_sleeps_for_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(gevent, "sleep", slept.append)
    pauses = iter([1.0, 0.0, 5.0])
    with pytest.raises(StopIteration):
        repeat(lambda: next(pauses))
    assert slept == [1.0, 0.0, 5.0]


def test_every_job_is_stepped_again_and_again(start: Callable[..., JobRunner]) -> None:
    steps: Steps = []
    start({name: a_job(name, steps) for name in ("one", "two")})
    assert steps == []
    let_others_run(3)
    assert steps == ["one", "two"] * 3


def test_a_job_that_breaks_is_told_and_the_others_go_on(start: Callable[..., JobRunner]) -> None:
    steps: Steps = []
    failures: list[BaseException] = []
    start({"bad": fail, "good": a_job("good", steps)}, failures.append)
    let_others_run(3)
    (failure,) = failures
    assert (type(failure), str(failure)) == (ValueError, "broken")
    assert steps == ["good"] * 3


def test_jobs_that_are_stopped_step_no_more_and_have_not_failed(
    start: Callable[..., JobRunner],
) -> None:
    steps: Steps = []
    failures: list[BaseException] = []
    runner = start({name: a_job(name, steps) for name in ("one", "two")}, failures.append)
    let_others_run()
    runner.stop()
    steps.clear()
    let_others_run(3)
    assert steps == []
    assert failures == []


def test_one_job_can_be_kept_until_the_others_have_ended(
    start: Callable[..., JobRunner],
) -> None:
    steps: Steps = []
    runner = start({name: a_job(name, steps) for name in (WRITE, "other")})
    let_others_run()
    runner.stop(keep=WRITE)
    steps.clear()
    let_others_run(2)
    assert steps
    assert set(steps) == {WRITE}
    runner.stop()
    steps.clear()
    let_others_run(2)
    assert steps == []


def test_jobs_that_never_began_can_be_stopped() -> None:
    JobRunner({"one": fail}, lambda failure: None).stop()
