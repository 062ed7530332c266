"""The globals of a script of mod_lua: the part of FreeSWITCH's API that the kit uses.

Its counterpart is ``scripts.py``, which puts these objects in front of a script. Names are
mod_lua's. Lua's texts are bytes: they come and go here as texts with one character a byte.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import gevent
from gevent.queue import Empty, Full, Queue

from .causes import cause_named
from .channel import Channel, Headers
from .dialplan import Action
from .events import EVENT_NAMES, Event
from .sounds import play

if TYPE_CHECKING:
    from .pbx import Pbx

_LOG = logging.getLogger(__name__)

BYTES = "latin-1"
MAX_QUEUED_EVENTS = 5_000
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
}


def to_pbx(text: str) -> str:
    """A text of the script's as the PBX keeps it."""
    return text.encode(BYTES).decode("utf-8", "surrogateescape")


def from_pbx(text: str) -> str:
    """A text of the PBX's for the script."""
    return text.encode("utf-8", "surrogateescape").decode(BYTES)


class Library:
    """The global ``freeswitch``."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._consumers: list[Consumer] = []

    def close(self) -> None:
        """Stop listening for a script that is over."""
        for consumer in self._consumers:
            consumer.close()

    def API(self) -> Api:  # noqa: N802
        """Runs commands."""
        return Api(self._pbx)

    def Event(self, name: str, subclass: str = "") -> Message:  # noqa: N802
        """An event of the script's own."""
        headers: Headers = [("Event-Subclass", to_pbx(subclass))] if subclass else []
        return Message(self._pbx, Event("CUSTOM" if subclass else name, headers))

    def EventConsumer(self, name: str | None = None, subclass: str = "") -> Consumer:  # noqa: N802
        """Hears events from now on."""
        consumer = Consumer(self._pbx)
        self._consumers.append(consumer)
        if name:
            consumer.bind(name, subclass)
        return consumer

    def consoleLog(self, level: str, text: str) -> None:  # noqa: N802
        """Log a line."""
        _LOG.log(_LEVELS.get(level.lower(), logging.ERROR), "%s", to_pbx(text).rstrip("\n"))

    def msleep(self, milliseconds: float) -> None:
        """Sleep."""
        gevent.sleep(milliseconds / 1000)


class Api:
    """``freeswitch.API()``"""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def execute(self, name: str, arguments: str = "") -> str:
        """A command's answer."""
        return self.executeString(f"{name} {arguments}")

    def executeString(self, command: str) -> str:  # noqa: N802
        """The same, with the command as one text."""
        return from_pbx(self._pbx.api(to_pbx(command)))


class Message:
    """``freeswitch.Event(…)``, or one that was heard."""

    def __init__(self, pbx: Pbx, event: Event) -> None:
        self._pbx = pbx
        self._event = event

    def addHeader(self, name: str, value: str) -> bool:  # noqa: N802
        """One more header."""
        self._event.headers.append((to_pbx(name), to_pbx(value)))
        return True

    def addBody(self, text: str) -> bool:  # noqa: N802
        """Set the body."""
        self._event.body = to_pbx(text)
        return True

    def getHeader(self, name: str) -> str | None:  # noqa: N802
        """A header's value."""
        value = self._event.get(to_pbx(name))
        return None if value is None else from_pbx(value)

    def getBody(self) -> str:  # noqa: N802
        """The body."""
        return from_pbx(self._event.body)

    def getType(self) -> str:  # noqa: N802
        """``CUSTOM``, …"""
        return self._event.name

    def fire(self) -> bool:
        """Send it."""
        self._pbx.bus.fire(self._event.name, self._event.headers, body=self._event.body)
        return True


class Consumer:
    """``freeswitch.EventConsumer(…)``"""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._wanted: set[tuple[str, str]] = set()
        self._heard: Queue[Event] = Queue(MAX_QUEUED_EVENTS)
        self._is_listening = True
        pbx.bus.listen(self._hear)

    def close(self) -> None:
        """Hear nothing any more."""
        if self._is_listening:
            self._is_listening = False
            self._pbx.bus.forget(self._hear)

    def cleanup(self) -> None:
        """mod_lua's name for it."""
        self.close()

    def bind(self, name: str, subclass: str = "") -> int:
        """Hear events of this name too, or of this subclass only."""
        name = name.upper()
        if name not in EVENT_NAMES:
            return 0
        self._wanted.add((name, to_pbx(subclass)))
        return 1

    def pop(self, is_blocking: float = 0, milliseconds: float = 0) -> Message | None:
        """The next event; with a true first argument it is waited for, by default for ever."""
        timeout = milliseconds / 1000 if milliseconds else None
        try:
            return Message(self._pbx, self._heard.get(bool(is_blocking), timeout))
        except Empty:
            return None

    def _hear(self, event: Event) -> None:
        names = {(event.name, event.get("Event-Subclass") or ""), (event.name, ""), ("ALL", "")}
        if names & self._wanted:
            try:
                self._heard.put_nowait(event)
            except Full:
                _LOG.warning("a script loses events that it does not take")


class Stream:
    """The global ``stream`` of ``api lua``."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Add to the answer."""
        self.text += to_pbx(text)


class Session:
    """The global ``session`` of a script that the dialplan runs on a leg."""

    def __init__(self, pbx: Pbx, leg: Channel) -> None:
        self._pbx = pbx
        self._leg = leg
        self.is_hung_up_at_the_end = False

    def ready(self) -> bool:
        """Whether the leg is still there and was not sent elsewhere."""
        return not self._leg.is_called_away

    def answer(self) -> int:
        """Answer the leg."""
        self._pbx.switchboard.answer(self._leg)
        return int(not self._leg.is_ended)

    def hangup(self, cause: str = "") -> None:
        """End the leg."""
        self._pbx.switchboard.hang_up(self._leg, cause_named(to_pbx(cause)))

    def getVariable(self, name: str) -> str | None:  # noqa: N802
        """A channel variable."""
        value = self._leg.variable(to_pbx(name))
        return from_pbx(value) if value else None

    def setVariable(self, name: str, value: str | None) -> None:  # noqa: N802
        """Set a channel variable; nothing or an empty value takes it away."""
        self._leg.set_variable(to_pbx(name), to_pbx(value or ""))

    def setAutoHangup(self, is_wanted: bool) -> int:  # noqa: N802
        """Whether the script's end is the leg's."""
        self.is_hung_up_at_the_end = is_wanted
        return 0

    def execute(self, application: str, data: str = "") -> None:
        """Run an application on the leg."""
        self._pbx.router.execute(self._leg, [Action(to_pbx(application), to_pbx(data))])

    def sleep(self, milliseconds: float) -> int:
        """Sleep, at most until the leg is called away."""
        self._leg.wait(lambda: self._leg.is_called_away, timeout=milliseconds / 1000)
        return 1

    def streamFile(self, sound: str) -> int:  # noqa: N802
        """Play a recording to its end."""
        return int(self.ready() and play(self._pbx, self._leg, to_pbx(sound)))

    def consoleLog(self, level: str, text: str) -> None:  # noqa: N802
        """Log a line."""
        Library(self._pbx).consoleLog(level, text)

    def playAndGetDigits(  # noqa: N802 - mod_lua's own
        self,
        fewest: float,
        most: float,
        tries: float,
        milliseconds: float,
        terminators: str,
        prompt: str,
        bad_prompt: str,
        pattern: str,
        variable: str = "",
        milliseconds_between: float = 0,
    ) -> str:
        """What the person on the leg presses, where it fits; otherwise an empty text.

        As in FreeSWITCH a key that is pressed during the prompt ends it and counts, one that was
        pressed before it, or during the prompt about a bad answer, does not, and where there is no
        such prompt nothing is waited for.
        """
        first = milliseconds / 1000
        between = milliseconds_between / 1000 or first
        for _ in range(int(tries)):
            if not self.ready():
                break
            digits = self._ask(to_pbx(prompt), int(most), terminators, first, between)
            if len(digits) >= fewest and digits and re.search(pattern, digits):
                if variable:
                    self.setVariable(variable, digits)
                return digits
            if self.ready():
                play(self._pbx, self._leg, to_pbx(bad_prompt))
        return ""

    def _ask(self, prompt: str, most: int, terminators: str, first: float, between: float) -> str:
        pressed = self._leg.digits
        pressed.clear()
        if not play(self._pbx, self._leg, prompt, lambda: bool(pressed)):
            return ""
        digits = ""
        while len(digits) < most:
            timeout = between if digits else first
            self._leg.wait(lambda: bool(pressed) or self._leg.is_called_away, timeout=timeout)
            if not pressed or self._leg.is_called_away:
                break
            key = pressed.pop(0)
            if key in terminators:
                break
            digits += key
        return digits
