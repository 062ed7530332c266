"""Gives what was changed here to the site: out of the outbox, in which the transaction that wrote a
change has marked it, so that none is forgotten after a crash.

A record is offered as it is when it is read, and its mark goes once the site has it; a mark that is
made meanwhile is another one. What is offered twice changes nothing.

Counterparts: ``store.outbox``, ``core.site.port``; a job of ``daemon.jobs`` calls ``step``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from fluxcc.core.backlog import Unmarked
from fluxcc.core.backoff import Backoff
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Batch, Clock, Marked, Runtime, Store
from fluxcc.core.site.expiries import Expiries
from fluxcc.core.site.port import Site
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Change, MarkKind, change_of, marks_of, newest, tally_of
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.domain.shared_entries import entry_marks

CHANGES = (MarkKind.BLOCK, MarkKind.ENTRY, MarkKind.EXPIRY, MarkKind.ERASED)
"""The marks for which others wait."""
PER_OFFER = 500
"""Changes that are offered at once."""
IDLE_CHECK = 5.0
"""Seconds after which the outbox is looked at though nothing was heard."""
HEAD_START = 0.01
"""Seconds that a change waits once it is in the store: the action that made it has the gate to tell
and a call to end, and the interpreter runs one thread at a time."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries to reach a site that failed."""
TALLY_PERIOD = 2.0
"""Seconds between two times that attempts are told of: nobody waits for them, and a caller who
dials on and on must not wake every node each time."""

log = logging.getLogger(__name__)


class _Stream:
    """Marks that are read together, in their order."""

    def __init__(self, *kinds: MarkKind, period: float = 0.0) -> None:
        self.kinds = kinds
        self.period = period
        self.after = 0
        """The id of the last one that was offered in this life."""
        self.due = 0.0
        """When they are read next, on the monotonic clock."""


class Feeding:
    """One per daemon that is in a site."""

    def __init__(
        self,
        site: Site,
        node: str,
        store: Store,
        journal: Journal,
        runtime: Runtime,
        apart: Runtime,
        expiries: Expiries,
        clock: Clock,
    ) -> None:
        """``apart`` has native threads of its own, on which the site is asked."""
        self._expiries = expiries
        self._clock = clock
        self._site = site
        self._node = node
        self._store = store
        self._journal = journal
        self._runtime = runtime
        self._apart = apart
        self._news = runtime.latch()
        self._streams = (
            _Stream(*CHANGES),
            _Stream(MarkKind.TALLY, period=TALLY_PERIOD),
        )
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self.may_begin: Callable[[], bool] = lambda: True
        """Tells whether the site's tables are known to be there."""
        self.failure = ""
        """Why the site could not be told last; empty where it was."""
        self.offered = 0
        """Changes that were offered since the daemon began."""

    def has_told(self, before: int) -> bool:
        """Whether the site has everything that was marked before the mark with that id; where not,
        it is told now. Raises ``StoreUnavailableError``."""
        kinds = [kind for stream in self._streams for kind in stream.kinds]
        waiting: Marked = self._runtime.offload(self._store.marked, kinds, 0, 1)
        has_all = not waiting.marks or waiting.marks[0][0] > before
        if not has_all:
            self.look()
        return has_all

    def written(self, batch: Batch) -> None:
        """A batch is in the store: look into the outbox now where it marked something."""
        marks = marks_of(batch.blocks, self._node)
        if marks or entry_marks(batch.entry_stamps, self._node):
            self.look()

    def look(self) -> None:
        """Look into the outbox now."""
        self._news.set(True)

    def step(self) -> float:
        """Wait for changes and offer them; the seconds until the next step."""
        if self._news.wait(IDLE_CHECK):
            self._runtime.sleep(HEAD_START)
        self._news = self._runtime.latch()
        return self.feed()

    def feed(self) -> float:
        """Offer everything that is marked; the seconds until that is to be tried again."""
        if not self.may_begin():
            self.look()
            return FIRST_PAUSE
        try:
            for stream in self._streams:
                self._empty(stream)
        except (SiteUnavailableError, StoreUnavailableError) as error:
            if not self.failure:
                log.error("the site cannot be told of changes", extra={"error": str(error)})
            self.failure = str(error)
            self._news.set(True)
            return self._backoff.next()
        if self.failure:
            log.info("the site is told of changes again", extra={"offered": self.offered})
        self.failure = ""
        self._backoff.reset()
        return 0.0

    def _empty(self, stream: _Stream) -> None:
        """Offer all of a stream, where that is due."""
        if self._clock.monotonic() < stream.due:
            return
        while self._offer(stream):
            pass
        stream.due = self._clock.monotonic() + stream.period

    def _offer(self, stream: _Stream) -> bool:
        """Offer the next changes; whether there may be more."""
        marked: Marked = self._runtime.offload(
            self._store.marked, stream.kinds, stream.after, PER_OFFER
        )
        if not marked.marks:
            return False
        blocks = [change_of(block) for block in _of_kind(marked, MarkKind.BLOCK)]
        changes = newest(blocks + _erased(marked))
        changes += marked.entries
        tallies = _of_kind(marked, MarkKind.TALLY)
        changes += [tally_of(block, self._node) for block in tallies]
        if changes:
            self._apart.offload(self._site.offer, changes)
            self._apart.offload(self._site.hint)
        self.offered += len(changes)
        over = _of_kind(marked, MarkKind.EXPIRY)
        rows = self._expiries.rows(self._site, self._apart, over) if over else []
        ids = Unmarked(tuple(id for id, _ in marked.marks))
        if rows:
            # Together: a row that was claimed must not be lost with its mark gone.
            self._journal.commit(*rows, ids)
        else:
            self._journal.note(ids)
        stream.after = marked.marks[-1][0]
        return len(marked.marks) == PER_OFFER


def _erased(marked: Marked) -> list[Change]:
    """The blocks that were erased before the site had their end."""
    told = [mark.key for _, mark in marked.marks if mark.kind is MarkKind.ERASED]
    return [msgspec.json.decode(each, type=Change) for each in told]


def _of_kind(marked: Marked, kind: MarkKind) -> list[Block]:
    """The blocks that are marked so."""
    ids = {mark.key for _, mark in marked.marks if mark.kind is kind}
    return [block for block in marked.blocks if block.id in ids]
