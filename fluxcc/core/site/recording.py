"""Gives this node's history to the site: ended calls, requests, surveys and ended blocks.

It goes out of the outbox in batches, in a way of its own: no change of a block waits behind it
(``feeding``), and after an outage it catches up in steps between which others work. A mark goes
once the site has the record as it was read; what is told twice changes nothing.

An erasure is marked after what the store has of the person is erased. All that was read before is
told by the time the mark is read, so nothing of it comes later. It goes through the site's rows in
steps, between which history is told, and begins anew where it was broken off.

Counterparts: ``store.outbox``, ``site.archive``; a job of ``daemon.jobs`` calls ``step``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from fluxcc.core.backlog import Unmarked
from fluxcc.core.backoff import Backoff
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Batch, Latch, Marked, Runtime, Store
from fluxcc.core.site.port import Site
from fluxcc.domain.changes import Mark, MarkKind
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.domain.history import MARKED, marks_of
from fluxcc.domain.persons import Persons

PER_BATCH = 500
"""Records that are told at once."""
LAG = 1.0
"""Seconds that a record waits for others."""
IDLE_CHECK = 5.0
"""Seconds after which the outbox is looked at though nothing was heard."""
WAIT_FOR_CHANGES = 0.2
"""Seconds between two looks whether the changes that come before an erasure were told."""
PAUSE = 0.05
"""Seconds between two steps of many, in which others use the store."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries to reach a site that failed."""
TOLD_AGAIN = 86_400.0
"""Seconds of history that are told to another database than before, besides what it lacks: calls
end after others that began later."""
ERASE_WAIT = 5.0
"""Seconds for which an operator waits for the site at most."""

log = logging.getLogger(__name__)


class Recording:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        node: str,
        store: Store,
        journal: Journal,
        runtime: Runtime,
        apart: Runtime,
        persons: Persons,
    ) -> None:
        """``apart`` has a native thread of its own, on which the site is asked."""
        self._site = site
        self._node = node
        self._store = store
        self._journal = journal
        self._runtime = runtime
        self._apart = apart
        self._persons = persons
        self._news = runtime.latch()
        self._after = 0
        """The id of the last mark that was handled in this life."""
        self._erasures: dict[int, str] = {}
        """The marks of those that are to be erased, and the number."""
        self._erased: Any = None
        """Where in the site's rows the first erasure is."""
        self._waiting: dict[str, Latch] = {}
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the site's tables are known to be there."""
        self.has_told: Callable[[int], bool] = lambda mark: True
        """Tells whether the changes that were marked before that mark were told."""
        self.failure = ""
        """Why the site could not be told last; empty where it was."""
        self.told = 0
        """Records that were told since the daemon began."""
        self.lost: Counter[MarkKind] = Counter()
        """Records that were deleted from the store for their age before the site had them."""

    @property
    def erasing(self) -> int:
        """How many persons are still to be erased from the site."""
        return len(self._erasures)

    def written(self, batch: Batch) -> None:
        """A batch is in the store: tell the site soon where it has marked something."""
        if marks_of(self._node, batch):
            self._news.set(True)

    def erase(self, number: str) -> bool:
        """Have the person with this number erased from the site, whose records are erased from the
        store; whether that is done. Otherwise it follows. Raises
        ``StoreUnavailableError``."""
        self._runtime.offload(self._store.mark_erasure, number)
        latch = self._waiting[number] = self._runtime.latch()
        self._news.set(True)
        is_done = bool(latch.wait(ERASE_WAIT))
        self._waiting.pop(number, None)
        return is_done

    def tell_again(self, now: float) -> None:
        """Mark the last history again, for a database that may lack it: what is newer than what it
        has, and a day more. Raises ``SiteUnavailableError`` and ``StoreUnavailableError``."""
        newest = self._apart.offload(self._site.recorded, self._node)
        since = min(now, newest or now) - TOLD_AGAIN
        after = self._runtime.offload(self._store.mark_history, since, None)
        while after is not None:
            self._runtime.sleep(PAUSE)
            after = self._runtime.offload(self._store.mark_history, since, after)
        self._news.set(True)

    def step(self) -> float:
        """Wait for records and tell them; the seconds until the next step."""
        if not self._erasures and self._news.wait(IDLE_CHECK) and not self._waiting:
            self._runtime.sleep(LAG)
        self._news = self._runtime.latch()
        return self.tell()

    def tell(self) -> float:
        """Tell everything that is marked; the seconds until that is to be tried again."""
        if not self.may_begin():
            self._news.set(True)
            return self._backoff.next()
        try:
            while self._tell_next() | self._erase_next():
                self._runtime.sleep(PAUSE)
        except (SiteUnavailableError, StoreUnavailableError) as error:
            if not self.failure:
                log.error("the site does not get the history", extra={"error": str(error)})
            self.failure = str(error)
            self._erased = None
            self._news.set(True)
            return self._backoff.next()
        if self.failure:
            log.info("the site gets the history again", extra={"told": self.told})
        self.failure = ""
        self._backoff.reset()
        return WAIT_FOR_CHANGES if self._erasures else 0.0

    def _tell_next(self) -> bool:
        """Tell the next records; whether there may be more."""
        marked: Marked = self._runtime.offload(self._store.marked, MARKED, self._after, PER_BATCH)
        if not marked.marks:
            return False
        batch = Batch(
            calls=marked.calls, blocks=marked.blocks, audit=marked.audit, surveys=marked.surveys
        )
        if batch != Batch():
            self._apart.offload(self._site.record, self._node, batch)
        told = {id: mark for id, mark in marked.marks if mark.kind is not MarkKind.ERASURE}
        self._count(list(told.values()), batch)
        self._journal.note(Unmarked(tuple(told)))
        self._erasures |= {id: mark.key for id, mark in marked.marks if id not in told}
        self._after = marked.marks[-1][0]
        return len(marked.marks) == PER_BATCH

    def _count(self, marks: list[Mark], batch: Batch) -> None:
        there = {
            *(Mark(MarkKind.CALL, str(each.id)) for each in batch.calls),
            *(Mark(MarkKind.AUDIT, str(each.id)) for each in batch.audit),
            *(Mark(MarkKind.SURVEY, each.id) for each in batch.surveys),
            *(Mark(MarkKind.ENDED, each.id) for each in batch.blocks),
        }
        missing = Counter(mark.kind for mark in marks if mark not in there)
        if missing:
            log.error(
                "records were deleted for their age before the site had them",
                extra={str(kind): count for kind, count in missing.items()},
            )
        self.lost.update(missing)
        self.told += len(there)

    def _erase_next(self) -> bool:
        """Take a step in an erasure; whether there is more to do."""
        if not self._erasures:
            return False
        id, number = next(iter(self._erasures.items()))
        if not self.has_told(id):
            # What is told of their blocks later would be there again.
            return False
        person = self._persons.find(number)
        _, self._erased = self._apart.offload(self._site.erase, person, self._erased)
        if self._erased is not None:
            return True
        del self._erasures[id]
        self._journal.note(Unmarked((id,)))
        log.info("a person was erased from the site")
        if latch := self._waiting.get(number):
            latch.set(True)
        return bool(self._erasures)
