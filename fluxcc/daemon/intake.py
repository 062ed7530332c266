"""Takes events from the inbox to their handlers, by a table from name and subclass to handler.

Events are handled in slices of a few milliseconds, so that other greenlets can run in between.
Counterparts: ``pbx.inbox`` holds the waiting events, ``session`` calls ``take_slice``.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from fluxcc.core.core import Core
from fluxcc.doors.board import Board
from fluxcc.pbx import events, json_texts
from fluxcc.pbx.inbox import Inbox
from fluxcc.pbx.link import yield_to_others

SLICE_SECONDS = 0.005
"""Seconds for which events are handled before other greenlets may run."""
Handler = Callable[[events.Event, bytes], None]
"""Called with an event and its body, from which it may read further headers."""

log = logging.getLogger(__name__)


class Intake:
    """One per daemon."""

    def __init__(self, decoder: events.Decoder, core: Core, board: Board) -> None:
        self._decoder = decoder
        self._core = core
        self.board = board
        self._clock = core.clock
        self.last_heard = core.clock.monotonic()
        """When the last event came, on the monotonic clock."""
        self.last_request = -math.inf
        """When the last request came, on the monotonic clock."""
        self.handled = 0
        """Events handled since the daemon started."""
        self.undecodable = 0
        self._has_request = False
        """Whether the event that is being handled is a request."""
        self.lag = 0.0
        """Seconds from the time stamp of the last heartbeat to the moment it was handled."""
        self._handlers: dict[tuple[str, str], Handler] = {
            (events.HEARTBEAT, ""): self._heartbeat,
            (events.RELOADXML, ""): self._dialplan_changed,
            (events.MODULE_LOAD, ""): self._module_loaded,
            (events.MODULE_UNLOAD, ""): self._module_unloaded,
            **{(events.CUSTOM, cache): self._dialplan_changed for cache in events.FUSIONPBX_CACHES},
            (events.CUSTOM, events.REQUEST): self._requested,
            (events.CUSTOM, events.REPLY): self._reply_came_back,
            (events.CUSTOM, events.CONFERENCE): self._conference_changed,
            (events.CUSTOM, events.VALET): self._lot_changed,
            (events.CUSTOM, events.SURVEY): self._survey_answered,
            (events.CUSTOM, events.REGISTERED): self._telephone_registered,
        }
        self._leg_handlers = {
            name: getattr(core.tracker, method) for name, method in events.LEG_EVENTS.items()
        }

    def take_slice(self, inbox: Inbox) -> bool:
        """Handle waiting events, for ``SLICE_SECONDS`` at most; whether more may be waiting."""
        started = time.perf_counter()
        while (body := inbox.take()) is not None:
            self.last_heard = self._clock.monotonic()
            self._has_request = False
            self.handle(body)
            # A request is begun before the events after it are handled: it means the call that its
            # agent had when it was fired, and not the one that came next.
            if self._has_request or time.perf_counter() - started > SLICE_SECONDS:
                yield_to_others()
                return True
        return False

    def handle(self, body: bytes) -> None:
        """Handle one event. An exception is logged, so that the next event is handled."""
        self.handled += 1
        try:
            event = self._decoder.event(body, self._core.tracker.legs)
        except ValueError as error:
            self.undecodable += 1
            log.warning("an event could not be read", extra={"error": str(error)})
            return
        try:
            # Nearly every event is about a leg, and its handler needs nothing more of the body.
            leg_handler = self._leg_handlers.get(event.name)
            if leg_handler is not None:
                leg_handler(event)
                return
            handler = self._handlers.get((event.name, event.subclass))
            if handler is not None:
                handler(event, body)
        except Exception:
            # One event that the daemon cannot handle must not end it.
            log.exception("an event could not be handled", extra={"event": event.name})

    def _requested(self, event: events.Event, body: bytes) -> None:
        self._has_request = True
        self.last_request = self._clock.monotonic()
        self.board.receive(self._decoder.request(body), self._age(event))

    def _reply_came_back(self, event: events.Event, body: bytes) -> None:
        self.board.reply_came_back(self._decoder.request(body).request)

    def _conference_changed(self, event: events.Event, body: bytes) -> None:
        if event.action == events.JOINED:
            self._core.tracker.leg_joined(event)
        elif event.action == events.LEFT:
            self._core.tracker.leg_left(event)

    def _lot_changed(self, event: events.Event, body: bytes) -> None:
        if event.action == events.PARKED:
            self._core.tracker.leg_parked(event)
        else:
            self._core.tracker.leg_unparked(event)

    def _survey_answered(self, event: events.Event, body: bytes) -> None:
        self._core.surveys.note_answer(json_texts.read_loosely(body))

    def _telephone_registered(self, event: events.Event, body: bytes) -> None:
        self._core.telephone_registered(self._decoder.registered(body))

    def _dialplan_changed(self, event: events.Event, body: bytes) -> None:
        self._core.gates.doubt()

    def _module_loaded(self, event: events.Event, body: bytes) -> None:
        if self._decoder.is_of_hash(body):
            log.warning("mod_hash was loaded; blocks, rooms and settings are published again")
            self._core.hash_loaded()

    def _module_unloaded(self, event: events.Event, body: bytes) -> None:
        if self._decoder.is_of_hash(body):
            log.error(
                "mod_hash was unloaded: the gate refuses nobody, and the daemon ends the calls of"
                " blocked callers itself until it is loaded again (fs_cli -x 'load mod_hash')"
            )
            self._core.gate_table.doubt()

    def _heartbeat(self, event: events.Event, body: bytes) -> None:
        self.lag = self._age(event)

    def _age(self, event: events.Event) -> float:
        """Seconds since FreeSWITCH fired it; 0 where it does not say."""
        return self._clock.now() - int(event.at) / 1e6 if event.at.isdigit() else 0.0
