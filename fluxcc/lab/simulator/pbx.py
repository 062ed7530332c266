"""The simulator's parts, and what acts on all of them at once.

Its counterparts are ``server.py`` on the outside, and ``assembly.py``, which gives it the commands
(``api/``), the applications and the scripts. It imports none of these: they act on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import gevent

from .bridging import Bridges
from .callcenter import CallCenter
from .channel import Channel
from .conference import Conferences
from .configuration import Configuration
from .dialing import Dialer
from .events import EventBus
from .expansion import expand
from .fifo import Fifos
from .hashtable import HashTable
from .loopback import Loopbacks
from .outside import Outside
from .routing import Router
from .signalling import Signalling
from .switchboard import Switchboard
from .telephones import Telephones
from .valet import ValetParking
from .xmlcurl import MODULE, XmlCurl

HEARTBEAT_SECONDS = 20
MODULES = frozenset(
    f"mod_{name}"
    for name in (
        *("callcenter", "commands", "conference", "dialplan_xml", "dptools", "event_socket"),
        *("expr", "fifo", "hash", "loopback", "lua", "sofia", "valet_parking"),
    )
)


Application = Callable[["Pbx", Channel, str], None]
"""What a dialplan does with a leg: the PBX, the leg, the application's argument."""


class Commands(Protocol):
    """The api commands."""

    VERSION: str

    def run(self, pbx: Pbx, text: str) -> str:
        """Run ``COMMAND ARGUMENTS``; the answer may be empty."""

    def has(self, pbx: Pbx, name: str) -> bool:
        """Whether there is such a command, and its module is loaded."""


class ScriptRunner(Protocol):
    """mod_lua."""

    def run_on(self, leg: Channel, command: str) -> None:
        """``lua`` in a dialplan."""

    def run_api(self, command: str) -> str:
        """``api lua``."""


class Pbx:
    """A PBX made from a configuration folder; everything it knows is in memory."""

    def __init__(
        self,
        folder: Path,
        *,
        commands: Commands,
        applications: Mapping[str, Application],
        script_runner: Callable[[Pbx], ScriptRunner],
    ) -> None:
        self._commands = commands
        self.started = time.time()
        self.modules = set(MODULES)
        self.has_tables = True
        """Whether ``show`` lists anything; with ``-nosql`` it does not."""
        self.bus = EventBus()
        self.configuration = Configuration(folder)
        self.switchboard = Switchboard(self.bus)
        self.hash = HashTable()
        self.telephones = Telephones(self.bus, self.switchboard)
        self.outside = Outside(self.switchboard, self.configuration, self.telephones)
        self.xml_curl = XmlCurl(self.configuration, lambda: MODULE in self.modules)
        self.router = Router(
            self.switchboard,
            self.configuration,
            self.xml_curl,
            {name: partial(run, self) for name, run in applications.items()},
            self.expand_api,
        )
        self.bridges = Bridges(self.switchboard, self.router)
        self.loopbacks = Loopbacks(
            self.switchboard,
            self.router.route,
            self.bridges.bridge_now,
        )
        self.dialer = Dialer(
            self.switchboard,
            self.configuration,
            self.outside,
            self.loopbacks,
            self.expand_without_leg,
        )
        self.callcenter = CallCenter(
            self.bus, self.switchboard, self.dialer, self.bridges, self.configuration
        )
        self.valet = ValetParking(self.bus, self.switchboard, self.bridges)
        self.signalling = Signalling(self.switchboard, self.bridges)
        self.fifos = Fifos(self.bus, self.switchboard, self.bridges)
        self.conferences = Conferences(self.bus, self.configuration, self.switchboard)
        self.scripts = script_runner(self)

    def api(self, command: str) -> str:
        """Run an api command as a client of the event socket sends it."""
        return self._commands.run(self, command)

    def send_heartbeats(self, sleep: Callable[[float], object] = gevent.sleep) -> None:
        """HEARTBEAT for ever, the first one after a whole interval."""
        while True:
            sleep(HEARTBEAT_SECONDS)
            self.bus.fire(
                "HEARTBEAT",
                {
                    "Event-Info": "System Ready",
                    "Up-Time": f"{time.time() - self.started:.0f} seconds",
                    "FreeSWITCH-Version": self._commands.VERSION,
                    "Uptime-msec": str(int((time.time() - self.started) * 1000)),
                    "Session-Count": str(len(self.switchboard)),
                    "Max-Sessions": "20000",
                    "Session-Per-Sec": "2000",
                    "Session-Since-Startup": str(self.switchboard.sessions_since_start),
                    "Idle-CPU": "100.000000",
                },
            )

    def expand_without_leg(self, text: str) -> str:
        """``text`` with global variables and api answers filled in."""
        variables = self.configuration.variables
        return expand(text, lambda name: variables.get(name, ""), self.expand_api)

    def expand_api(self, name: str, arguments: str) -> str:
        """``${name(arguments)}``: nothing where there is no such command."""
        return self.api(f"{name} {arguments}") if self._commands.has(self, name) else ""
