"""Which daemon a FreeSWITCH is served by, so that there are not two: each would answer every
request and end every call once more.

The daemon writes itself into a global variable, replaces it at each health check where it is still
its own (``global_setvar`` compares and sets at once), and takes over what a daemon that is gone has
left. One of the same place is gone when its sign of life is (``single``); one of another machine,
when it has not written for ``SILENCE``. FreeSWITCH forgets the variable when it is restarted.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from typing import NamedTuple, Protocol

from fluxcc.domain.errors import AnotherDaemonError, LinkLostError

DAEMON_VARIABLE = "fluxcc_daemon"
"""The global variable."""
SILENCE = 11.0
"""Seconds for which a daemon on another machine is waited for: two of its health checks."""
STEP = 0.5
"""Seconds between two looks meanwhile."""
SETTLING = 0.05
"""Seconds after which a claim on a FreeSWITCH that had none is looked at again: of two daemons that
find it free at the same moment the later one stays."""
_CLAIM = re.compile(r"([0-9a-f]{12})@([A-Za-z0-9._-]*):([0-9]+)/([0-9a-f]{12})/([0-9]+)")


class Variables(Protocol):
    """``variables.GlobalVariables``."""

    def get(self, name: str) -> str:
        """Its value; empty where it is not set. Raises ``PbxError``."""

    def set(self, name: str, value: str, previous: str = "") -> None:
        """Set it; with ``previous`` only where that is its value. Raises ``PbxError``."""


class Life(Protocol):
    """``single.SignOfLife``."""

    name: str
    place: str

    def is_alive(self, name: str) -> bool:
        """Whether that daemon, in the same place, is alive."""


class _Holder(NamedTuple):
    name: str
    host: str
    process: str
    place: str


class Claim:
    """One per daemon."""

    def __init__(self, pbx: Variables, life: Life) -> None:
        self._pbx = pbx
        self._life = life
        host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())
        self._own = f"{life.name}@{host}:{os.getpid()}/{life.place}"
        self._beats = 0

    def take(self, wait: Callable[[float], bool]) -> None:
        """Claim FreeSWITCH, or renew the claim. ``wait`` returns after so many seconds, and whether
        the daemon is to end. Raises ``AnotherDaemonError`` and ``PbxError``."""
        found = self._read()
        if not self._is_own(found) and self._is_held(found, wait):
            raise _another(found)
        self._beats += 1
        wanted = f"{self._own}/{self._beats}"
        # What no daemon wrote may be a text that cannot be compared.
        self._pbx.set(DAEMON_VARIABLE, wanted, found if _holder(found) else "")
        if not found:
            wait(SETTLING)
        if (now := self._read()) != wanted:
            raise _another(now)

    def give_back(self) -> None:
        """Leave FreeSWITCH to others. Raises ``PbxError``."""
        found = self._read()
        if self._is_own(found):
            self._pbx.set(DAEMON_VARIABLE, "", found)

    def _read(self) -> str:
        return self._pbx.get(DAEMON_VARIABLE)

    def _is_own(self, found: str) -> bool:
        return found.startswith(f"{self._own}/")

    def _is_held(self, found: str, wait: Callable[[float], bool]) -> bool:
        """Whether the daemon that wrote this is alive. What no daemon wrote holds nobody off."""
        holder = _holder(found)
        if holder is None:
            return False
        if holder.place == self._life.place:
            return self._life.is_alive(holder.name)
        for _ in range(int(SILENCE / STEP)):
            if wait(STEP):
                raise LinkLostError("the daemon ends")
            if self._read() != found:
                return True
        return False


def _holder(found: str) -> _Holder | None:
    match = _CLAIM.fullmatch(found)
    return _Holder(*match.groups()[:4]) if match else None


def _another(found: str) -> AnotherDaemonError:
    holder = _holder(found)
    who = f"process {holder.process} on {holder.host}" if holder else "unknown"
    return AnotherDaemonError(
        f"another daemon ({who}) serves this FreeSWITCH; end it, or set pbx.host and pbx.port to"
        " another FreeSWITCH"
    )
