"""The daemon's life: everything begins in order and ends in order, whatever ends it."""

from __future__ import annotations

import gc
import logging
import re
import signal
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from fluxcc.core.ports import Batch
from fluxcc.daemon import process
from fluxcc.daemon.jobs import WRITE, Job
from fluxcc.daemon.process import FINAL_WRITE_TIMEOUT, Daemon
from fluxcc.domain.errors import LinkRefusedError, StoreUnavailableError
from fluxcc.domain.requests import REPLY_LIMIT
from fluxcc.doors.board import Board
from fluxcc.pbx import events
from fluxcc.pbx.events import RequestHeaders
from tests.builders import World, a_block

from .fakes import FakeManager, let_others_run


class FakeDoor:
    """Tells when it is opened and closed."""

    def __init__(self, name: str, story: list[str]) -> None:
        self._name = name
        self._story = story

    def start(self) -> None:
        self._story.append(f"open {self._name}")

    def stop(self) -> None:
        self._story.append(f"close {self._name}")


class FakeSession:
    """``session.Session`` that runs until it is to stop."""

    def __init__(self, story: list[str]) -> None:
        self._story = story
        self._is_stopping = Event()
        self.refusal: LinkRefusedError | None = None

    def run(self) -> None:
        self._story.append("session begins")
        if self.refusal is not None:
            raise self.refusal
        self._is_stopping.wait()
        self._story.append("session ends")

    def stop(self) -> None:
        self._is_stopping.set()

    def close(self) -> None:
        self._story.append("links closed")


class Life:
    """A daemon on fakes, and what became of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.story = world.story
        self.session = FakeSession(self.story)
        self.requests = Board(world.executor, world.pbx, "en")
        self.manager = FakeManager(self.story)
        self.jobs: dict[str, Job] = {}
        self.reloads = 0
        self.while_reloading: Callable[[], None] = lambda: None
        self.handlers: dict[int, Callable[[], None]] = {}
        """What the daemon does at which signal."""
        self.daemon: Daemon

    def job(self, name: str) -> None:
        """A job that tells when it begins and when it is ended."""

        def step() -> float:
            self.story.append(f"{name} begins")
            try:
                Event().wait()
            finally:
                self.story.append(f"{name} ends")
            return 0.0

        self.jobs[name] = step

    def begin(self) -> gevent.Greenlet:
        """The daemon runs, as far as it gets by itself."""
        self.daemon = Daemon(
            self.world,
            self.session,  # type: ignore[arg-type]  # a fake
            requests=self.requests,
            doors=(FakeDoor("operators", self.story), FakeDoor("metrics", self.story)),
            jobs=self.jobs,
            manager=self.manager,  # type: ignore[arg-type]  # a fake
            reload=self._reload,
        )
        # What breaks in it is for ``get`` to raise, and no failure of a greenlet.
        running = gevent.spawn(self._run)
        let_others_run(5)
        return running

    def live(self) -> None:
        """Begin, be asked to end, end. Raises what ``run`` raises."""
        running = self.begin()
        self.daemon.stop()
        self.result_of(running)

    @staticmethod
    def result_of(running: gevent.Greenlet) -> None:
        failure = running.get(timeout=5)
        if failure is not None:
            raise failure

    def _run(self) -> BaseException | None:
        try:
            self.daemon.run()
        except Exception as failure:
            return failure
        return None

    def _reload(self) -> None:
        self.reloads += 1
        self.while_reloading()


@pytest.fixture
def life(world: World, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Nothing of the test's own process is changed: no signal's handler, nothing is frozen."""
    life = Life(world)
    recover = world.recovery.step

    def tell_and_recover() -> bool:
        life.story.append("store read")
        return recover()

    monkeypatch.setattr(world.recovery, "step", tell_and_recover)
    monkeypatch.setattr(gevent, "signal_handler", life.handlers.__setitem__)
    monkeypatch.setattr(gc, "collect", lambda: life.story.append("garbage collected"))
    monkeypatch.setattr(gc, "freeze", lambda: life.story.append("frozen"))
    return life


# Begin and end


def test_everything_begins_in_order_and_ends_in_order(life: Life) -> None:
    life.job(WRITE)
    life.job("expire blocks")
    life.live()
    assert life.story == [
        # What the store knows is there before anybody can ask, and belongs to what is frozen.
        "store read",
        "garbage collected",
        "frozen",
        "open operators",
        "open metrics",
        # FreeSWITCH may come much later.
        "ready",
        "session begins",
        "write begins",
        "expire blocks begins",
        "stopping",
        "session ends",
        # Nobody can ask for anything any more; what is under way may still be done.
        "close operators",
        "close metrics",
        "expire blocks ends",
        "links closed",
        # Last of all: it writes what the others left behind.
        "write ends",
    ]


def test_beginning_and_end_are_logged(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        life.live()
    assert caplog.messages == [
        "the daemon begins",
        "the daemon begins nothing more, and finishes what it has begun",
        "the daemon ends",
    ]
    assert vars(caplog.records[-1])["pending"] == 0


def test_a_daemon_works_without_its_store(life: Life, world: World) -> None:
    world.store.failure = "the disk is not mounted"
    life.live()
    assert not world.is_recovered
    assert "session ends" in life.story


def test_a_refusal_of_freeswitchs_is_raised_when_everything_has_ended(life: Life) -> None:
    life.session.refusal = LinkRefusedError("FreeSWITCH refused the password")
    life.job(WRITE)
    with pytest.raises(LinkRefusedError, match="password"):
        life.live()
    assert life.story[-4:] == ["stopping", "close operators", "close metrics", "links closed"]


def test_a_job_that_breaks_ends_the_daemon_with_its_error(life: Life) -> None:
    def fail() -> float:
        raise ValueError("broken")

    life.job(WRITE)
    life.jobs["bad"] = fail
    running = life.begin()
    with pytest.raises(ValueError, match="broken"):
        life.result_of(running)
    assert life.story[-6:] == [
        "stopping",
        "session ends",
        "close operators",
        "close metrics",
        "links closed",
        "write ends",
    ]


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(life: Life, number: signal.Signals) -> None:
    running = life.begin()
    life.handlers[number]()
    life.result_of(running)
    assert "session ends" in life.story


def test_sighup_reloads_the_configuration(life: Life) -> None:
    running = life.begin()
    assert life.reloads == 0
    for expected in (1, 2):
        life.handlers[signal.SIGHUP]()
        let_others_run(5)
        assert life.reloads == expected
    life.daemon.stop()
    life.result_of(running)


def test_a_signals_handler_only_sets_a_flag(life: Life) -> None:
    life.begin()
    life.handlers[signal.SIGHUP]()
    assert life.reloads == 0
    life.handlers[signal.SIGTERM]()
    assert "stopping" not in life.story
    let_others_run(5)
    assert life.reloads == 1
    assert "stopping" in life.story


def test_a_configuration_that_changes_while_it_is_read_is_read_again(life: Life) -> None:
    def change() -> None:
        if life.reloads == 1:
            life.daemon.ask_to_reload()

    life.while_reloading = change
    running = life.begin()
    life.daemon.ask_to_reload()
    let_others_run(5)
    assert life.reloads == 2
    life.daemon.stop()
    life.result_of(running)


# What is left to carry out


class SlowRequest:
    """A prank that is being carried out until the test lets it end."""

    def __init__(self, life: Life) -> None:
        self.may_end = Event()
        self._life = life
        world = life.world
        world.received_call()
        hung_up = world.pbx.on_end

        def hang_up(leg: str, cause: str) -> None:
            self.may_end.wait()
            hung_up(leg, cause)

        world.pbx.on_end = hang_up
        life.requests.receive(RequestHeaders(request="slow", action="prank", agent="1000"))
        let_others_run(3)

    @property
    def codes(self) -> dict[str, str]:
        """Request ID → code of every reply."""
        replies = self._life.world.pbx.heard(events.REPLY)
        return {reply["Fluxcc-Request-ID"]: reply["Fluxcc-Code"] for reply in replies}


def test_what_is_being_carried_out_is_finished_before_the_links_are_closed(life: Life) -> None:
    running = life.begin()
    slow = SlowRequest(life)
    life.daemon.stop()
    let_others_run(5)
    life.requests.answer(RequestHeaders(request="new", action="prank", agent="1001"))
    assert slow.codes == {"new": "shutting-down"}
    assert "session ends" not in life.story
    slow.may_end.set()
    life.result_of(running)
    assert slow.codes["slow"] == "blocked"
    assert life.world.store.audit
    assert "new" not in {row.request for row in life.world.store.audit.values()}


def test_what_takes_too_long_has_a_reply_before_the_links_are_closed(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "DRAIN_TIMEOUT", 0.0)
    monkeypatch.setattr(process, "LAST_REPLIES_TIMEOUT", 0.0)
    running = life.begin()
    slow = SlowRequest(life)
    life.daemon.stop()
    life.result_of(running)
    assert slow.codes == {"slow": "outcome-unknown"}
    slow.may_end.set()
    let_others_run(5)
    assert slow.codes == {"slow": "outcome-unknown"}


def test_a_second_signal_ends_it_at_once(life: Life) -> None:
    running = life.begin()
    slow = SlowRequest(life)
    life.handlers[signal.SIGTERM]()
    let_others_run(5)
    assert "session ends" not in life.story
    life.handlers[signal.SIGTERM]()
    let_others_run(5)
    assert "session ends" in life.story
    slow.may_end.set()
    life.result_of(running)


def test_a_drain_is_well_inside_the_service_managers_patience() -> None:
    """What comes after it: a second for the doors, the links and the journal each."""
    unit = Path("systemd/fluxcc.service").read_text()
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)s$", unit, re.MULTILINE)
    assert REPLY_LIMIT <= process.DRAIN_TIMEOUT <= int(patience) / 2


# What is left to write


@pytest.fixture
def hurried(life: Life, world: World, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A pause at the end takes as long as it says, on the stepped clock."""
    sleep = gevent.sleep

    def step(seconds: float = 0.0) -> None:
        world.clock.step(seconds)
        sleep(0)

    monkeypatch.setattr(gevent, "sleep", step)
    return life


def test_what_was_left_is_written_at_the_end(life: Life, world: World) -> None:
    running = life.begin()
    world.journal.note(a_block("b1"))
    life.daemon.stop()
    life.result_of(running)
    assert "b1" in world.store.blocks
    assert world.journal.pending == 0


def test_what_comes_while_the_links_are_closed_is_written_too(
    life: Life, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life.session, "close", lambda: world.journal.note(a_block("b1")))
    life.live()
    assert "b1" in world.store.blocks


def test_a_store_that_comes_back_in_time_is_written(hurried: Life, world: World) -> None:
    def come_back(batch: Batch) -> None:
        if world.clock.monotonic() > began + FINAL_WRITE_TIMEOUT / 2:
            world.store.failure = ""
            world.store.write = write  # type: ignore[method-assign]
            write(batch)
        else:
            raise StoreUnavailableError("busy")

    began, write = world.clock.monotonic(), world.store.write
    running = hurried.begin()
    world.store.write = come_back  # type: ignore[method-assign]
    world.journal.note(a_block("b1"))
    hurried.daemon.stop()
    hurried.result_of(running)
    assert "b1" in world.store.blocks


def test_a_store_that_cannot_be_written_is_tried_for_a_second(
    hurried: Life, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert FINAL_WRITE_TIMEOUT == 1.0
    running = hurried.begin()
    world.store.failure = "the disk is full"
    world.journal.note(a_block("b1"))
    began = world.clock.monotonic()
    hurried.daemon.stop()
    with caplog.at_level(logging.INFO):
        hurried.result_of(running)
    assert world.clock.monotonic() - began == pytest.approx(FINAL_WRITE_TIMEOUT, abs=0.02)
    assert caplog.messages[-1] == "the daemon ends"
    assert vars(caplog.records[-1])["pending"] == 1


def test_a_store_that_hangs_does_not_keep_the_daemon_from_its_end(
    life: Life, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is reached over a network may not answer at all."""
    never = Event()

    def hang(batch: Batch) -> None:
        world.clock.step(FINAL_WRITE_TIMEOUT)
        never.wait()

    running = life.begin()
    monkeypatch.setattr(process, "FINAL_WRITE_TIMEOUT", 0.001)
    world.store.write = hang  # type: ignore[method-assign]
    world.journal.note(a_block("b1"))
    life.daemon.stop()
    life.result_of(running)
    assert world.journal.pending == 1
    never.set()
    let_others_run()


def test_what_is_being_written_at_the_end_is_waited_for(hurried: Life, world: World) -> None:
    """By the job that writes, which is kept until then."""
    is_begun, may_end, write = Event(), Event(), world.store.write

    def write_slowly(batch: Batch) -> None:
        is_begun.set()
        may_end.wait()
        write(batch)

    world.store.write = write_slowly  # type: ignore[method-assign]
    world.journal.note(a_block("b1"))
    hurried.jobs[WRITE] = world.journal.step
    running = hurried.begin()
    assert is_begun.is_set()
    hurried.daemon.stop()
    let_others_run(5)
    assert "links closed" in hurried.story
    assert not running.ready()
    may_end.set()
    hurried.result_of(running)
    assert "b1" in world.store.blocks
