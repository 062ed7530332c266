"""The daemon as a process of its own, as the scenarios start it, with more to be done to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from chaos.traffic import Line
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon


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
        super().start(connected=False, cold=True, wrapper=self._wrapper)
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
        return Vitals(
            resident=self.resident(),
            files=len(os.listdir(f"/proc/{self.pid}/fd")),
            threads=len(os.listdir(f"/proc/{self.pid}/task")),
            greenlets=self.operate("vitals")["reading"]["greenlets"],
        )

    def resident(self) -> int:
        """Kilobytes of its memory, without asking it."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def legs(self) -> set[str]:
        """The legs it believes to be there."""
        return {leg for call in self.calls() for leg in call["legs"]}

    def agrees(self, line: Line) -> bool:
        """Whether it knows just the legs that the PBX has."""
        return self.legs() == line.channels()
