"""A FreeSWITCH of the lab's own: where it is found, its process. Counterpart: ``layout``, which
writes its configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from . import esl
from .layout import CONFIGURATION, assign, lay_out
from .port import LabError
from .ports import PortBlock
from .processes import ProcessGroup

_INSTALLED = ("/usr/local/freeswitch/bin/freeswitch", "/usr/bin/freeswitch")
_START_TIMEOUT = 30.0
_POLL = 0.05
_LOG_TAIL = 3_000


def find_freeswitch() -> Path | None:
    """``$FREESWITCH``, then the PATH, then where its own installers put it."""
    for candidate in (os.environ.get("FREESWITCH"), shutil.which("freeswitch"), *_INSTALLED):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate).resolve()
    return None


def missing_modules(binary: Path, configuration: Path = CONFIGURATION) -> list[str]:
    """The modules that the configuration loads and this FreeSWITCH does not have."""
    modules = ElementTree.parse(configuration / "autoload_configs" / "modules.conf.xml")  # noqa: S314 - ours
    names = [load.attrib["module"] for load in modules.iter("load")]
    folder = _module_folder(binary)
    return [name for name in names if not (folder / f"{name}.so").exists()]


def _module_folder(binary: Path) -> Path:
    prefix = binary.parent.parent
    packaged = prefix / "lib" / "freeswitch" / "mod"
    return packaged if packaged.is_dir() else prefix / "mod"


class FreeSwitch:
    """One FreeSWITCH in ``folder``, on the ports of ``ports``, which can be killed and started."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        *,
        ports: PortBlock,
        password: str,
        processes: ProcessGroup,
        configuration: Path = CONFIGURATION,
        variables: Mapping[str, object] | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        """``configuration`` is laid out in place of the lab's own one; ``variables`` are more that
        its ``vars.xml`` gets; ``wrapper`` is a command that runs it."""
        self._binary = binary
        self._folder = folder
        self._ports = ports
        self._password = password
        self._processes = processes
        self._wrapper = wrapper
        self._configuration = configuration
        self._variables = dict(variables or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._output = folder / "freeswitch.out"
        for name in ("log", "run", "db", "tmp", "sounds", "recordings", "certs"):
            (folder / name).mkdir()
        self._spare_certificates()
        self.configure(None)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def configure(self, kit: Path | None) -> None:
        """Lay out the configuration anew, and the kit over it."""
        lay_out(self._folder, kit, self._assigned(), source=self._configuration)

    def lock(self, password: str) -> None:
        """Take this password alone from now on: mod_event_socket is loaded again, which cuts every
        connection."""
        former, self._password = self._password, password
        assign(self._folder / "conf", self._assigned())
        # It reads the XML anew first, and is done in the background.
        esl.api(self._ports.event_socket, former, "reload mod_event_socket")
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise LabError(f"the password was not changed\n{self.log_tail()}")
            time.sleep(_POLL)

    def _assigned(self) -> dict[str, object]:
        """What ``vars.xml`` assigns."""
        ports = self._ports
        return {
            "lab_esl_port": ports.event_socket,
            "lab_esl_password": self._password,
            "lab_internal_port": ports.internal,
            "lab_external_port": ports.external,
            "lab_callids_port": ports.callids,
            "lab_phones_port": ports.phones.sip,
            "lab_rtp_first": ports.rtp_first,
            "lab_rtp_last": ports.rtp_last,
        } | self._variables

    def start(self, *options: str) -> None:
        """Start it, with these options more, and return when its event socket accepts, which its
        last module does."""
        if self.running:
            raise LabError("FreeSWITCH runs already")
        self._process = self._processes.spawn([*self._command(), *options], output=self._output)
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._is_ready():
            if self._process.poll() is not None:
                raise LabError(f"FreeSWITCH ended while it started\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"FreeSWITCH did not come up\n{self.log_tail()}")
            time.sleep(_POLL)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def api(self, command: str) -> str:
        return esl.api(self._ports.event_socket, self._password, command)

    def log_tail(self) -> str:
        """The end of what FreeSWITCH printed and logged, for an error's text."""
        logs = (self._output, self._folder / "log" / "freeswitch.log")
        texts = [log.read_text("utf-8", "replace") for log in logs if log.exists()]
        return "\n".join(text[-_LOG_TAIL:] for text in texts)

    def _is_ready(self) -> bool:
        try:
            return "is ready" in self.api("status")
        except LabError:
            return False

    def _command(self) -> list[str | Path]:
        # -nf keeps it our child, to be killed and reaped. -rp: real-time priority where that is
        # allowed, as installed PBXs have it. Without it, two busy programs on two cores make it
        # take 85 ms for each command instead of 0.2.
        command: list[str | Path] = [
            *self._wrapper,
            self._binary,
            "-nonat",
            "-nocal",
            "-rp",
            "-nc",
            "-nf",
        ]
        folders = {
            "conf": "conf",
            "log": "log",
            "run": "run",
            "db": "db",
            "scripts": "scripts",
            "sounds": "sounds",
            "recordings": "recordings",
            "temp": "tmp",
            "storage": "tmp",
            "cache": "tmp",
            "htdocs": "tmp",
            "grammar": "tmp",
            "certs": "certs",
        }
        for option, name in folders.items():
            command += [f"-{option}", self._folder / name]
        return [*command, "-mod", _module_folder(self._binary)]

    def _spare_certificates(self) -> None:
        """Keep FreeSWITCH from making two RSA keys of 4,096 bits, most of a cold start.

        Nothing here speaks TLS or DTLS. An empty ``wss.pem`` is left alone. An unusable
        ``dtls-srtp.pem`` would be moved away and made anew; the folder in the way of that move
        makes FreeSWITCH log one error and go on with what there is.
        """
        certs = self._folder / "certs"
        (certs / "wss.pem").touch()
        (certs / "dtls-srtp.pem").touch()
        (certs / "dtls-srtp.pem.old").mkdir()
