"""Login names of user IDs, without waiting for a directory service in the event loop.

``getpwuid`` may ask a server (LDAP, SSSD), and takes as long as that does. It is asked on threads
of its own, so that a service that hangs keeps nobody from the store; a name is kept for a while.
Counterpart: ``operators``.
"""

from __future__ import annotations

import pwd
import time
from collections.abc import Callable
from typing import Any

from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

THREADS = 2
LONGEST_WAIT = 1.0
"""Seconds for which a name is waited for; then the user's number stands for it."""
KEPT = 600.0
"""Seconds after which a name is asked for again."""
MOST = 1_000
"""Names that are kept."""


class LoginNames:
    """One per daemon."""

    def __init__(self, look_up: Callable[[int], str] | None = None) -> None:
        """``look_up`` may block, and raises ``KeyError`` for a user without a name."""
        self._look_up = look_up or _look_up
        self._pool = ThreadPool(THREADS)
        self._asked: dict[int, AsyncResult] = {}
        self._known: dict[int, tuple[str, float]] = {}

    def name(self, user: int) -> str:
        """The user's name; the number where there is none, or where it does not come in time."""
        name, until = self._known.get(user, (str(user), 0.0))
        if time.monotonic() < until:
            return name
        asked = self._asked.get(user)
        if asked is None:
            if len(self._asked) >= THREADS:
                # Each thread waits for the service already.
                return name
            asked = self._asked[user] = self._pool.spawn(self._find, user)
            asked.rawlink(lambda found: self._keep(user, found))
        found = asked.wait(LONGEST_WAIT)
        return name if found is None else str(found)

    def _find(self, user: int) -> str:
        try:
            return self._look_up(user)
        except KeyError:
            return str(user)

    def _keep(self, user: int, found: Any) -> None:
        del self._asked[user]
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[user] = str(found.value), time.monotonic() + KEPT


def _look_up(user: int) -> str:
    return pwd.getpwuid(user).pw_name
