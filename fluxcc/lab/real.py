"""A FreeSWITCH of its own, with SIPp as the trunk and the telephones, all on loopback.

The counterpart of ``simulated.py``: the same port, and what FreeSWITCH really does.
"""

from __future__ import annotations

import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fluxcc.marking import _

from .freeswitch import FreeSwitch, find_freeswitch, missing_modules
from .layout import reload
from .port import LabError, Reason
from .ports import PortBlock
from .processes import ProcessGroup
from .sipp import LoadResult, Sipp, SippCaller, Telephones, find_sipp, privacy_headers


def why_unavailable() -> Reason | None:
    """Why this machine cannot run the real lab; None if it can."""
    if not sys.platform.startswith("linux"):
        return Reason(_("the lab with FreeSWITCH runs on Linux only"))
    freeswitch = find_freeswitch()
    if freeswitch is None:
        return Reason(
            _("no freeswitch here (neither $FREESWITCH, the PATH, nor where packages put it)")
        )
    if missing := missing_modules(freeswitch):
        return Reason(_("this FreeSWITCH lacks {facts}"), ", ".join(missing))
    if find_sipp() is None:
        return Reason(_("no sipp on the PATH (Debian: sip-tester)"))
    return None


class RealLab:
    """``Lab`` on a real FreeSWITCH. Everything it starts and writes is gone when it is left."""

    def __init__(self, wrapper: Sequence[str] = ()) -> None:
        """``wrapper`` is a command that runs FreeSWITCH, with other rights for instance."""
        freeswitch, sipp = find_freeswitch(), find_sipp()
        if freeswitch is None or sipp is None:
            raise LabError(str(why_unavailable() or "no real lab here"))
        self.name = "FreeSWITCH"
        self.host = "127.0.0.1"
        self.password = secrets.token_hex(16)
        with ExitStack() as opened:
            self._ports = PortBlock()
            opened.callback(self._ports.release)
            self.port = self._ports.event_socket
            folder = Path(tempfile.mkdtemp(prefix="fluxcc-lab-"))
            opened.callback(shutil.rmtree, folder, ignore_errors=True)
            processes = ProcessGroup(folder)
            opened.callback(processes.kill)
            self._freeswitch = FreeSwitch(
                freeswitch,
                folder,
                ports=self._ports,
                password=self.password,
                processes=processes,
                wrapper=wrapper,
            )
            self._sipp = Sipp(sipp, folder / "sipp", ports=self._ports, processes=processes)
            self._telephones: Telephones | None = None
            self._opened = opened.pop_all()

    def __enter__(self) -> RealLab:
        try:
            self.start()
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        # SIGKILL for all: FreeSWITCH takes seven seconds to leave in order, and nothing is kept
        self._opened.close()

    def start(self, *, has_tables: bool = True) -> None:
        self._freeswitch.start(*(() if has_tables else ("-nosql",)))
        self._telephones = self._sipp.telephones()
        version = re.search(r"Version (\d[\w.]*(?:-dev)?)", self.api("version"))
        self.name = f"FreeSWITCH {version[1]}" if version else "FreeSWITCH"

    def kill(self) -> None:
        self._freeswitch.kill()
        if self._telephones:  # they would wait for ever for the end of the calls that died
            self._telephones.unplug()
            self._telephones = None

    def lock(self, password: str) -> None:
        self._freeswitch.lock(password)
        self.password = password

    def api(self, command: str) -> str:
        return self._freeswitch.api(command)

    def install_kit(self, kit: Path | None) -> None:
        self._freeswitch.configure(kit)
        if self._freeswitch.running:
            reload(self.api)

    def call(
        self,
        number: str,
        destination: str,
        *,
        name: str = "",
        from_phones: bool = False,
        call_id: str = "",
        asserted: str = "",
        by_remote_party: bool = False,
    ) -> SippCaller:
        port = self._ports.internal if from_phones else self._ports.external
        if call_id:
            port = self._ports.callids
        headers = privacy_headers(asserted, by_remote_party=by_remote_party) if asserted else ""
        return self._sipp.call(
            number, destination, name=name, port=port, call_id=call_id, headers=headers
        )

    def hang_up_phone(self, extension: str) -> None:
        if self._telephones is None:
            raise LabError("no telephone is connected: the PBX is not running")
        self._telephones.hang_up(extension)

    def load(
        self,
        rate: float,
        calls: int,
        destination: str,
        number_pattern: str = "55119{:08d}",
        *,
        hold: float = 2.0,
    ) -> LoadResult:
        """Place ``calls`` calls, ``rate`` a second, each of ``hold`` seconds at most.

        Caller n has the number ``number_pattern.format(n)``. Returns when the last call is over.
        """
        numbers = [number_pattern.format(number) for number in range(calls)]
        return self._sipp.load(
            numbers, destination, rate=rate, hold=hold, port=self._ports.external
        )
