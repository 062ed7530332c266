"""The daemon's life: connect, take a snapshot, handle events, and start over when the link is lost.

Each loop here is one greenlet; signals only set flags. Counterparts: ``pbx.switch`` (the links),
``core.calls.tracker`` (what events do), ``board`` and ``control`` (the doors).
"""

from __future__ import annotations

import gc
import logging
import math
import random
import signal
import time
from contextlib import suppress

import gevent
from gevent.event import Event as Flag

from fluxcc import __version__
from fluxcc.core.blocks.attempts import Attempts
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.reclaim import Reclaim
from fluxcc.core.blocks.scheduler import Scheduler
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.journal import Journal
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.recovery import Recovery
from fluxcc.core.retention import Retention
from fluxcc.core.surveys import Surveys
from fluxcc.domain.calls import Call, Leg
from fluxcc.domain.errors import LinkAbsentError, LinkRefusedError, PbxError, PbxRejectedError
from fluxcc.doors.board import Board
from fluxcc.doors.operators import Control
from fluxcc.pbx import wire
from fluxcc.pbx.inbox import Inbox
from fluxcc.pbx.link import yield_to_others
from fluxcc.pbx.switch import Switch
from fluxcc.reload import Reloader
from fluxcc.runtime import PbxClock
from fluxcc.spool import FolderSpool
from fluxcc.systemd import ServiceManager
from fluxcc.watching.server import WatchServer

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two tries to connect."""
LONGEST_ABSENCE = 1.0
"""The same while nothing listens: a FreeSWITCH that comes back must have its blocks 2 s after it
listens (contract, section 2)."""
HEARTBEAT = 20.0
SILENCE = 3 * HEARTBEAT
"""Seconds without an event after which the link counts as lost: FreeSWITCH beats every 20 s."""
PULSE, PULSE_UNTOLD = 5.0, 0.5
"""Seconds between two looks whether commands are answered and FreeSWITCH knows what it must."""
NEWS = 5.0
"""Seconds by which FreeSWITCH's clock must have jumped to be worth a line in the log."""
SLICE = 0.005
"""Seconds of events handled before others may run."""
SECOND_LOOK = 2.0
"""Seconds after a snapshot until it is checked: it lags behind the events that came before it."""
BEAT = 0.005
"""Seconds between two nudges of the event connection."""
GATE_FIRST = 0.2
"""Seconds that the gate has for itself before the rest of a connect goes on beside it."""
BETWEEN_RESYNCS = 1.0
"""Seconds at least between two snapshots that repair what was dropped, while events still come."""
SPOOL_PERIOD = 2.0
"""Seconds between two looks into the survey's spool."""
LAST_WORDS = 1.0
"""Seconds that the journal has to be written at the end."""

log = logging.getLogger(__name__)


class Daemon:
    """Wired in ``bootstrap``; ``run`` returns when it was asked to stop."""

    def __init__(
        self,
        *,
        switch: Switch,
        decoder: wire.Decoder,
        tracker: Tracker,
        attempts: Attempts,
        blocking: Blocking,
        scheduler: Scheduler,
        journal: Journal,
        board: Board,
        control: Control,
        recovery: Recovery,
        reclaim: Reclaim,
        provisioning: Provisioning,
        surveys: Surveys,
        spool: FolderSpool,
        retention: Retention,
        watch_server: WatchServer,
        reloader: Reloader,
        clock: PbxClock,
        manager: ServiceManager,
        settings: dict[str, str],
    ) -> None:
        self._switch = switch
        self._decoder = decoder
        self._tracker = tracker
        self._attempts = attempts
        self._blocking = blocking
        self._scheduler = scheduler
        self._journal = journal
        self._board = board
        self._control = control
        self._recovery = recovery
        self._reclaim = reclaim
        self._provisioning = provisioning
        self._surveys = surveys
        self._spool = spool
        self._retention = retention
        self._watch_server = watch_server
        self._reloader = reloader
        self._clock = clock
        self._manager = manager
        self._settings = settings
        """What the kit's dialplan must know, by its key in mod_hash."""
        self._inbox = Inbox()
        self._stopping = Flag()
        self._failure: BaseException | None = None
        self._reloading = Flag()
        self._heard = 0.0
        self._next_look = math.inf
        """When the last snapshot is to be checked."""
        self._is_recovered = False
        self._handlers = {
            name: getattr(tracker, method) for name, method in wire.LEG_EVENTS.items()
        }
        self.connects = 0
        self.resyncs = 0
        self.undecodable = 0
        self.events = 0
        self.lag = 0.0
        """Seconds between FreeSWITCH's clock in the last heartbeat and ours when it was handled."""
        self.connected_since: float | None = None
        tracker.on_inbound = self._look_at
        tracker.on_bridged = self._look_after

    # Life

    def run(self) -> None:
        """Live until ``stop``. Raises ``LinkRefusedError`` where connecting again is useless."""
        log.info("the daemon begins", extra={"version": __version__})
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self.stop)
        gevent.signal_handler(signal.SIGHUP, self._reloading.set)
        self._is_recovered = self._recovery.step()
        # What is there for good is not looked through again for garbage: that took 30 ms at a time.
        gc.collect()
        gc.freeze()
        self._control.start()
        self._watch_server.start()
        loops = [
            gevent.spawn(loop)
            for loop in (
                self._write,
                self._expire,
                self._watch,
                self._beat,
                self._hurry,
                self._collect,
                self._reload,
                self._retain,
            )
        ]
        if not self._is_recovered:
            loops.append(gevent.spawn(self._recover))
        for loop in loops:
            loop.link_exception(self._give_up)
        # Operators are served from here on, and FreeSWITCH is looked for: it may come much later.
        self._manager.ready()
        try:
            self._stay_connected()
        finally:
            self._manager.stopping()
            self._stopping.set()
            self._control.stop()
            self._watch_server.stop()
            gevent.killall(loops[1:])
            self._switch.disconnect()
            self._last_words()
            gevent.killall(loops)
            log.info("the daemon ends", extra={"pending": self._journal.pending})
        if self._failure is not None:
            raise self._failure

    def _give_up(self, loop: gevent.Greenlet) -> None:
        """End in order when a loop has broken: half a daemon is worse than one started again."""
        self._failure = loop.exception
        self.stop()

    def publish_settings(self, settings: dict[str, str]) -> None:
        """Let the kit's dialplan know these from now on."""
        self._settings = settings
        if self._switch.is_connected:
            try:
                for key, value in settings.items():
                    self._switch.publish_setting(key, value)
            except PbxError as error:
                log.warning("the kit was not told", extra={"reason": str(error)})

    def stop(self) -> None:
        """Ask ``run`` to return."""
        self._stopping.set()

    @property
    def dropped(self) -> int:
        """Events dropped under overload."""
        return self._inbox.dropped

    @property
    def waiting(self) -> int:
        """Events read and not handled yet."""
        return len(self._inbox)

    def _stay_connected(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            self._manager.alive()
            longest = LONGEST_PAUSE
            try:
                self._connect()
                pause = FIRST_PAUSE
                self._handle_events()
                why = self._switch.loss
            except LinkRefusedError:
                raise
            except LinkAbsentError as error:
                why, longest = str(error), LONGEST_ABSENCE
            except PbxError as error:
                why = str(error)
            self.connected_since = None
            if self._stopping.is_set():
                return
            log.warning("no link to FreeSWITCH", extra={"reason": why, "retry_in": f"{pause:.1f}"})
            self._manager.status(f"No link to FreeSWITCH: {why}")
            self._switch.disconnect()
            # Jitter: several daemons on one FreeSWITCH shall not come back in the same instant.
            self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, longest)

    def _connect(self) -> None:
        """Subscribe first, then tell the gate, then take a snapshot; what comes meanwhile waits."""
        self._inbox = Inbox()
        self._switch.connect(self._inbox.put)
        self._heard = self._clock.monotonic()
        self._hear_clock()
        # The gate before anything else: after a restart of FreeSWITCH it is empty. Where there are
        # thousands of blocks, calls do not wait for the oldest of them.
        gevent.spawn(self._tell_gate).join(GATE_FIRST)
        self._spool.locate(self._switch.storage_folder())
        self.publish_settings(self._settings)
        self._attempts.forget_gates()
        self._resync()
        self.connects += 1
        self.connected_since = self._clock.now()
        log.info("connected to FreeSWITCH", extra={"legs": len(self._tracker.legs)})
        self._manager.status("Connected to FreeSWITCH")
        if self._is_recovered and not self._reclaim.is_done:
            gevent.spawn(self._adopt)
        self._board.send_unsent()
        self._next_look = self._clock.monotonic() + SECOND_LOOK

    def _tell_gate(self) -> None:
        try:
            self._blocking.publish_all()
            self._provisioning.publish_all()
        except PbxRejectedError as error:
            # Calls are still ended, and refused by ourselves, without mod_hash.
            log.error("the gate cannot be told", extra={"error": str(error)})
        except PbxError as error:
            log.warning("the gate was not told", extra={"reason": str(error)})

    def _adopt(self) -> None:
        try:
            self._reclaim.step()
        except PbxError as error:
            log.warning("the gate was not read", extra={"reason": str(error)})

    def _resync(self) -> None:
        inbox, known = self._inbox, frozenset(self._tracker.legs)
        # Before it: what is dropped while the snapshot is on its way may be missing in it.
        had_gap, inbox.has_gap = inbox.has_gap, False
        try:
            snapshot = self._switch.snapshot(known)
        except PbxError:
            inbox.has_gap = had_gap or inbox.has_gap
            raise
        self.resyncs += 1
        adopted = self._tracker.resync(snapshot, known, yield_to_others)
        if adopted:
            gevent.spawn(self._describe, adopted)

    def _describe(self, legs: list[str]) -> None:
        """Ask for what a snapshot does not tell: groups and agents, and who has gone since."""
        try:
            for leg in legs:
                known = self._tracker.legs.get(leg)
                if known is None:
                    continue
                body = self._switch.describe(leg)
                if body is not None:
                    self._tracker.leg_described(self._decoder.event(body))
                elif self._tracker.legs.get(leg) is known:
                    # Nothing will ever tell of its end: that was before it was adopted.
                    self._tracker.lose(known)
        except (PbxError, ValueError) as error:
            log.warning("a leg was not described", extra={"reason": str(error)})

    def _look_again_when_due(self, inbox: Inbox) -> None:
        """Beside the events: they go on meanwhile."""
        if self._clock.monotonic() > self._next_look:
            self._next_look = math.inf
            gevent.spawn(self._look_again, inbox)

    def _look_again(self, inbox: Inbox) -> None:
        """Correct what the first snapshot, which lags, said of legs that were just going."""
        if inbox is self._inbox and self._switch.is_connected:
            try:
                self._resync()
            except PbxError as error:
                log.warning("no second snapshot", extra={"reason": str(error)})

    def _last_words(self) -> None:
        deadline = self._clock.monotonic() + LAST_WORDS
        while self._journal.pending and self._clock.monotonic() < deadline:
            self._journal.flush()
            gevent.sleep(0.01)

    # Events

    def _handle_events(self) -> None:
        """Handle events in slices until the link is lost or the daemon stops."""
        inbox, mended = self._inbox, 0.0
        while self._switch.is_connected and not self._stopping.is_set():
            self._manager.alive()
            inbox.wait(0.5)
            started = time.perf_counter()
            while (body := inbox.take()) is not None:
                self._heard = self._clock.monotonic()
                self._handle(body)
                if time.perf_counter() - started > SLICE:
                    self._manager.alive()
                    yield_to_others()
                    self._look_again_when_due(inbox)
                    if inbox.has_gap and self._clock.monotonic() - mended > BETWEEN_RESYNCS:
                        break
                    started = time.perf_counter()
            if inbox.has_gap:
                # Not only when nothing waits any more: under overload that may take for ever.
                log.warning("events were dropped", extra={"dropped": inbox.dropped})
                self._resync()
                mended = self._clock.monotonic()
                self._next_look = mended + SECOND_LOOK
            self._look_again_when_due(inbox)

    def _handle(self, body: bytes) -> None:
        self.events += 1
        try:
            event = self._decoder.event(body)
        except ValueError as error:
            self.undecodable += 1
            log.warning("an event could not be read", extra={"error": str(error)})
            return
        try:
            self._handle_event(event, body)
        except Exception:
            # One event that breaks a rule we believe in must not end everybody's calls.
            log.exception("an event was not understood", extra={"event": event.name})

    def _handle_event(self, event: wire.Event, body: bytes) -> None:
        handler = self._handlers.get(event.name)
        if handler is not None:
            handler(event)
        elif event.name == wire.CUSTOM:
            self._handle_custom(event, body)
        elif event.name == wire.HEARTBEAT:
            self._heartbeat(event)
        elif event.name == wire.RELOADXML:
            self._attempts.forget_gates()

    def _handle_custom(self, event: wire.Event, body: bytes) -> None:
        if event.subclass == wire.REQUEST:
            gevent.spawn(self._board.answer, self._decoder.request(body))
        elif event.subclass == wire.REPLY:
            self._board.heard(self._decoder.request(body).request)
        elif event.subclass == wire.CONFERENCE:
            if event.action == wire.JOINED:
                self._tracker.leg_joined(event)
        elif event.subclass == wire.SURVEY:
            self._surveys.told(wire.read_loosely(body))

    def _heartbeat(self, event: wire.Event) -> None:
        if event.at.isdigit():
            self.lag = self._clock.now() - int(event.at) / 1e6

    def _look_at(self, leg: Leg) -> None:
        block = self._attempts.look_at(leg)
        if block is not None:
            gevent.spawn(self._attempts.enforce, block, leg.uuid, leg.number, leg.context)

    def _look_after(self, call: Call) -> None:
        if self._surveys.is_to_be_armed(call):
            gevent.spawn(self._surveys.settle, call)

    # The other loops

    def _recover(self) -> None:
        """Take over what the store knows as soon as it can be read."""
        while not self._recovery.step():
            gevent.sleep(LONGEST_PAUSE)
        self._is_recovered = True
        if self._switch.is_connected:
            try:
                self._blocking.publish_all()
                self._provisioning.publish_all()
                self._resync()
            except PbxError as error:
                log.warning("the gate was not told", extra={"reason": str(error)})

    def _write(self) -> None:
        while True:
            if self._journal.wait_for_work():
                self._journal.flush()
            else:
                self._journal.prove()

    def _retain(self) -> None:
        while True:
            gevent.sleep(self._retention.step())

    def _expire(self) -> None:
        while not self._clock.is_known:
            # Ours may have been set meanwhile, and the gate goes by FreeSWITCH's.
            gevent.sleep(1.0)
        while True:
            gevent.sleep(self._scheduler.step())

    def _collect(self) -> None:
        """Take in what surveys left behind while nobody listened."""
        while True:
            try:
                self._surveys.empty_spool()
            except OSError as error:
                log.warning("the survey's spool cannot be read", extra={"error": str(error)})
            gevent.sleep(SPOOL_PERIOD)

    def _reload(self) -> None:
        """Read the configuration again whenever SIGHUP asked for it."""
        while True:
            self._reloading.wait()
            self._reloading.clear()
            self._reloader.reload()

    def _watch(self) -> None:
        """Find a link dead that only looks alive."""
        while True:
            gevent.sleep(1.0)
            if self._switch.is_connected and self._clock.monotonic() - self._heard > SILENCE:
                log.warning("FreeSWITCH is silent", extra={"seconds": int(SILENCE)})
                self._switch.disconnect()

    def _hurry(self) -> None:
        """Let no event wait in FreeSWITCH for longer than ``BEAT``.

        By itself it hands them over every 20 ms, and a board waits for as long again: an agent's
        click took 41 ms instead of 21.
        """
        while True:
            gevent.sleep(BEAT)
            if self._switch.is_connected:
                with suppress(PbxError):
                    self._switch.hurry()

    def _beat(self) -> None:
        """Prove now and then that commands are still answered, and that FreeSWITCH still knows what
        it was told."""
        while True:
            is_told = self._blocking.is_told and self._surveys.is_settled
            gevent.sleep(PULSE if is_told else PULSE_UNTOLD)
            if self._switch.is_connected:
                try:
                    self._feel_pulse()
                except PbxError as error:
                    log.warning("FreeSWITCH answers no command", extra={"reason": str(error)})
                    self._switch.disconnect()

    def _feel_pulse(self) -> None:
        self._hear_clock()
        if self._clock.monotonic() - self._heard > PULSE:
            self._switch.prove_events()
        self._surveys.settle_rest()
        if self._blocking.is_being_told:
            return
        if self._blocking.is_told and all(map(self._switch.has_setting, self._settings)):
            if self._is_recovered and not self._reclaim.is_done:
                self._adopt()
            return
        # FreeSWITCH was not ready, or mod_hash was loaded anew and knows nothing any more.
        try:
            self._blocking.publish_all()
            self._provisioning.publish_all()
            self.publish_settings(self._settings)
            log.warning("the gate was told again")
        except PbxRejectedError as error:
            log.warning("the gate cannot be told yet", extra={"error": str(error)})

    def _hear_clock(self) -> None:
        try:
            news = self._clock.hear(self._switch.clock())
        except PbxRejectedError as error:
            log.warning("FreeSWITCH does not tell the time", extra={"error": str(error)})
            return
        if abs(news) > NEWS:
            log.warning(
                "FreeSWITCH's clock is another one than it was",
                extra={"seconds": round(news), "ahead_of_ours": round(self._clock.offset)},
            )
