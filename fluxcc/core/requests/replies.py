"""The replies to earlier requests, so that no request ID is carried out twice.

A request ID is of one request: what asks for something else by it is refused, and told nothing of
the first. The last ``RECENT_REPLIES`` are in memory; older ones, and those from before a restart of
the daemon, are in the store's audit for ``WINDOW`` seconds (contract, section 3: 24 h), by the
machine's clock or by FreeSWITCH's. The store is asked only for what ``bloom`` does not rule out:
the caller talks on while the agent waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from msgspec.structs import replace

from fluxcc.core.ports import Clock, Latch, Moment, Runtime, Store
from fluxcc.core.requests.bloom import RotatingBloomFilter
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.persons import Person
from fluxcc.domain.requests import Answered, Asked, Reply

WINDOW = 24 * 3600.0
RECENT_REPLIES = 2_000
PATIENCE = 1.0
"""Seconds for which an agent waits for the store's word on a request ID."""
LONGEST_READ = 5.0
"""Seconds for which the store's request IDs are waited for."""
MISMATCH_PATIENCE = 4.0
"""Seconds for which another request of a running one's ID waits for that one's reply."""


class Running:
    """A request that is being answered."""

    def __init__(self, asked: Asked, is_over: Latch) -> None:
        self.asked = asked
        self.is_over = is_over
        """Set once it has its reply."""
        self.is_begun = False
        """Whether it is carried out, and not only an earlier reply looked for."""


class Replies:
    """One per daemon."""

    def __init__(self, store: Store, runtime: Runtime, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._recent: OrderedDict[str, Answered] = OrderedDict()
        self._seen = RotatingBloomFilter(WINDOW, clock.monotonic())
        self._is_learned = False
        """Whether ``_seen`` has the store's request IDs."""
        self._running: dict[str, Running] = {}
        """Request ID → the request of it that is being answered."""

    def learn(self) -> None:
        """Read the request IDs of the store. Raises ``StoreUnavailableError`` and
        ``TimeoutError``."""
        since, now = self._since(), self._clock.monotonic()
        self._seen.merge(self._runtime.within(LONGEST_READ, self._read, since, now))
        self._is_learned = True

    def _read(self, since: Moment, now: float) -> RotatingBloomFilter:
        found = RotatingBloomFilter(WINDOW, now)
        found.add(self._store.request_ids(since), now)
        return found

    def learn_again(self) -> None:
        """Read them again, because FreeSWITCH's clock is known now and may differ: until that is
        done, the store is asked for every request."""
        if self._is_learned:
            self._is_learned = False
            self._runtime.spawn(self._try_to_learn)

    def _try_to_learn(self) -> None:
        try:
            self.learn()
        except StoreUnavailableError:
            return

    @property
    def running(self) -> int:
        """How many requests are being carried out."""
        return len(self._running)

    def is_of_this_life(self, request: str) -> bool:
        """Whether this process had a request of that ID; to be asked before ``learn``. One in some
        thousand others is taken for one."""
        return request in self._running or self._seen.may_have(request)

    def once(
        self, asked: Asked, answer: Callable[[], Reply], refuse: Callable[[], Reply]
    ) -> Reply | None:
        """The reply to a request: that of an earlier one of its ID, or the result of ``answer``,
        which is kept; of ``refuse`` where the earlier one asked for something else.

        None while the same request is being carried out: its one reply is for both. So is it for a
        malformed one, of which nobody can tell that it is another. Another request is refused when
        the first has its reply, as that one's board would take the refusal for its own.
        """
        while (other := self._running.get(asked.id)) is not None:
            if other.asked.is_same(asked):
                return None
            is_over = other.is_over.wait(MISMATCH_PATIENCE)
            if asked.is_malformed and other.is_begun:
                return None
            if not is_over:
                return refuse()
        running = self._running[asked.id] = Running(asked, self._runtime.latch())
        try:
            earlier = self.find(asked.id)
            if earlier is not None:
                return earlier.reply if earlier.asked.is_same(asked) else refuse()
            running.is_begun = True
            reply = answer()
            self.keep(Answered(asked, reply))
        finally:
            del self._running[asked.id]
            running.is_over.set(True)
        return reply

    def result(self, asked: Asked, patience: float) -> Reply | None:
        """The reply to this request, which is being answered, once it is there; None where that
        takes more than ``patience`` seconds."""
        running = self._running.get(asked.id)
        if running is not None:
            running.is_over.wait(patience)
        found = self._recent.get(asked.id)
        return found.reply if found is not None and found.asked.is_same(asked) else None

    def find(self, request: str) -> Answered | None:
        """The earlier request of this ID and its reply, or None.

        Where the store cannot be read, only the recent ones are known: an action that is done twice
        is better than one that is not done.
        """
        found = self._recent.get(request)
        if found is None and (not self._is_learned or self._seen.may_have(request)):
            try:
                found = self._runtime.within(
                    PATIENCE, self._store.find_reply, request, self._since()
                )
            except (StoreUnavailableError, TimeoutError):
                return None
        return found

    def keep(self, answered: Answered) -> None:
        """Keep the reply to a request."""
        request = answered.asked.id
        self._recent[request] = answered
        self._seen.add((request,), self._clock.monotonic())
        if len(self._recent) > RECENT_REPLIES:
            self._recent.popitem(last=False)

    def forget(self, person: Person) -> None:
        """Erase this person's number from the replies in memory, and what was asked for with it."""
        for request, answered in self._recent.items():
            if person.has(answered.reply.number):
                self._recent[request] = Answered(
                    replace(answered.asked, content=""), replace(answered.reply, number="")
                )

    def _since(self) -> Moment:
        """From when on a reply is remembered. It is old only where both clocks say so: either may
        have been set, or have been wrong, when it was written."""
        clock = self._clock
        at_pbx = clock.now() - WINDOW if clock.is_known else None
        return Moment(clock.own() - WINDOW, at_pbx)
