"""The daemon as a process of its own, as the scenarios start it, with more to be done to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from fluxcc.lab.port import Lab
from tests.testing.daemon import CONNECTED, Daemon
from tests.testing.operators import operate


class Vitals(NamedTuple):
    """What must not grow."""

    resident: int
    """Kilobytes."""
    files: int
    threads: int
    greenlets: int


class Subject(Daemon):
    """``fluxcc run`` with a store of its own in ``folder``, beside ``lab`` or a proxy to it."""

    started: ClassVar[list[Subject]] = []
    """All that were made: two at once would answer every request twice."""

    def __init__(
        self,
        lab: Lab,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        port: int = 0,
        wrapper: Sequence[str] = (),
    ) -> None:
        """``port`` stands in for the lab's; ``wrapper`` is a command that runs the daemon's."""
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(lab, folder, settings)
        self.environment["PYTHONFAULTHANDLER"] = "1"
        if port:
            self.environment["FLUXCC_PBX_PORT"] = str(port)
        self._wrapper = list(wrapper)
        self.started.append(self)

    @classmethod
    def close_all(cls) -> None:
        """Whatever broke off, no daemon is left over."""
        for subject in cls.started:
            subject.close()
        cls.started.clear()

    def start(self, *, connected: bool = True) -> None:
        """Start it and return when it is ``connected``."""
        said = self.connects
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._wrapper, sys.executable, "-m", "fluxcc", "run"],
                env=self.environment,
                stderr=output,
                stdout=output,
            )
        if connected:
            try:
                self.wait_connected(said + 1, 30)
            except AssertionError:
                # Let it write down where it stands.
                self.signal(signal.SIGABRT)
                self.wait_ended()
                print(self.log[-6000:], flush=True)
                raise

    def wait_connected(self, times: int = 1, timeout: float = 10.0) -> None:
        """Return once it has connected so many times."""
        super().wait_connected(times, timeout)

    def vitals(self) -> Vitals:
        """How big it is now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        facts = dict(line.split(":", 1) for line in status.splitlines())
        return Vitals(
            resident=int(facts["VmRSS"].split()[0]),
            files=len(os.listdir(f"/proc/{self.pid}/fd")),
            threads=int(facts["Threads"]),
            greenlets=self._ask("vitals")["greenlets"],
        )

    def legs(self) -> set[str]:
        """The legs it believes to be there."""
        return {leg for call in self.calls() for leg in call["legs"]}

    @property
    def control(self) -> Path:
        """The operators' door."""
        given = self.environment.get("FLUXCC_CONTROL_SOCKET")
        return Path(given) if given else self.database.with_suffix(".sock")

    def _ask(self, what: str) -> Any:
        return self.operate(what, 5)["reading"]

    def operate(self, do: str, timeout: float = 10.0, **fields: Any) -> dict[str, Any]:
        """What the operator's command would ask and be answered, without a process for it."""
        answer: dict[str, Any] = operate(self.control, do, timeout, **fields)
        return answer


__all__ = ["CONNECTED", "Subject", "Vitals"]
