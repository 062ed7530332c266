"""The built-in simulator as a lab: a subprocess, driven over its own event socket.

The counterpart of ``real.py``: the same port, on any machine. The world outside the PBX, which
SIPp plays there, is driven here through the simulator's ``sim_*`` commands.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from fluxcc.marking import _

from .esl import api
from .layout import lay_out, reload
from .port import LabError


class SimulatedCaller:
    """``Caller`` on the simulator."""

    def __init__(self, lab: SimulatedLab, uuid: str) -> None:
        self._lab = lab
        self._uuid = uuid

    def wait_answered(self, timeout: float = 10.0) -> None:
        """Return once the call was answered; raise ``LabError`` otherwise."""
        self._wait("answered", timeout)

    def wait_ended(self, timeout: float = 10.0) -> int:
        """Return the call's final SIP status once it is over."""
        return int(self._wait("ended", timeout))

    def hang_up(self) -> None:
        """End the call from the caller's side."""
        _succeed(self._lab.api(f"sim_hang_up {self._uuid}"))

    def _wait(self, state: str, timeout: float) -> str:
        command = f"sim_wait {self._uuid} {state} {timeout}"
        # The simulator keeps the time; the socket must not give up before it.
        return _succeed(self._lab.ask(command, timeout + 5))


class SimulatedLab:
    """``Lab`` on the simulator. Everything it starts and writes is gone when it is left."""

    def __init__(self, wrapper: Sequence[str] = ()) -> None:
        """``wrapper`` is a command that runs the simulator, with other rights for instance."""
        self.name = _("the built-in simulator")
        self._wrapper = wrapper
        self.host = "127.0.0.1"
        self.port = 0
        self.password = secrets.token_hex(16)
        self._process: subprocess.Popen[str] | None = None
        with ExitStack() as opened:
            folder = Path(tempfile.mkdtemp(prefix="fluxcc-lab-"))
            opened.callback(shutil.rmtree, folder, ignore_errors=True)
            opened.callback(self.kill)
            self._folder = folder
            self._configure(None)
            self._opened = opened.pop_all()

    def __enter__(self) -> SimulatedLab:
        try:
            self.start()
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def start(self, *, has_tables: bool = True) -> None:
        """Start it and return when it accepts; after a ``kill``, on the port it had before."""
        # Our own interpreter with our own arguments, no shell in between.
        self._process = subprocess.Popen(  # noqa: S603
            [
                *self._wrapper,
                *(sys.executable, "-m", "fluxcc.lab.simulator"),
                *("--port", str(self.port), "--conf", str(self._configuration)),
                *("--password", self.password),
                *(() if has_tables else ("--nosql",)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None  # noqa: S101 - for mypy: it is PIPE
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise LabError("the simulator did not start; what it said is on stderr")
        self.port = int(line)

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def lock(self, password: str) -> None:
        """Take this password alone from now on."""
        self.kill()
        self.password = password
        self.start()

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
    ) -> SimulatedCaller:
        """Dial from the trunk; quotes and backslashes in the name are escaped as in SIP."""
        values = {
            "number": number,
            "name": name.replace("\\", "\\\\").replace('"', '\\"'),
            "destination": destination,
            "profile": "internal" if from_phones else "callids" if call_id else "external",
            "call_id": call_id,
            "asserted": asserted,
            "by_remote_party": "true" if by_remote_party else "",
        }
        pairs = (
            f"{key}={quote(value, '', 'utf-8', 'surrogateescape')}" for key, value in values.items()
        )
        return SimulatedCaller(self, _succeed(self.api(f"sim_call {'&'.join(pairs)}")))

    def hang_up_phone(self, extension: str) -> None:
        """End the call of the agent's telephone from its side."""
        _succeed(self.api(f"sim_phone_hang_up {quote(extension, '')}"))

    def api(self, command: str) -> str:
        """Run one api command and return its answer."""
        return self.ask(command, 10.0)

    def ask(self, command: str, timeout: float) -> str:
        """Run one api command that may take ``timeout`` seconds."""
        return api(self.port, self.password, command, timeout)

    def install_kit(self, kit: Path | None) -> None:
        """Put the kit, or none, into the configuration and reload it."""
        self._configure(kit)
        if self._process is not None:
            reload(self.api)

    def _configure(self, kit: Path | None) -> None:
        variables = {"lab_phones_port": 5090, "lab_esl_password": self.password}
        self._configuration = lay_out(self._folder, kit, variables)


def _succeed(answer: str) -> str:
    """What follows ``+OK``."""
    if not answer.startswith("+OK"):
        raise LabError(f"the simulator said: {answer}")
    return answer.removeprefix("+OK").strip()
