"""Starts and ends the doors, the jobs and the session, in order. Signals set flags.

Counterparts: ``bootstrap`` puts it together; ``systemd`` passes its state on.
"""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import gevent
from gevent.event import Event as Flag

from fluxcc import __version__
from fluxcc.core.core import Core
from fluxcc.daemon.jobs import WRITE, Job, JobRunner
from fluxcc.daemon.session import Session
from fluxcc.systemd import ServiceManager

DRAIN_TIMEOUT = 5.0
"""Seconds for which requests that are being carried out are waited for at the end: no reply takes
longer, except to a room that was given longer."""
LAST_REPLIES_TIMEOUT = 0.5
"""Seconds for the replies to requests that came in the last moment."""
DRAIN_STEP = 0.01
"""Seconds between two looks whether everything is answered."""
FINAL_WRITE_TIMEOUT = 1.0
"""Seconds for writing the journal's rest at the end."""

log = logging.getLogger(__name__)


class Door(Protocol):
    """A server that the daemon runs: the operators' socket, or the metrics' HTTP server."""

    def start(self) -> None:
        """Listen from now on."""

    def stop(self) -> None:
        """Listen no longer, and close the connections."""


class Requests(Protocol):
    """The requests that the daemon carries out. The real ones are ``doors.board.Board``'s."""

    @property
    def is_idle(self) -> bool:
        """Whether none is being carried out, and no reply is being sent."""

    def close(self) -> None:
        """Refuse every request from now on."""

    def abandon(self) -> None:
        """Reply to those that are not waited for any longer."""


class Daemon:
    """``run`` returns when the daemon was asked to stop."""

    def __init__(
        self,
        core: Core,
        session: Session,
        *,
        requests: Requests,
        doors: Sequence[Door],
        jobs: Mapping[str, Job],
        manager: ServiceManager,
        reload: Callable[[], None],
    ) -> None:
        """``reload`` reads the configuration again."""
        self.core = core
        self.session = session
        self._requests = requests
        self._is_draining = False
        self._doors = doors
        self._jobs = JobRunner({**jobs, "reload": self._reload_when_asked}, self._give_up)
        self._manager = manager
        self.reload = reload
        self._is_reload_wanted = Flag()
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Run until ``stop``. Raises ``LinkRefusedError`` where connecting again is useless, and
        the exception that ended a job."""
        log.info("the daemon begins", extra={"version": __version__})
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self.stop)
        gevent.signal_handler(signal.SIGHUP, self.ask_to_reload)
        self.core.recover()
        # Long-lived objects are frozen, so that a collection of garbage skips them: it took 30 ms.
        gc.collect()
        gc.freeze()
        for door in self._doors:
            door.start()
        self._jobs.start()
        # Ready before FreeSWITCH is connected, which may be much later: operators are served now.
        self._manager.ready()
        try:
            self.session.run()
        finally:
            self._end()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ask ``run`` to return: new requests are refused, and the others finished first. Asked a
        second time it returns at once."""
        if self._is_draining:
            self.session.stop()
            return
        self._is_draining = True
        self._requests.close()
        gevent.spawn(self._drain)

    def _drain(self) -> None:
        log.info("the daemon begins nothing more, and finishes what it has begun")
        self._manager.stopping()
        if not self._wait_for_requests(DRAIN_TIMEOUT):
            log.warning("some requests are not waited for any longer")
            self._requests.abandon()
        self.session.stop()

    def _wait_for_requests(self, timeout: float) -> bool:
        deadline = self.core.clock.monotonic() + timeout
        while not self._requests.is_idle:
            if self.core.clock.monotonic() >= deadline:
                return False
            gevent.sleep(DRAIN_STEP)
        return True

    def ask_to_reload(self) -> None:
        """Ask for the configuration to be read again."""
        self._is_reload_wanted.set()

    def _end(self) -> None:
        if not self._is_draining:
            self._manager.stopping()
            self._requests.close()
        self.session.stop()
        for door in self._doors:
            door.stop()
        self._wait_for_requests(LAST_REPLIES_TIMEOUT)
        self._jobs.stop(keep=WRITE)
        self.session.close()
        self._write_the_rest()
        self._jobs.stop()
        log.info("the daemon ends", extra={"pending": self.core.journal.pending})

    def _give_up(self, failure: BaseException) -> None:
        """End in order after a job failed: a restart is better than a daemon without that job."""
        self._failure = failure
        self.stop()

    def _write_the_rest(self) -> None:
        journal, clock = self.core.journal, self.core.clock
        deadline = clock.monotonic() + FINAL_WRITE_TIMEOUT
        while journal.pending and (left := deadline - clock.monotonic()) > 0:
            # In a greenlet of its own, because a store may not answer at all.
            gevent.spawn(journal.flush).join(left)
            gevent.sleep(0.01)

    def _reload_when_asked(self) -> float:
        self._is_reload_wanted.wait()
        self._is_reload_wanted.clear()
        self.reload()
        return 0.0
