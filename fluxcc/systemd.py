"""What the service manager is told: ready, alive, stopping (``sd_notify(3)``).

Counterpart: ``systemd/fluxcc.service``. ``daemon`` says that it is alive from the very loop that
handles events, so that systemd starts it again when that loop is stuck. Where nobody manages it,
nothing is sent.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
FEEDINGS = 4
"""Signs of life in the time that the watchdog allows for one."""


class ServiceManager:
    """One per daemon; no method blocks or raises."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # The kernel's own name space of sockets begins with a NUL, which a variable cannot hold.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        allowed = environment.get("WATCHDOG_USEC", "")
        self._period = int(allowed) / 1e6 / FEEDINGS if allowed.isdecimal() else None
        self._fed = float("-inf")
        self.turned = time.monotonic()
        """When the loop last turned."""

    def ready(self) -> None:
        """Everything that depends on the daemon may start."""
        self._tell(READY)

    def status(self, text: str) -> None:
        """A line for ``systemctl status``."""
        self._tell(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """The loop turns. May be called as often as it does."""
        now = self.turned = time.monotonic()
        if self._period is not None and now - self._fed >= self._period:
            self._fed = now
            self._tell(ALIVE)

    def stopping(self) -> None:
        """The daemon was asked to end, and is at it."""
        self._tell(STOPPING)

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        # A manager that is gone or behind is no reason to drop calls.
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager,
            suppress(OSError),
        ):
            manager.sendto(state.encode(), self._address)
