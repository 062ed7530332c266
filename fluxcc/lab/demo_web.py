"""The page with life in it, for a person who wants to look: ``fluxcc demo --keep``.

On the built-in simulator, with a daemon and a store of its own in a temporary folder: customers
call, agents answer, end calls and mark pranks, and customers answer the survey.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher

from fluxcc.config.values import read_address
from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import Entry, Group, Protected, Room, Service, User, UserRole
from fluxcc.kit import find_kit
from fluxcc.lab.port import Caller, Lab, LabError
from fluxcc.lab.ports import listens
from fluxcc.lab.simulated import SimulatedLab
from fluxcc.operators import client
from fluxcc.protocol.operators import CALLS, Ask, LiveCall

AGENTS = ("1000", "1001")
GROUP = "sales"
USERS = (("ana", UserRole.ADMIN, ""), ("carla", UserRole.AGENT, "1000"))
ENTRIES: tuple[Entry, ...] = (
    Group(GROUP, has_survey=True),
    Room("1000"),
    Service("Segunda via", "7001", description="boletos e faturas"),
    Service("Suporte", "7002", description="sempre ocupado"),
    Protected("+551133334444", comment="hospital"),
)


def numbers(chance: random.Random) -> str:
    """A Brazilian mobile number that nobody has."""
    return f"+55{chance.choice(('11', '21', '31', '51'))}9{chance.randint(10_000_000, 99_999_999)}"


class Life:
    """People who call each other, in a thread of their own."""

    def __init__(self, lab: Lab, door: Path, seed: int = 0) -> None:
        self._lab = lab
        self._door = door
        # The same people for the same seed.
        self._chance = random.Random(seed)  # noqa: S311
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and return when nobody begins anything any more."""
        self._over.set()
        self._thread.join(30)

    def _live(self) -> None:
        while not self._over.wait(1):
            try:
                for agent in AGENTS:
                    self._go_on(agent)
            except (LabError, OSError, ValueError):
                # A person may have ended the call from the page meanwhile.
                continue

    def _go_on(self, agent: str) -> None:
        call = next((each for each in self._calls() if each.agent == agent), None)
        if call is None:
            caller: Caller = self._lab.call(numbers(self._chance), agent)
            caller.wait_answered()
        elif self._chance.random() < 1 / 20:
            way = self._chance.choices((Action.PRANK, Action.HANGUP), (1, 3))[0]
            client.ask(self._door, Ask(do=way, call=call.call, agent=agent, reason="trote"))
            if way is Action.HANGUP and self._chance.random() < 0.7:
                self._over.wait(2)
                self._lab.api(f"uuid_recv_dtmf {call.call} {self._chance.randint(3, 5)}")

    def _calls(self) -> list[LiveCall]:
        return client.read(self._door, Ask(do=CALLS), list[LiveCall])


def environment(lab: Lab, folder: Path, listen: str) -> dict[str, str]:
    """Of a daemon and a web process of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLUXCC_")}
    return kept | {
        "FLUXCC_PBX_HOST": lab.host,
        "FLUXCC_PBX_PORT": str(lab.port),
        "FLUXCC_PBX_PASSWORD": lab.password,
        "FLUXCC_STORE_URL": f"sqlite:///{folder / 'demo.db'}",
        "FLUXCC_NUMBERS_AREA_CODE": "11",
        "FLUXCC_METRICS_LISTEN": "",
        "FLUXCC_WEB_LISTEN": listen,
        "FLUXCC_CONFIG": os.devnull,
    }


def admit(door: Path, password: str) -> None:
    """Set everything that supervisors and admins set."""
    hashed = PasswordHasher().hash(password)
    people = [
        User(name, role, extension=extension, password_hash=hashed)
        for name, role, extension in USERS
    ]
    for entry in (*ENTRIES, *people):
        client.ask(door, Ask(do=Action.SET, entry=entry))


def main(write: Callable[[str], object], listen: str) -> None:
    """Show it at ``listen`` until Ctrl-C; ``write`` is told where, and the password."""
    # An end by SIGTERM leaves no process behind either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    password = secrets.token_urlsafe(9)
    with tempfile.TemporaryDirectory(prefix="fluxcc-web-") as name, SimulatedLab() as lab:
        folder, door = Path(name), Path(name, "demo.sock")
        lab.install_kit(find_kit())
        variables = environment(lab, folder, listen)
        running = [_start("run", variables, folder)]
        try:
            while not door.exists():
                time.sleep(0.1)
            admit(door, password)
            running.append(_start("web", variables, folder))
            host, port = read_address(listen)
            while not listens(port, host) and running[-1].poll() is None:
                time.sleep(0.1)
            life = Life(lab, door)
            life.start()
            write(f"http://{listen}/   ana (admin) · carla (agent 1000)   {password}   Ctrl-C")
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
        finally:
            for process in running:
                process.terminate()
                process.wait(10)


def _start(command: str, variables: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / f"{command}.log").open("w") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "fluxcc", command], env=variables, stderr=log
        )
