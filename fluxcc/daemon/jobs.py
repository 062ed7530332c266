"""What the daemon does by itself, again and again: one greenlet a job.

A job does what is due and returns the seconds until its next step, so that tests step it by hand.
Counterparts: the jobs are methods of the core and of ``session``; ``process`` begins and ends them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gevent

from fluxcc.core.core import Core
from fluxcc.daemon.session import Session

Job = Callable[[], float]
"""Does what is due; the seconds until the next step."""
WRITE = "write"
"""The job that outlives the others: what they leave behind is still to be written."""


def jobs(core: Core, session: Session) -> dict[str, Job]:
    """The daemon's jobs by name."""
    return {
        WRITE: core.journal.step,
        "expire blocks": core.scheduler.step,
        "delete what is too old": core.retention.step,
        "read the survey's spool": core.surveys.step,
        "recover": session.recover,
        "watch for silence": session.watch_silence,
        "flush events": session.flush_events,
        "check health": session.check_health,
    }


class JobRunner:
    """Steps jobs, each in a greenlet of its own."""

    def __init__(
        self, jobs: Mapping[str, Job], on_failure: Callable[[BaseException], None]
    ) -> None:
        """``on_failure`` is called when a job breaks; the others go on."""
        self._jobs = jobs
        self._on_failure = on_failure
        self._greenlets: dict[str, gevent.Greenlet] = {}

    def start(self) -> None:
        """Step every job from now on."""
        for name, job in self._jobs.items():
            greenlet = self._greenlets[name] = gevent.spawn(repeat, job)
            greenlet.link_exception(lambda broken: self._on_failure(broken.exception))

    def stop(self, *, keep: str = "") -> None:
        """End every job but the one of that name."""
        ending = [name for name in self._greenlets if name != keep]
        gevent.killall([self._greenlets.pop(name) for name in ending])


def repeat(job: Job) -> None:
    """Step a job for ever."""
    while True:
        gevent.sleep(job())
