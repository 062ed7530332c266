"""The replies to earlier requests, so that no request ID is carried out twice.

The last ``RECENT_REPLIES`` are in memory; older ones, and those from before a restart of the
daemon, are in the store's audit for ``WINDOW`` seconds (contract, section 3: 24 h). The store is
asked only for what ``bloom`` does not rule out: the caller talks on while the agent waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from fluxcc.core.ports import Clock, Runtime, Store
from fluxcc.core.requests.bloom import RotatingBloomFilter
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.persons import Person
from fluxcc.domain.requests import Reply

WINDOW = 24 * 3600.0
RECENT_REPLIES = 5_000
PATIENCE = 1.0
"""Seconds for which an agent waits for the store's word on a request ID."""
LONGEST_READ = 5.0
"""Seconds for which the store's request IDs are waited for."""


class Replies:
    """One per daemon."""

    def __init__(self, store: Store, runtime: Runtime, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._recent: OrderedDict[str, Reply] = OrderedDict()
        self._seen = RotatingBloomFilter(WINDOW, clock.monotonic())
        self._is_learned = False
        """Whether ``_seen`` has the store's request IDs."""
        self._running: set[str] = set()

    def learn(self) -> None:
        """Read the request IDs of the store. Raises ``StoreUnavailableError`` and
        ``TimeoutError``."""
        since, now = self._clock.now() - WINDOW, self._clock.monotonic()
        self._seen.merge(self._runtime.within(LONGEST_READ, self._read, since, now))
        self._is_learned = True

    def _read(self, since: float, now: float) -> RotatingBloomFilter:
        found = RotatingBloomFilter(WINDOW, now)
        found.add(self._store.request_ids(since), now)
        return found

    def once(self, request: str, answer: Callable[[], Reply]) -> Reply | None:
        """The reply to this request ID: the earlier one, or the result of ``answer``, which is
        kept. None while the same request is being carried out."""
        if request in self._running:
            return None
        self._running.add(request)
        try:
            reply = self.find(request) or answer()
            self.keep(reply)
        finally:
            self._running.discard(request)
        return reply

    def find(self, request: str) -> Reply | None:
        """The earlier reply to this request ID, or None.

        Where the store cannot be read, only the recent ones are known: an action that is done twice
        is better than one that is not done.
        """
        reply = self._recent.get(request)
        if reply is None and (not self._is_learned or self._seen.may_have(request)):
            try:
                reply = self._runtime.within(
                    PATIENCE, self._store.find_reply, request, self._clock.now() - WINDOW
                )
            except (StoreUnavailableError, TimeoutError):
                return None
        return reply

    def keep(self, reply: Reply) -> None:
        """Keep the reply to its request ID."""
        self._recent[reply.request] = reply
        self._seen.add((reply.request,), self._clock.monotonic())
        if len(self._recent) > RECENT_REPLIES:
            self._recent.popitem(last=False)

    def forget(self, person: Person) -> None:
        """Erase this person's number from the replies in memory."""
        for request, reply in self._recent.items():
            if person.has(reply.number):
                self._recent[request] = msgspec.structs.replace(reply, number="")
