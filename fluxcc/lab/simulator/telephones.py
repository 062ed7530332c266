"""Telephones that register, and people outside who can be dialled: each with its calls.

Their counterparts are ``api/telephones.py``, which uses them, and ``outside.py``, which hands a
call to the telephone at its address.
"""

from __future__ import annotations

import itertools
import time
from typing import Literal

import gevent
from gevent.event import Event as Signal

from .causes import CAUSES
from .channel import Channel
from .events import EventBus, Value
from .switchboard import Switchboard

REGISTER, UNREGISTER = "sofia::register", "sofia::unregister"
DECIDES = 0.003
"""Seconds until a telephone has done what it does with a call."""

REFUSALS = {"busy": ("USER_BUSY", 486), "decline": ("CALL_REJECTED", 603)}
ANSWERS = ("answer", "ring", "early", *REFUSALS)

LineState = Literal["new", "ringing", "up", "ended"]
STATES: dict[LineState, int] = {"new": 0, "ringing": 1, "up": 2, "ended": 3}


class Line:
    """One call on a telephone, told from its leg."""

    def __init__(self, device: Device, leg: Channel, number: str, *, is_incoming: bool) -> None:
        self.device = device
        self.leg = leg
        self.number = number
        self.is_incoming = is_incoming
        self.is_picked = not is_incoming
        self._refusal = 0

    @property
    def state(self) -> LineState:
        """Where the call is."""
        if self.leg.is_ended:
            return "ended"
        if self.leg.is_answered:
            return "up"
        return "ringing" if self.is_incoming or self._rings() else "new"

    @property
    def status(self) -> int:
        """The last SIP status."""
        if self.leg.is_answered:
            return 200
        if self.leg.is_ended:
            return self._refusal or (487 if self.is_incoming else CAUSES[self.leg.cause].sip_status)
        if self.leg.early_us:
            return 183
        return 180 if self._rings() else 0

    def refuse(self, status: int) -> None:
        """It was refused here."""
        self._refusal = status

    def wait(self, state: LineState, timeout: float) -> None:
        """Return once it is there, or the time is over."""
        self.leg.wait(lambda: STATES[self.state] >= STATES[state], timeout=timeout)

    def _rings(self) -> bool:
        return bool(self.leg.progress_us or self.leg.early_us)


class Device:
    """One telephone at an address (``2000@127.0.0.1:5091``)."""

    def __init__(self, user: str, domain: str, address: str) -> None:
        self.user = user
        self.domain = domain
        self.address = address
        self.answers = "answer"
        self.registered_until = 0.0
        self.lines: list[Line] = []
        self._rang = Signal()

    def keep(self, line: Line) -> None:
        """It has one more call."""
        self.lines.append(line)
        self._rang.set()

    def incoming(self, timeout: float) -> Line | None:
        """The next call that came in and was not returned yet."""
        with gevent.Timeout(timeout, False):
            while True:
                self._rang.clear()
                for line in self.lines:
                    if not line.is_picked:
                        line.is_picked = True
                        return line
                self._rang.wait()
        return None


class Telephones:
    """All of them, by address; and who is registered."""

    def __init__(self, bus: EventBus, switchboard: Switchboard) -> None:
        self._bus = bus
        self._switchboard = switchboard
        self._devices: dict[str, Device] = {}
        self._contacts: dict[tuple[str, str], list[str]] = {}
        self._lines: dict[str, Line] = {}

    def add(self, user: str, domain: str, port: str) -> Device:
        """One more telephone of this user; its Contact differs from those of the others."""
        for count in itertools.count(1):
            address = f"{user if count == 1 else f'{user}-{count}'}@127.0.0.1:{port}"
            if address not in self._devices:
                break
        device = self._devices[address] = Device(user, domain, address)
        return device

    def register(self, device: Device, seconds: float) -> None:
        """REGISTER for so long; 0 is the end of it."""
        is_there = seconds > 0
        device.registered_until = time.time() + seconds
        contacts = self._contacts.setdefault((device.user, device.domain), [])
        if is_there and device.address not in contacts:
            contacts.append(device.address)
        elif not is_there and device.address in contacts:
            contacts.remove(device.address)
        self._tell(device, seconds)

    def contacts(self, user: str, domain: str) -> list[str]:
        """Where a registered user is reached."""
        return list(self._contacts.get((user, domain), ()))

    def registered(self) -> list[Device]:
        """Every telephone that is registered."""
        return [self._devices[one] for some in self._contacts.values() for one in some]

    def device(self, address: str) -> Device | None:
        """The telephone at an address."""
        return self._devices.get(address)

    def line(self, uuid: str) -> Line | None:
        """The call that came of this leg, also after its end."""
        return self._lines.get(uuid)

    def dialled(self, device: Device, leg: Channel, number: str) -> Line:
        """A telephone dialled, and the leg came of it."""
        line = Line(device, leg, number, is_incoming=False)
        return self._keep(line)

    def ring(self, device: Device, leg: Channel) -> None:
        """An INVITE reaches a telephone."""
        line = self._keep(Line(device, leg, leg.profile.caller_number, is_incoming=True))
        gevent.spawn(self._respond, line)

    def answer(self, line: Line) -> None:
        """200."""
        self._switchboard.answer(line.leg)

    def hold(self, line: Line) -> None:
        """re-INVITE with ``a=sendonly``."""
        self._switchboard.hold(line.leg)

    def resume(self, line: Line) -> None:
        """re-INVITE with ``a=sendrecv``."""
        self._switchboard.resume(line.leg)

    def hang_up(self, line: Line) -> None:
        """BYE, CANCEL or 486, whichever fits."""
        if line.leg.is_answered:
            self._leave(line, "NORMAL_CLEARING", "recv_bye")
        elif line.is_incoming:
            self._refuse(line, "busy")
        else:
            self._leave(line, "ORIGINATOR_CANCEL", "recv_cancel")

    def _tell(self, device: Device, seconds: float) -> None:
        """As mod_sofia tells that a telephone has come or gone."""
        host, _, port = device.address.partition("@")[2].partition(":")
        told: list[tuple[str, Value]] = [
            ("profile-name", "internal"),
            ("from-user", device.user),
            ("from-host", device.domain),
            ("contact", f'"" <sip:{device.address}>'),
            ("rpid", "unknown"),
            ("network-ip", host),
            ("network-port", port),
            ("username", device.user),
            ("realm", device.domain),
            ("user-agent", "unknown"),
            ("expires", f"{seconds:.0f}"),
        ]
        if seconds > 0:
            told += [("status", "Registered(UDP)"), ("to-user", device.user)]
            told += [("to-host", device.domain), ("presence-hosts", "n/a")]
        self._bus.fire("CUSTOM", told, subclass=REGISTER if seconds > 0 else UNREGISTER)

    def _keep(self, line: Line) -> Line:
        self._lines[line.leg.uuid] = line
        line.device.keep(line)
        return line

    def _respond(self, line: Line) -> None:
        gevent.sleep(DECIDES)
        answers = line.device.answers
        if answers in REFUSALS:
            self._refuse(line, answers)
        elif answers == "early":
            self._switchboard.pre_answer(line.leg)
        else:
            self._switchboard.progress(line.leg)
            if answers == "answer":
                self.answer(line)

    def _refuse(self, line: Line, how: str) -> None:
        cause, status = REFUSALS[how]
        line.refuse(status)
        self._leave(line, cause, "recv_refuse")

    def _leave(self, line: Line, cause: str, how: str) -> None:
        if not line.leg.is_ended:
            line.leg.hung_up_by = how
            self._switchboard.hang_up(line.leg, cause)
