"""Notifies the service manager: ready, alive, stopping (``sd_notify(3)``).

Counterpart: ``systemd/fluxcc.service``. ``daemon.session`` calls ``alive`` in the loop that handles
events, so that systemd restarts the daemon when that loop is stuck. Without a service manager
nothing is sent.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
SIGNALS_PER_PERIOD = 4
"""Watchdog signals in the time within which systemd expects one."""


class ServiceManager:
    """One per daemon; no method blocks or raises."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A socket in Linux's abstract name space begins with a NUL, which systemd writes as "@".
        self._address = "\0" + address[1:] if address.startswith("@") else address
        allowed = environment.get("WATCHDOG_USEC", "")
        seconds = int(allowed) / 1e6 if allowed.isdecimal() else None
        self._period = seconds / SIGNALS_PER_PERIOD if seconds is not None else None
        self._last_signal = float("-inf")
        self.turned = time.monotonic()
        """When ``alive`` was last called, on the monotonic clock."""

    def ready(self) -> None:
        """The daemon has started: units that depend on it may start."""
        self._notify(READY)

    def status(self, text: str) -> None:
        """Show a line in ``systemctl status``."""
        self._notify(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """The event loop runs. May be called in every turn of it."""
        now = self.turned = time.monotonic()
        if self._period is not None and now - self._last_signal >= self._period:
            self._last_signal = now
            self._notify(ALIVE)

    def stopping(self) -> None:
        """The daemon is ending."""
        self._notify(STOPPING)

    def _notify(self, state: str) -> None:
        if not self._address:
            return
        # A service manager that does not read must not stop the daemon.
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager,
            suppress(OSError),
        ):
            manager.sendto(state.encode(), self._address)
