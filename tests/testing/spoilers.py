"""What is done to a daemon on purpose, by name: ``Daemon.start(spoil="slow_events")``.

Each function is given the daemon that ``bootstrap`` has built and that does not run yet, in the
daemon's own process. Counterpart: ``program``, which calls it there.
"""

from __future__ import annotations

import logging
import pwd
import time
from collections.abc import Callable
from functools import partial

import gevent

from fluxcc import bootstrap
from fluxcc.config import Settings
from fluxcc.core import retention
from fluxcc.core.blocks import comparison, gate_table
from fluxcc.core.ports import Batch
from fluxcc.daemon import session
from fluxcc.daemon.process import Daemon

log = logging.getLogger(__name__)

MOST_WAITING = 2
"""Events that may wait where they are slow, in place of thousands."""
SECONDS_PER_EVENT = 0.005
"""In place of 25 µs."""
SECONDS_PER_WRITE = 0.2
COMPARED_EVERY = 0.3
"""Seconds, in place of half a minute."""
APPLIED_EVERY = 0.3
"""Seconds, in place of a day."""
SECONDS_PER_HANGUP = 0.8
"""In place of 1 ms."""
LONGER_THAN_A_REPLY = 5.5
"""Seconds that a hangup takes, where no reply can wait for it."""
SECONDS_PER_NAME = 3.0
MOMENT = 0.3
CHECKED_EVERY = 0.5
"""Seconds, in place of 5."""
CHECKED = "the spoilt health check is over"
STUCK = 3600.0
"""Seconds; longer than any test."""


def slow_events(daemon: Daemon) -> None:
    """Events come faster than they can be handled, and few of them may wait."""
    session.Inbox = partial(session.Inbox, MOST_WAITING)  # type: ignore[misc,assignment]
    intake = daemon.session.intake
    handle = intake.handle

    def handle_slowly(body: bytes) -> None:
        gevent.sleep(SECONDS_PER_EVENT)
        handle(body)

    intake.handle = handle_slowly  # type: ignore[method-assign]


def stuck_loop(daemon: Daemon) -> None:
    """The health check blocks the thread that every greenlet runs on."""

    def block_every_greenlet() -> None:
        time.sleep(STUCK)

    daemon.core.publisher.repair = block_every_greenlet  # type: ignore[method-assign]


def broken_job(daemon: Daemon) -> None:
    """The health check raises what no caller expects."""

    def raise_the_unexpected() -> None:
        raise ZeroDivisionError

    daemon.core.publisher.repair = raise_the_unexpected  # type: ignore[method-assign]


def slow_hangups(daemon: Daemon) -> None:
    """A request takes long enough for others to come meanwhile."""
    _delay_hangups(daemon, SECONDS_PER_HANGUP)


def stuck_hangups(daemon: Daemon) -> None:
    """A request takes longer than its reply may."""
    _delay_hangups(daemon, LONGER_THAN_A_REPLY)


def _delay_hangups(daemon: Daemon, seconds: float) -> None:
    switch = daemon.session.switch
    end_leg = switch.end_leg

    def end_late(leg: str, cause: str) -> bool:
        gevent.sleep(seconds)
        return end_leg(leg, cause)

    switch.end_leg = end_late  # type: ignore[method-assign]


def slow_store(daemon: Daemon) -> None:
    """Each write takes its time, as on a disk with other things to do."""
    write = daemon.core.store.write

    def write_slowly(batch: Batch) -> None:
        time.sleep(SECONDS_PER_WRITE)
        write(batch)

    daemon.core.store.write = write_slowly  # type: ignore[method-assign]


def eager_comparison(daemon: Daemon) -> None:
    """The gate is compared with the blocks all the time."""
    comparison.PERIOD = COMPARED_EVERY
    gate_table.IN_CHANGE = COMPARED_EVERY


def eager_retention(daemon: Daemon) -> None:
    """What is too old is deleted from the start on, all the time."""
    retention.PERIOD = retention.RETRY_AFTER = APPLIED_EVERY
    daemon.core.retention._due = 0.0


def slow_directory(daemon: Daemon) -> None:
    """The service that knows users' names takes its time."""

    def look_up(user: int) -> pwd.struct_passwd:
        time.sleep(SECONDS_PER_NAME)
        return getpwuid(user)

    getpwuid = pwd.getpwuid
    pwd.getpwuid = look_up


def blocked_loop(daemon: Daemon) -> None:
    """The health check blocks the event loop for a moment."""
    _check_with(daemon, partial(time.sleep, MOMENT))


def busy_loop(daemon: Daemon) -> None:
    """The health check uses the processor for a moment."""

    def be_busy() -> None:
        until = time.thread_time() + MOMENT
        while time.thread_time() < until:
            pass

    _check_with(daemon, be_busy)


def _check_with(daemon: Daemon, work: Callable[[], None]) -> None:
    """The health check does this, often, and the log says when it has."""

    def check() -> None:
        work()
        log.info(CHECKED)

    session.HEALTH_PERIOD = CHECKED_EVERY
    daemon.core.publisher.repair = check  # type: ignore[method-assign]


BY_NAME = {
    spoiler.__name__: spoiler
    for spoiler in (
        slow_events,
        slow_hangups,
        stuck_hangups,
        stuck_loop,
        broken_job,
        slow_store,
        eager_comparison,
        eager_retention,
        slow_directory,
        blocked_loop,
        busy_loop,
    )
}


def spoil(name: str) -> None:
    """Every daemon that ``bootstrap`` builds in this process from now on is spoilt so."""
    build, spoiler = bootstrap.daemon, BY_NAME[name]

    def build_spoilt(settings: Settings, read: Callable[[], Settings]) -> Daemon:
        daemon = build(settings, read)
        spoiler(daemon)
        return daemon

    bootstrap.daemon = build_spoilt
