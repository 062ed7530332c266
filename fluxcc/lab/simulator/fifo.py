"""mod_fifo: callers who wait in a queue, consumers who fetch them, and fifo::info.

Its counterpart is the application ``fifo``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import gevent

from .bridging import Bridges
from .channel import Channel, Headers, State
from .events import EventBus
from .switchboard import Switchboard

SUBCLASS = "fifo::info"

WRAP_UP = 5.0
"""Seconds in which a waiting consumer is left alone after a call."""

TAKES_OVER = 0.02
"""Seconds until a caller who was fetched has left the queue."""


@dataclass
class Queue:
    """One fifo."""

    name: str
    callers: list[Channel] = field(default_factory=list)
    consumers: list[Channel] = field(default_factory=list)


class Fifos:
    """All of them; each begins when it is first named."""

    def __init__(self, bus: EventBus, switchboard: Switchboard, bridges: Bridges) -> None:
        self._bus = bus
        self._switchboard = switchboard
        self._bridges = bridges
        self._queues: dict[str, Queue] = {}

    def enter(self, leg: Channel, text: str) -> None:
        """``NAME in`` or ``NAME out wait|nowait``."""
        name, what, how = [*text.split(), "", "", ""][:3]
        queue = self._queues.setdefault(name, Queue(name))
        self._switchboard.answer(leg)
        if what == "out":
            self._consume(queue, leg, waits=how != "nowait")
        else:
            self._wait_in(queue, leg)

    def _wait_in(self, queue: Queue, leg: Channel) -> None:
        queue.callers.append(leg)
        self._say(queue, leg, "push", ("FIFO-Slot", str(len(queue.callers) - 1)))
        now = _stamp()
        leg.variables |= {
            "fifo_position": str(len(queue.callers)),
            "fifo_priority": "0",
            "fifo_status": "WAITING",
            "fifo_timestamp": now,
            "fifo_push_timestamp": now,
        }
        for consumer in queue.consumers:
            consumer.changed()
        leg.wait(lambda: leg.is_called_away)
        if leg in queue.callers:
            queue.callers.remove(leg)
            leg.variables |= {"fifo_status": "ABORTED", "fifo_timestamp": _stamp()}
            self._say(queue, leg, "abort")

    def _consume(self, queue: Queue, leg: Channel, *, waits: bool) -> None:
        self._say(queue, leg, "consumer_start")
        leg.variables |= {"fifo_status": "WAITING", "fifo_timestamp": _stamp()}
        while not leg.is_called_away:
            if waits:
                self._wait_for_caller(queue, leg)
            if leg.is_called_away or not queue.callers:
                break
            self._serve(queue, leg, queue.callers.pop(0))
            if leg.is_called_away or not waits:
                break
            self._wrap_up(queue, leg)
        self._say(queue, leg, "consumer_stop")

    def _wait_for_caller(self, queue: Queue, leg: Channel) -> None:
        queue.consumers.append(leg)
        leg.wait(lambda: leg.is_called_away or bool(queue.callers))
        queue.consumers.remove(leg)

    def _wrap_up(self, queue: Queue, leg: Channel) -> None:
        leg.variables["fifo_status"] = "WRAPUP"
        self._say(queue, leg, "consumer_wrapup")
        wanted = leg.variable("fifo_consumer_wrapup_time")
        leg.wait(
            lambda: leg.is_called_away, timeout=int(wanted) / 1000 if wanted.isdigit() else WRAP_UP
        )
        if not leg.is_called_away:
            leg.variables["fifo_status"] = "WAITING"
            self._say(queue, leg, "consumer_reentrance")

    def _serve(self, queue: Queue, leg: Channel, caller: Channel) -> None:
        with caller.held():
            self._say(queue, caller, "caller_pop")
            self._say(queue, leg, "consumer_pop", ("FIFO-Caller-UUID", caller.uuid))
            self._switchboard.redirect(caller, lambda: self._hibernate(caller))
            gevent.sleep(TAKES_OVER)
            if caller.is_called_away:
                return
            self._begin(queue, leg, caller)
            begun = time.time()
            self._bridges.talk(leg, caller)
            self._end(queue, leg, caller, begun)

    def _begin(self, queue: Queue, leg: Channel, caller: Channel) -> None:
        leg.meets("originatee", caller)
        caller.meets("originator", leg)
        self._bridges.show_each_other(leg, caller)
        caller.variables |= {"fifo_serviced_by": leg.uuid, "fifo_serviced_uuid": leg.uuid}
        for one, partner, role in ((leg, caller, "consumer"), (caller, leg, "caller")):
            one.variables |= {
                "fifo_status": "TALKING",
                "fifo_target": partner.uuid,
                "fifo_timestamp": _stamp(),
                "fifo_epoch_start_bridge": str(int(time.time())),
                "fifo_role": role,
            }
        self._say(queue, leg, "channel-consumer-start", ("FIFO-Type", "onhook"))
        self._say(queue, leg, "bridge-consumer-start")
        self._say(queue, caller, "bridge-caller-start")
        for one, role in ((leg, "consumer"), (caller, "caller")):
            one.variables |= {"fifo_initiated_bridge": "true", "fifo_bridge_role": role}

    def _end(self, queue: Queue, leg: Channel, caller: Channel, begun: float) -> None:
        talked = time.time() - begun
        self._say(
            queue,
            leg,
            "channel-consumer-stop",
            ("FIFO-Type", "onhook"),
            *_times("Consumer-Bridge", leg.bridged_us / 1_000_000),
            *_times("Consumer-Talk", talked),
            *_times("Consumer-Hold", 0),
        )
        self._say(queue, leg, "bridge-consumer-stop")
        times = [*_times("Caller-Talk", talked), *_times("Caller-Hold", 0)]
        self._say(queue, caller, "bridge-caller-stop", *times)
        for one, status in ((leg, "WAITING"), (caller, "DONE")):
            one.variables |= {
                "fifo_epoch_stop_bridge": str(int(time.time())),
                "fifo_bridge_seconds": str(int(talked)),
                "fifo_status": status,
                "fifo_timestamp": _stamp(),
            }

    def _hibernate(self, leg: Channel) -> None:
        leg.state = State.CS_HIBERNATE
        leg.wait(lambda: leg.is_called_away)

    def _say(self, queue: Queue, leg: Channel, action: str, *more: tuple[str, str]) -> None:
        what: Headers = [("FIFO-Name", queue.name), ("FIFO-Action", action), *more]
        self._bus.fire("CUSTOM", [*leg.headers(), *what], subclass=SUBCLASS)


def _stamp() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _times(what: str, seconds: float) -> list[tuple[str, str]]:
    units = {"us": 1_000_000, "ms": 1000, "s": 1}
    return [(f"FIFO-{what}-Time-{unit}", str(int(seconds * n))) for unit, n in units.items()]
