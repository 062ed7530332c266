"""The real daemon as a process of its own, and the operator's command beside it."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fluxcc.client import Board
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.lab.port import Lab
from fluxcc.store.history import History
from tests.testing.operators import operate

from .program import NODE, Cold, Program, Warm, environment
from .waiting import until

CONNECTED = "connected to FreeSWITCH"


class Printed(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.stdout)


class Daemon:
    """``fluxcc run`` with a store of its own in ``folder``, beside ``lab``."""

    def __init__(self, lab: Lab, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """``settings`` are further variables of the environment, such as FLUXCC_BLOCKS_DURATION."""
        self.lab = lab
        self.database = folder / "fluxcc.db"
        self._log = folder / "daemon.log"
        self._log.touch()
        self._process: Program | None = None
        self.environment = environment(lab.port, lab.password, self.database, settings)
        self.store = History(f"sqlite:///{self.database}", [NODE])

    # Life

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(
        self,
        *,
        connected: bool = True,
        cold: bool = False,
        spoil: str = "",
        wrapper: Sequence[str] = (),
    ) -> None:
        """Start it (see `program`) and return when it is ``connected``. ``spoil`` names what is
        done to a warm one on purpose (see `spoilers`); ``wrapper`` is a command that runs a cold
        one."""
        assert not self.is_running
        assert not (spoil if cold else wrapper)
        said = self.connects
        files = (self._log, self._log)
        if cold:
            self._process = Cold(["run"], self.environment, *files, wrapper=wrapper)
        else:
            self._process = Warm(["run"], self.environment, *files, spoil=spoil)
        if connected:
            self.wait_connected(said + 1)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_ended()

    def stop_later(self) -> None:
        """Send it SIGTERM; ``wait_ended`` waits for its end."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait_ended()

    def wait_ended(self, timeout: float = 10.0) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process is not None
        code = self._process.wait(timeout)
        self._process = None
        return code

    def close(self) -> None:
        """Leave nothing behind."""
        if self.is_running:
            self.kill()
        self.store.close()

    # What it says

    @property
    def log(self) -> str:
        """Everything it has logged so far."""
        return self._log.read_text("utf-8", "replace")

    def wait_connected(self, times: int = 1, timeout: float = 60.0) -> None:
        """Return once it has connected so many times."""

        def is_connected() -> bool:
            assert self.is_running, f"the daemon ended:\n{self.log}"
            return self.log.count(CONNECTED) >= times

        until(is_connected, "the daemon is connected", timeout)

    @property
    def connects(self) -> int:
        """How often it has connected."""
        return self.log.count(CONNECTED)

    def calls(self) -> list[dict[str, Any]]:
        """The live calls, as ``fluxcc calls --json`` shows them, without a process for it."""
        calls: list[dict[str, Any]] = self.operate("calls")["reading"]
        return calls

    def status(self) -> dict[str, Any]:
        """As ``fluxcc status --json``, without a process for it."""
        status: dict[str, Any] = self.operate("status")["reading"]
        return status

    def wait_talking(
        self, number: str | None = None, *, besides: Collection[str] = ()
    ) -> dict[str, Any]:
        """A call that is talked on, once the daemon has seen that: the one with this customer's
        number, or any but those whose customer's legs are ``besides``."""

        def is_wanted(call: dict[str, Any]) -> bool:
            is_new = call["call"] not in besides and number in {None, call["number"]}
            return bool(is_new and call["talking"])

        return until(
            lambda: next(filter(is_wanted, self.calls()), None), "the daemon sees the call talk"
        )

    def block_of(self, number: str) -> Block | None:
        """The newest block in the store that this canonical number has or had."""
        history = [block for block in self.store.blocks(limit=1_000) if block.number == number]
        return history[0] if history else None

    def ended_calls(self, number: str, outcome: str) -> list[CallRecord]:
        """The calls with this number that ended so, as the store has them."""
        rows = self.store.ended_calls(number=number, limit=9)
        return [row for row in rows if row.outcome == outcome]

    # Its doors

    def cli(
        self, *arguments: str, language: str = "C.UTF-8", user: int = 0, **settings: str
    ) -> Printed:
        """Run the operator's command (see `program`), by another ``user`` where root asks for it;
        ``settings`` are further variables of its environment."""
        variables = self.environment | {"LC_ALL": language} | settings
        with tempfile.TemporaryDirectory() as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            code = Warm(arguments, variables, output, errors, user=user).wait(30)
            return Printed(code, output.read_text("utf-8"), errors.read_text("utf-8"))

    def audited(self, request: str) -> dict[str, Any]:
        """What ``fluxcc audit --json`` shows of this request, as soon as it is written (a refusal's
        row may lag)."""

        def rows() -> list[dict[str, Any]]:
            return [row for row in self.cli("audit", "--json").json if row["request"] == request]

        (row,) = until(rows, f"request {request} is in the audit")
        return row

    def board(self, *, notices: bool = False) -> Board:
        """A board on the event socket."""
        return Board(self.lab.host, self.lab.port, self.lab.password, notices=notices)

    @property
    def socket(self) -> Path:
        """The operators' door."""
        given = self.environment.get("FLUXCC_CONTROL_SOCKET")
        return Path(given) if given else self.database.with_suffix(".sock")

    def operate(self, do: str, **fields: object) -> Any:
        """Ask at the operators' door, without a process for it: see `operators.operate`."""
        return operate(self.socket, do, **fields)
