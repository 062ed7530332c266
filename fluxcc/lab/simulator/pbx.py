"""The one place where the simulator's parts meet.

Its counterparts are ``server.py`` on the outside and ``applications.py`` and ``api/`` on the
inside, which act on the whole PBX.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gevent

from . import api
from .applications import APPLICATIONS
from .bridging import Bridges
from .callcenter import CallCenter
from .conference import Conferences
from .configuration import Configuration
from .dialing import Dialer
from .events import EventBus
from .hashtable import HashTable
from .outside import Outside
from .routing import Router
from .scripts import Scripts
from .switchboard import Switchboard

HEARTBEAT_SECONDS = 20
MODULES = frozenset(
    f"mod_{name}"
    for name in (
        *("callcenter", "commands", "conference", "dialplan_xml", "dptools", "event_socket"),
        *("expr", "hash", "lua", "sofia"),
    )
)


class Pbx:
    """A PBX made from a configuration folder; everything it knows is in memory."""

    def __init__(self, folder: Path) -> None:
        self.started = time.time()
        self.modules = set(MODULES)
        self.bus = EventBus()
        self.configuration = Configuration(folder)
        self.switchboard = Switchboard(self.bus)
        self.hash = HashTable()
        self.outside = Outside(self.switchboard)
        self.dialer = Dialer(self.switchboard, self.configuration, self.outside)
        self.router = Router(
            self.switchboard,
            self.configuration,
            {name: partial(run, self) for name, run in APPLICATIONS.items()},
            self.expand_api,
        )
        self.bridges = Bridges(self.switchboard, self.router)
        self.callcenter = CallCenter(self.bus, self.dialer, self.bridges, self.configuration)
        self.conferences = Conferences(self.bus, self.configuration)
        self.scripts = Scripts(self)

    def api(self, command: str) -> str:
        """Run an api command as a client of the event socket sends it."""
        return api.run(self, command)

    def beat(self, sleep: Callable[[float], object] = gevent.sleep) -> None:
        """HEARTBEAT for ever, the first one after a whole interval."""
        while True:
            sleep(HEARTBEAT_SECONDS)
            self.bus.fire(
                "HEARTBEAT",
                {
                    "Event-Info": "System Ready",
                    "Up-Time": f"{time.time() - self.started:.0f} seconds",
                    "FreeSWITCH-Version": api.VERSION,
                    "Uptime-msec": str(int((time.time() - self.started) * 1000)),
                    "Session-Count": str(len(self.switchboard)),
                    "Max-Sessions": "20000",
                    "Session-Per-Sec": "2000",
                    "Session-Since-Startup": str(self.switchboard.sessions_since_start),
                    "Idle-CPU": "100.000000",
                },
            )

    def expand_api(self, name: str, arguments: str) -> str:
        """``${name(arguments)}``: nothing where there is no such command."""
        return self.api(f"{name} {arguments}") if api.has(self, name) else ""
