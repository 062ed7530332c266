"""Keeps the connection to FreeSWITCH: connects, backs off, takes snapshots, detects a dead link.

A reconnect is a resync (``docs/decisions/0008``). Counterparts: ``pbx.switch`` (the two links),
``intake`` (handles events), ``core.publisher`` (publishes to mod_hash).
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator
from contextlib import suppress

import gevent
from gevent.event import Event as Flag

from fluxcc.core.backoff import Backoff
from fluxcc.core.core import Core
from fluxcc.daemon.flushing import Flushing
from fluxcc.daemon.intake import Intake
from fluxcc.domain.errors import LinkAbsentError, LinkRefusedError, PbxError, PbxRejectedError
from fluxcc.domain.events import LegEvent
from fluxcc.pbx import events
from fluxcc.pbx.claim import Claim
from fluxcc.pbx.inbox import Inbox
from fluxcc.pbx.link import yield_to_others
from fluxcc.pbx.switch import Switch
from fluxcc.runtime import PbxClock
from fluxcc.systemd import ServiceManager

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two tries to connect, and to read a store that failed."""
LONGEST_PAUSE_WHILE_ABSENT = 1.0
"""Seconds between two tries at most while nothing listens: a FreeSWITCH that comes back must have
its blocks 2 s after it listens (contract, section 2)."""
LONGEST_PAUSE_WHILE_REFUSED = 30.0
"""Seconds between two tries at most while FreeSWITCH refuses the password or the address: nobody
but an administrator ends that, and FreeSWITCH logs each try."""
SILENCE = 60.0
"""Seconds without an event after which the link counts as lost. FreeSWITCH sends a heartbeat every
20 s."""
HEALTH_PERIOD, HEALTH_PERIOD_UNPUBLISHED = 5.0, 0.5
"""Seconds between two health checks (``check_health``); the second while something is still to be
published."""
CLOCK_JUMP = 5.0
"""Seconds of a jump of FreeSWITCH's clock from which on it is logged."""
SECOND_SNAPSHOT_AFTER = 2.0
"""Seconds from a snapshot to the second one, which corrects it: FreeSWITCH's tables lag behind its
events."""
PUBLISHING_ALONE = 0.2
"""Seconds for which a connect waits for publishing; after that both go on at the same time."""
BETWEEN_RESYNCS = 1.0
"""Seconds at least between two snapshots after dropped events, while more events are waiting."""
LEAVING_TIMEOUT = 0.5
"""Seconds for which FreeSWITCH's answer is waited for at the end."""
IDLE_WAIT = 0.5
"""Seconds for which an empty inbox is waited for."""

log = logging.getLogger(__name__)


class Session:
    """One per daemon; ``run`` returns when it was asked to stop."""

    def __init__(
        self,
        core: Core,
        switch: Switch,
        decoder: events.Decoder,
        intake: Intake,
        clock: PbxClock,
        manager: ServiceManager,
        claim: Claim,
    ) -> None:
        self._core = core
        self.switch = switch
        self._decoder = decoder
        self.intake = intake
        self._clock = clock
        self._manager = manager
        self._claim = claim
        self.flushing = Flushing(switch, core.tracker.legs, intake, clock)
        self._inbox = Inbox()
        self._is_stopping = Flag()
        self._second_snapshot_due = math.inf
        self._was_admitted = False
        """Whether FreeSWITCH took the password once in this life. It does again, then, as soon as
        an administrator has undone what changed since."""
        self.refusal = ""
        """Why FreeSWITCH refuses the links now; empty while it does not."""
        self.has_tables = True
        """Whether FreeSWITCH lists its calls; with ``-nosql`` it does not."""
        self.connects = 0
        self.resyncs = 0
        self.connected_since: float | None = None

    @property
    def dropped(self) -> int:
        """Events dropped under overload since the last connect."""
        return self._inbox.dropped

    @property
    def waiting(self) -> int:
        """Events read and not handled yet."""
        return len(self._inbox)

    @property
    def is_connected(self) -> bool:
        """Whether FreeSWITCH is connected, and a snapshot of its calls was taken since."""
        return self.switch.is_connected and self.connected_since is not None

    @property
    def loss(self) -> str:
        """Why a link is gone; empty while both are there."""
        return self.switch.loss

    # Connecting

    def run(self) -> None:
        """Stay connected until ``stop``. Raises ``LinkRefusedError`` where trying again is
        useless: FreeSWITCH never took the password in this life; and ``AnotherDaemonError``."""
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while not self._is_stopping.is_set():
            self._manager.alive()
            longest, refusal = LONGEST_PAUSE, ""
            try:
                self.connect()
                backoff.reset()
                self._handle_events()
                why = self.switch.loss
            except LinkRefusedError as error:
                if not self._was_admitted:
                    raise
                why = refusal = str(error)
                longest = LONGEST_PAUSE_WHILE_REFUSED
            except LinkAbsentError as error:
                why, longest = str(error), LONGEST_PAUSE_WHILE_ABSENT
            except PbxError as error:
                why = str(error)
            self.connected_since, self.refusal = None, refusal
            if self._is_stopping.is_set():
                return
            pause = backoff.next(longest)
            log.log(
                logging.ERROR if refusal else logging.WARNING,
                "no link to FreeSWITCH",
                extra={"reason": why, "retry_in": f"{pause:.1f}"},
            )
            self._manager.status(f"No link to FreeSWITCH: {why}")
            self.switch.disconnect()
            # Jitter: several daemons on one FreeSWITCH should not connect at the same moment.
            self._is_stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._is_stopping.set()

    def close(self) -> None:
        """Leave FreeSWITCH to the next daemon, and close both links."""
        if self.switch.is_connected:
            with suppress(PbxError), gevent.Timeout(LEAVING_TIMEOUT, False):
                self._claim.give_back()
        self.switch.disconnect()

    def connect(self) -> None:
        """Subscribe, publish, and take a snapshot, in this order; events wait in the inbox
        meanwhile. Raises ``PbxError`` and ``AnotherDaemonError``."""
        core = self._core
        self._inbox = Inbox()
        core.publisher.doubt()
        self.switch.connect(self._inbox.put)
        self._was_admitted, self.refusal = True, ""
        self._claim.take(self._is_stopping.wait)
        self.intake.last_heard = self._clock.monotonic()
        self._read_clock()
        # Before anything else: after a restart of FreeSWITCH mod_hash is empty. Where there are
        # thousands of blocks, the snapshot does not wait for all of them.
        gevent.spawn(core.publisher.publish_all).join(PUBLISHING_ALONE)
        core.spool.locate(self.switch.storage_folder())
        core.gates.doubt()
        self._read_registrations()
        self.resync()
        self.connects += 1
        self.connected_since = self._clock.now()
        log.info("connected to FreeSWITCH", extra={"legs": len(core.tracker.legs)})
        self._manager.status("Connected to FreeSWITCH")
        core.happenings.connected()
        self._second_snapshot_due = self._clock.monotonic() + SECOND_SNAPSHOT_AFTER

    def _handle_events(self) -> None:
        """Handle events until the link is lost or the daemon stops; what was read until then is
        handled in any case."""
        try:
            self._handle_while_connected()
        finally:
            while self.intake.take_slice(self._inbox):
                self._manager.alive()
            self.flushing.look()

    def _handle_while_connected(self) -> None:
        resynced = -math.inf
        while self.switch.is_connected and not self._is_stopping.is_set():
            self._manager.alive()
            has_more = self.intake.take_slice(self._inbox)
            self.flushing.look()
            now = self._clock.monotonic()
            if self._inbox.has_gap and (not has_more or now - resynced > BETWEEN_RESYNCS):
                # Also while events are waiting: under overload there may always be some.
                log.warning(
                    "events were dropped; a snapshot replaces them",
                    extra={"dropped": self._inbox.dropped},
                )
                self.resync()
                resynced = self._clock.monotonic()
                self._second_snapshot_due = resynced + SECOND_SNAPSHOT_AFTER
            elif now > self._second_snapshot_due:
                self._second_snapshot_due = math.inf
                gevent.spawn(self._take_second_snapshot, self._inbox)
            if not has_more:
                self._inbox.wait(IDLE_WAIT)

    # Snapshots

    def resync(self) -> None:
        """Make the tracker agree with FreeSWITCH. Raises ``PbxError``."""
        tracker, inbox = self._core.tracker, self._inbox
        known = frozenset(tracker.legs)
        # Reset before the snapshot: an event that is dropped during it may be missing from it.
        had_gap, inbox.has_gap = inbox.has_gap, False
        try:
            snapshot = self.switch.snapshot(known, frozenset(tracker.former))
            described = self._describe([leg for leg in snapshot.up if leg not in known])
            self._core.snapshots.resync(snapshot, known, described, yield_to_others)
        except PbxError:
            inbox.has_gap = had_gap or inbox.has_gap
            raise
        self.resyncs += 1
        if self.has_tables and not snapshot.is_complete:
            log.warning(
                "FreeSWITCH runs with -nosql and does not list its calls: those that begin while"
                " the daemon is not connected stay unknown to it"
            )
        self.has_tables = snapshot.is_complete

    def _describe(self, legs: list[str]) -> Iterator[tuple[str, LegEvent]]:
        """What FreeSWITCH says of legs that are new here: channel variables, which a table does not
        have. A leg without any answer is left out. Raises ``PbxError``."""
        for leg, body in self.switch.describe_all(legs):
            try:
                yield leg, self._decoder.event(body)
            except ValueError as error:
                # A leg with an unusable variable must not keep the others from being known.
                log.warning(
                    "a leg's channel variables were not read",
                    extra={"leg": leg, "reason": str(error)},
                )

    def _take_second_snapshot(self, inbox: Inbox) -> None:
        """Take a snapshot again: the first one lags, and may have legs that were just ending.
        Events are handled meanwhile."""
        if inbox is self._inbox and self.switch.is_connected:
            try:
                self.resync()
            except PbxError as error:
                log.warning(
                    "the second snapshot of FreeSWITCH's calls failed",
                    extra={"reason": str(error)},
                )

    # Jobs: each does what is due, and returns the seconds until its next step

    def watch_silence(self) -> float:
        """Close a link on which no event came for ``SILENCE`` seconds."""
        silence = self._clock.monotonic() - self.intake.last_heard
        if self.switch.is_connected and silence > SILENCE:
            log.warning(
                "no event from FreeSWITCH, not even a heartbeat; connecting again",
                extra={"seconds": int(SILENCE)},
            )
            self.switch.disconnect()
        return 1.0

    def check_health(self) -> float:
        """Check that commands are answered, that no other daemon has taken over, and that mod_hash
        and legs have what was published; publish again what is missing. Raises
        ``AnotherDaemonError``."""
        core = self._core
        if self.switch.is_connected:
            try:
                if self.is_connected:
                    self._claim.take(self._is_stopping.wait)
                self._check_commands()
                if self._clock.monotonic() - self.intake.last_heard > HEALTH_PERIOD:
                    self.switch.check_events()
                core.surveys.settle_rest()
                core.publisher.repair()
                if core.publisher.is_done:
                    core.reclaim_blocks()
            except PbxError as error:
                log.warning(
                    "FreeSWITCH answers no command; connecting again", extra={"reason": str(error)}
                )
                self.switch.disconnect()
        is_published = core.publisher.is_done and core.surveys.is_settled
        return HEALTH_PERIOD if is_published else HEALTH_PERIOD_UNPUBLISHED

    def _check_commands(self) -> None:
        """Raises ``PbxError`` where commands are not answered any more."""
        try:
            self._read_clock()
        except PbxError:
            if not self.switch.is_answering:
                raise

    def recover(self) -> float:
        """Take over the store's state as soon as it can be read."""
        core = self._core
        if core.is_recovered or not core.recover():
            return LONGEST_PAUSE
        if self.switch.is_connected:
            core.publisher.publish_all()
            try:
                self.resync()
            except PbxError as error:
                log.warning(
                    "the snapshot of FreeSWITCH's calls failed", extra={"reason": str(error)}
                )
        return LONGEST_PAUSE

    def _read_registrations(self) -> None:
        try:
            registrations = self.switch.registrations()
        except PbxRejectedError as error:
            log.warning("FreeSWITCH's registrations were not read", extra={"error": str(error)})
            return
        for registration in registrations:
            self._core.telephone_registered(registration)

    def _read_clock(self) -> None:
        try:
            jump = self._clock.set(self.switch.clock())
        except PbxRejectedError as error:
            log.warning("FreeSWITCH's clock was not read", extra={"error": str(error)})
            return
        if abs(jump) > CLOCK_JUMP:
            log.warning(
                "FreeSWITCH's clock has jumped",
                extra={"seconds": round(jump), "ahead_of_ours": round(self._clock.offset)},
            )
