"""How often a password may be tried: per user and address, per address, and per user."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

WITHIN = 300.0
"""Seconds after which a failure is forgotten."""
LIMITS = {"both": 5, "address": 20, "user": 50}
"""Failures within that time after which the next try is refused. A user's own limit is wide, so
that a stranger cannot lock a user out by trying."""
MOST_KEPT = 20_000
"""Users and addresses that are remembered; the ones that failed longest ago are forgotten first."""


class Throttle:
    """One per process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait(self, user: str, address: str) -> float:
        """Seconds until this user may be tried from this address; 0 for now."""
        waits = [self._wait(kind, name) for kind, name in _keys(user, address)]
        return max(waits)

    def failed(self, user: str, address: str) -> None:
        """Note a try, before its password is looked at: many at once count as well."""
        for key in _keys(user, address):
            self._failures[key] = [*self._recent(key), self._now()]
            self._failures.move_to_end(key)
        while len(self._failures) > MOST_KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, user: str, address: str) -> None:
        """Take the last failure back, which was noted before the password was looked at; and
        forget what failed from there for that user."""
        both, *others = _keys(user, address)
        self._failures.pop(both, None)
        for key in others:
            self._failures[key] = self._recent(key)[:-1]

    def _wait(self, kind: str, name: str) -> float:
        recent = self._recent((kind, name))
        if len(recent) < LIMITS[kind]:
            return 0.0
        return recent[-LIMITS[kind]] + WITHIN - self._now()

    def _recent(self, key: tuple[str, str]) -> list[float]:
        since = self._now() - WITHIN
        return [at for at in self._failures.get(key, ()) if at > since]


def _keys(user: str, address: str) -> list[tuple[str, str]]:
    return [("both", f"{address} {user}"), ("address", address), ("user", user)]
