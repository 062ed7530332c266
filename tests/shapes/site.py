"""A real FreeSWITCH with the configuration in ``conf/``, telephones that register, and a trunk.

The directory's users and the queues are written when it starts: 1,000 and 100 of them, so that many
shapes run side by side, each with its own.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fluxcc.kit import find_kit
from fluxcc.lab.freeswitch import FreeSwitch, find_freeswitch, missing_modules
from fluxcc.lab.ports import PortBlock
from fluxcc.lab.processes import ProcessGroup
from tests.testing.event_socket import EventSocket

from .domains import CONFIGURATION, GATEWAY, ONE, Home, site_configuration
from .media import Media
from .port import PATIENCE, LabError, Via
from .telephone import SipPort, SipTelephone

_FIRST = "2979"


def why_unavailable() -> str:
    """Why this machine cannot run the real site; empty if it can."""
    freeswitch = find_freeswitch()
    if freeswitch is None:
        return "no freeswitch here"
    missing = missing_modules(freeswitch, CONFIGURATION)
    return f"{freeswitch} lacks {', '.join(missing)}" if missing else ""


class RealSite:
    """``Site`` on a real FreeSWITCH. Everything it starts and writes is gone when it is left."""

    is_real = True

    def __init__(self, kit: Path | None = None, homes: Sequence[Home] = ONE) -> None:
        freeswitch = find_freeswitch()
        if freeswitch is None:
            raise LabError(why_unavailable())
        self.name = "FreeSWITCH"
        self.homes = homes
        self.host = "127.0.0.1"
        self.password = secrets.token_hex(16)
        self._outside: dict[tuple[str, Via], SipTelephone] = {}
        self._changing = threading.Lock()
        self._connections = threading.local()
        self._connecting = threading.Lock()
        with ExitStack() as opened:
            ports = PortBlock()
            opened.callback(ports.release)
            self.port = ports.event_socket
            folder = Path(tempfile.mkdtemp(prefix="fluxcc-site-"))
            opened.callback(shutil.rmtree, folder, ignore_errors=True)
            processes = ProcessGroup(folder)
            opened.callback(processes.kill)
            profiles = {
                "telephones": ports.internal,
                "trunk": ports.external,
                "carrier": ports.take_seat().sip,
                "callid": ports.take_seat().sip,
                "proxy": ports.take_seat().sip,
            }
            self._media = Media()
            opened.callback(self._media.close)
            self._legs = _Legs()
            opened.callback(self._legs.close)
            self._sides: dict[str, SipPort] = {}
            for name, port in profiles.items():
                for home in homes if name == "telephones" else homes[:1]:
                    side = home.domain if name == "telephones" else name
                    self._sides[side] = SipPort(
                        (self.host, port),
                        self._media,
                        self._legs.find,
                        domain=home.domain,
                        password="lab",
                        host="127.0.0.2" if name == "carrier" else self.host,
                        registers=name == "telephones",
                    )
                    opened.callback(self._sides[side].close)
            self._freeswitch = FreeSwitch(
                freeswitch,
                folder,
                ports=ports,
                password=self.password,
                processes=processes,
                configuration=site_configuration(folder / "source", homes),
                variables={
                    "domain": homes[0].domain,
                    **{f"lab_{name}_port": port for name, port in profiles.items()},
                    "lab_trunk_port": self._sides["trunk"].port,
                },
            )
            self._freeswitch.configure(kit or find_kit())
            self._opened = opened.pop_all()

    def __enter__(self) -> RealSite:
        try:
            self._freeswitch.start()
            self._legs.listen(EventSocket(self.host, self.port, self.password))
            version = re.search(r"Version (\d[\w.]*(?:-dev)?)", self.api("version"))
            self.name = f"FreeSWITCH {version[1]}" if version else "FreeSWITCH"
            self._call_once()
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def _call_once(self) -> None:
        """The first call after its start takes FreeSWITCH half a second longer."""
        home = self.homes[0]
        telephone = self.telephone(_FIRST, home)
        line = self.outside("551100000000", home).dial(f"{home.code}{_FIRST}")
        there = telephone.incoming().wait("up")
        deadline = time.monotonic() + PATIENCE
        while self.api(f"uuid_getvar {line.leg} bridge_to") != there.leg:
            if time.monotonic() > deadline:
                raise LabError(f"nobody can call: {line}, {there}")
            time.sleep(0.05)
        line.hang_up()
        there.wait("ended")

    def api(self, command: str) -> str:
        """By a connection that each thread keeps."""
        connection = getattr(self._connections, "one", None)
        if connection is None:
            # One after the other: FreeSWITCH is slow to greet many at once.
            with self._connecting:
                connection = EventSocket(self.host, self.port, self.password)
                self._opened.callback(connection.close)
            self._connections.one = connection
        return connection.api(command).strip()

    def telephone(self, extension: str, home: Home) -> SipTelephone:
        """One more telephone, registered."""
        telephone = self._sides[home.domain].telephone(extension)
        telephone.register()
        return telephone

    def outside(self, number: str, home: Home, via: Via = "trunk") -> SipTelephone:
        """The person outside."""
        with self._changing:
            if (number, via) not in self._outside:
                side = self._sides[home.domain if via == "gsm" else via]
                account = GATEWAY if via == "gsm" else ""
                self._outside[number, via] = side.telephone(number, account)
            return self._outside[number, via]

    def trunk(self, number: str) -> str:
        """Over the profile external."""
        return f"sofia/external/{number}@{self.host}:{self._sides['trunk'].port}"

    def log_tail(self) -> str:
        """The end of FreeSWITCH's log."""
        return self._freeswitch.log_tail()


class _Legs:
    """Which leg came of which dialled call, as CHANNEL_CREATE tells."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._changed = threading.Condition()
        self._socket: EventSocket | None = None
        self._thread = threading.Thread(target=self._read, name="legs", daemon=True)

    def listen(self, socket: EventSocket) -> None:
        """Hear of calls that come in."""
        self._socket = socket
        for command in ("filter Call-Direction inbound", "event json CHANNEL_CREATE"):
            assert socket.command(command).startswith("+OK")
        self._thread.start()

    def close(self) -> None:
        """Hear of nothing more."""
        if self._socket:
            self._socket.shut_down()
            self._thread.join()
            self._socket.close()

    def find(self, call_id: str) -> str:
        """The leg's UUID."""
        with self._changed:
            if not self._changed.wait_for(lambda: call_id in self._found, PATIENCE):
                raise LabError(f"no leg came of the call {call_id}")
            return self._found[call_id]

    def _read(self) -> None:
        assert self._socket
        while True:
            try:
                event = self._socket.event(None)
            except OSError:
                return
            with self._changed:
                self._found[event.get("variable_sip_call_id", "")] = event["Unique-ID"]
                self._changed.notify_all()
