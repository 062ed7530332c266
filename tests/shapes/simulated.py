"""The built-in simulator with the configuration in ``conf/``: ``Site`` without a FreeSWITCH.

Its counterparts are ``site.py``, the real one, and ``fluxcc/lab/simulator/telephones.py``, where
the telephones are. It runs in a process of its own.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from fluxcc.kit import find_kit
from fluxcc.lab.esl import Links
from fluxcc.lab.layout import lay_out

from .domains import GATEWAY, ONE, Home, site_configuration
from .port import PATIENCE, Answers, LabError, Line, LineState, Via

_TELEPHONES = 5191
"""Port of those of the first domain; the next ones have the next ports."""
_PORTS = {"trunk": 5092, "gsm": 5093, "carrier": 5094, "callid": 5095}
_PROXY = 5096
_PROFILES = {"trunk": "external", "gsm": "internal"}
_ACCOUNTS = {"carrier": "2980", "gsm": GATEWAY}
_LINGERS = 5.0
"""Seconds for which the socket outlives what the simulator itself gives up."""


class SimulatedLine:
    """``Line`` on the simulator."""

    def __init__(self, telephone: SimulatedTelephone, told: dict[str, Any]) -> None:
        self._telephone = telephone
        self._told = told

    def __repr__(self) -> str:
        return f"<line of {self._telephone.user}: {self._told['state']} {self._told['status']}>"

    @property
    def leg(self) -> str:
        """The simulator has it at once."""
        return str(self._told["leg"])

    @property
    def telephone(self) -> SimulatedTelephone:
        """Whose it is."""
        return self._telephone

    @property
    def is_incoming(self) -> bool:
        """Whether the PBX called."""
        return bool(self._told["incoming"])

    @property
    def number(self) -> str:
        """What was dialled, or the caller ID."""
        return str(self._told["number"])

    @property
    def state(self) -> LineState:
        """Where the call is."""
        return cast(LineState, self._do("tell")["state"])

    @property
    def status(self) -> int:
        """The last SIP status."""
        return int(self._do("tell")["status"])

    @property
    def is_on_hold(self) -> bool:
        """Whether this telephone holds the other side."""
        return bool(self._do("tell")["hold"])

    def answer(self) -> None:
        """200."""
        self._do("answer")

    def hold(self) -> None:
        """re-INVITE."""
        self._do("hold")

    def resume(self) -> None:
        """re-INVITE."""
        self._do("resume")

    def refer(self, destination: str) -> None:
        """REFER."""
        self._do("refer", to=destination)

    def refer_replacing(self, other: Line) -> None:
        """REFER with Replaces."""
        self._do("refer_replacing", other=other.leg)

    def press(self, digits: str) -> None:
        """Keys, one after the other."""
        self._do("press", digits=digits)

    def hang_up(self) -> None:
        """BYE, CANCEL or 486."""
        self._do("hang_up")

    def wait(self, state: LineState, timeout: float = PATIENCE) -> SimulatedLine:
        """This line, once it is in that state."""
        told = self._do("wait", timeout + _LINGERS, state=state, seconds=str(timeout))
        if told["state"] != state:
            raise LabError(f"{state} was waited for: {self}")
        return self

    def _do(self, what: str, timeout: float = PATIENCE, **values: str) -> dict[str, Any]:
        site = self._telephone.site
        answer = site.ask(f"sim_line {what} {_pairs({'leg': self.leg, **values})}", timeout)
        self._told = json.loads(answer)
        return self._told


class SimulatedTelephone:
    """``Telephone`` on the simulator."""

    def __init__(
        self, site: SimulatedSite, user: str, port: int, profile: str, account: str, domain: str
    ) -> None:
        self.site = site
        self.display = ""
        self._user = user
        self._profile, self._account = profile, account
        self._answers: Answers = "answer"
        self._lines: dict[str, SimulatedLine] = {}
        values = {"user": user, "port": str(port), "domain": domain}
        self._address = site.ask(f"sim_telephone add {_pairs(values)}")

    @property
    def user(self) -> str:
        """The extension or the number."""
        return self._user

    @property
    def answers(self) -> Answers:
        """How it treats calls that come in."""
        return self._answers

    @answers.setter
    def answers(self, how: Answers) -> None:
        self._answers = how
        self._do("answers", how=how)

    @property
    def lines(self) -> Sequence[SimulatedLine]:
        """All its calls."""
        for leg in json.loads(self._do("lines")):
            if leg not in self._lines:
                told = self.site.ask(f"sim_line tell {_pairs({'leg': leg})}")
                self._lines[leg] = SimulatedLine(self, json.loads(told))
        return tuple(self._lines.values())

    def register(self, expires: int = 3600) -> None:
        """REGISTER."""
        if self._account == self._user:
            self._do("register", expires=str(expires))

    def dial(self, destination: str, call_id: str = "") -> SimulatedLine:
        """INVITE."""
        answer = self._do(
            "dial",
            destination=destination,
            profile=self._profile,
            account=self._account,
            name=self.display,
            call_id=call_id,
        )
        return self._keep(answer)

    def incoming(self, timeout: float = PATIENCE) -> SimulatedLine:
        """The next call that came in."""
        return self._keep(self._do("incoming", timeout + _LINGERS, seconds=str(timeout)))

    def _keep(self, answer: str) -> SimulatedLine:
        told = json.loads(answer)
        line = SimulatedLine(self, told)
        return self._lines.setdefault(told["leg"], line)

    def _do(self, what: str, timeout: float = PATIENCE, **values: str) -> str:
        pairs = _pairs({"address": self._address, **values})
        return self.site.ask(f"sim_telephone {what} {pairs}", timeout)


class SimulatedSite:
    """``Site`` on the simulator. Everything it starts and writes is gone when it is left."""

    is_real = False
    _links: Links

    def __init__(self, kit: Path | None = None, homes: Sequence[Home] = ONE) -> None:
        self.name = "the built-in simulator"
        self.homes = homes
        self.host = "127.0.0.1"
        self.port = 0
        self.password = secrets.token_hex(16)
        self._outside: dict[tuple[str, Via], SimulatedTelephone] = {}
        self._changing = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        with ExitStack() as opened:
            folder = Path(tempfile.mkdtemp(prefix="fluxcc-site-"))
            opened.callback(shutil.rmtree, folder, ignore_errors=True)
            opened.callback(self._kill)
            self._folder = lay_out(
                folder,
                kit or find_kit(),
                {
                    "domain": homes[0].domain,
                    "lab_trunk_port": _PORTS["trunk"],
                    "lab_esl_password": self.password,
                    "recordings_dir": folder / "recordings",
                    "temp_dir": folder,
                },
                source=site_configuration(folder / "source", homes),
            )
            self._opened = opened.pop_all()

    def __enter__(self) -> SimulatedSite:
        try:
            command = [sys.executable, "-m", "fluxcc.lab.simulator", "--conf", str(self._folder)]
            command += ["--password", self.password]
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert self._process.stdout
            self.port = int(self._process.stdout.readline())
            self._links = self._opened.enter_context(closing(Links(self.port, self.password)))
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def api(self, command: str) -> str:
        """By a connection that others used before."""
        return self._links.api(command)

    def ask(self, command: str, timeout: float = PATIENCE) -> str:
        """What follows ``+OK`` in the answer to a command of the simulator's own."""
        answer = self._links.api(command, timeout)
        if not answer.startswith("+OK"):
            raise LabError(f"{command}: {answer}")
        return answer.removeprefix("+OK").strip()

    def telephone(self, extension: str, home: Home) -> SimulatedTelephone:
        """One more telephone, registered."""
        port = _TELEPHONES + self.homes.index(home)
        telephone = SimulatedTelephone(self, extension, port, "internal", extension, home.domain)
        telephone.register()
        return telephone

    def outside(self, number: str, home: Home, via: Via = "trunk") -> SimulatedTelephone:
        """The person outside."""
        with self._changing:
            if (number, via) not in self._outside:
                self._outside[number, via] = SimulatedTelephone(
                    self,
                    number,
                    _PORTS.get(via, _PROXY),
                    _PROFILES.get(via, via),
                    _ACCOUNTS.get(via, ""),
                    home.domain,
                )
            return self._outside[number, via]

    def trunk(self, number: str) -> str:
        """Over the profile external."""
        return f"sofia/external/{number}@{self.host}:{_PORTS['trunk']}"

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _pairs(values: dict[str, str]) -> str:
    return "&".join(
        f"{name}={quote(value, '', 'utf-8', 'surrogateescape')}" for name, value in values.items()
    )
