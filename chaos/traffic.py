"""People who call: a connection to the PBX for whoever plays them, and a crowd that dials."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from fluxcc.lab.port import Lab, LabError
from fluxcc.lab.simulated import SimulatedLab
from tests.testing import gate
from tests.testing.event_socket import EventSocket


class Line:
    """One connection to the event socket that stays, for API commands from any thread."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._socket = EventSocket(self._lab.host, self._lab.port, self._lab.password)

    def api(self, command: str) -> str:
        """One command's answer; a connection that broke is made anew once."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    return self._socket.api(command)
                except OSError as error:
                    self.close()
                    if attempt == 2:
                        raise LabError(f"no answer to {command!r}: {error}") from error
                    try:
                        self._open()
                    except OSError as again:
                        raise LabError(f"the PBX is away: {again}") from again
        raise AssertionError("never reached")

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    # What is often asked

    def channels(self) -> set[str]:
        """The legs that are there, as the PBX lists them."""
        document = json.loads(self.api("show channels as json"), strict=False)
        rows = document.get("rows", [])
        gone = {"CS_HANGUP", "CS_REPORTING", "CS_DESTROY"}
        return {row["uuid"] for row in rows if row.get("state") not in gone}

    def living(self, legs: Iterable[str]) -> set[str]:
        """Those of the legs that live. The table that ``channels`` reads may not have a new leg
        yet; ``uuid_exists`` does not lag, and the daemon goes by it too (``pbx.switch``)."""
        return {leg for leg in legs if self.api(f"uuid_exists {leg}").strip() == "true"}

    def gate(self) -> dict[str, int]:
        """What mod_hash holds: each key and its end."""
        found = {}
        for line in self.api("hash_dump db fluxcc_block").splitlines():
            _, _, rest = line.partition("fluxcc_block_")
            key, _, value = rest.rpartition("/")
            if key and value.isdigit():
                found[key] = int(value)
        return found


_COUNT = itertools.count(random.randrange(10_000) * 1_000)


def fresh_number() -> str:
    """A number that nobody had before, as a trunk presents it."""
    return f"+551197{next(_COUNT) % 10_000_000:07d}"


class Crowd:
    """So many people a second dial agents, talk for a while and hang up."""

    def __init__(
        self, lab: Lab, rate: float, hold: float, destinations: Sequence[str] = ("1000", "1001")
    ) -> None:
        self._lab = lab
        self._rate = rate
        self._hold = hold
        self._destinations = destinations
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.dialled = 0
        self.error = ""

    def __enter__(self) -> Crowd:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._go.set()
        self._thread.join(60)

    def pause(self) -> None:
        """Let nobody dial or hang up from now on; returns when that is so."""
        self._go.clear()
        self._idle.wait(30)

    def resume(self) -> None:
        """Go on."""
        self._idle.clear()
        self._go.set()

    def _run(self) -> None:
        try:
            if isinstance(self._lab, SimulatedLab):
                self._simulate()
            else:
                self._load()
        except Exception as error:
            self.error = repr(error)
        self._idle.set()

    def _simulate(self) -> None:
        line = Line(self._lab)
        live: deque[tuple[float, str]] = deque()
        due = time.monotonic()
        while not self._stop.is_set():
            if not self._go.is_set():
                self._idle.set()
                self._go.wait()
                due = time.monotonic()
                continue
            now = time.monotonic()
            try:
                while live and live[0][0] <= now:
                    line.api(f"sim_hang_up {live.popleft()[1]}")
                if now >= due:
                    due = max(due + 1 / self._rate, now - 0.5)
                    number = fresh_number().replace("+", "%2B")
                    where = self._destinations[self.dialled % len(self._destinations)]
                    answer = line.api(f"sim_call number={number}&destination={where}")
                    live.append((now + self._hold, answer.removeprefix("+OK ").strip()))
                    self.dialled += 1
                    continue
            except LabError:
                live.clear()
                time.sleep(0.1)
                continue
            time.sleep(max(0.0005, min(due, live[0][0] if live else due) - time.monotonic()))
        for _, uuid in live:
            line.api(f"sim_hang_up {uuid}")
        line.close()

    def _load(self) -> None:
        """SIPp dials in portions, between which it can be paused."""
        lab: Any = self._lab
        while not self._stop.is_set():
            if not self._go.is_set():
                self._idle.set()
                self._go.wait()
                continue
            calls = max(1, int(self._rate * 5))
            first = next(_COUNT)
            for _ in range(calls):
                next(_COUNT)
            destination = self._destinations[self.dialled % len(self._destinations)]
            lab.load(
                self._rate, calls, destination, f"551197{first % 1000:03d}{{:04d}}", hold=self._hold
            )
            self.dialled += calls


def is_refused(lab: Lab, number: str) -> bool:
    """Whether the PBX refuses this caller, tried without troubling an agent."""
    return gate.is_refused(lab, number, "9999")
