"""The daemon's periodic jobs, each in a greenlet of its own.

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
"""The job that is stopped last: it writes the records that the others leave."""


def jobs(core: Core, session: Session) -> dict[str, Job]:
    """The daemon's jobs by name."""
    return {
        **(core.membership.jobs() if core.membership else {}),
        WRITE: core.journal.step,
        "watch the store": core.journal.watch,
        "expire blocks": core.scheduler.step,
        "delete old records": core.retention.step,
        "read old records' persons": core.filling.step,
        "read the survey's spool": core.surveys.step,
        "recover": session.recover,
        "watch for silence": session.watch_silence,
        "look at the gates": core.gates.step,
        "compare the gate": core.comparison.step,
        "flush events": session.flushing.step,
        "check health": session.check_health,
    }


class JobRunner:
    """Steps jobs, each in a greenlet of its own."""

    def __init__(
        self, jobs: Mapping[str, Job], on_failure: Callable[[BaseException], None]
    ) -> None:
        """``on_failure`` is called with the exception that ends a job; the others go on."""
        self._jobs = jobs
        self._on_failure = on_failure
        self._greenlets: dict[str, gevent.Greenlet] = {}

    def start(self) -> None:
        """Start every job."""
        for name, job in self._jobs.items():
            greenlet = self._greenlets[name] = gevent.spawn(repeat, job)
            greenlet.link_exception(lambda broken: self._on_failure(broken.exception))

    def stop(self, *, keep: str = "") -> None:
        """End every job, except that of the name ``keep``."""
        ending = [name for name in self._greenlets if name != keep]
        gevent.killall([self._greenlets.pop(name) for name in ending])


def repeat(job: Job) -> None:
    """Step a job for ever."""
    while True:
        gevent.sleep(job())
