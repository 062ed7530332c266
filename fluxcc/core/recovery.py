"""What the daemon takes over from the store when it starts: supervisors' entries, live blocks and
live calls. Requests that began and never ended get the code ``outcome-unknown``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.calls.snapshot import Snapshots
from fluxcc.core.domains import Domains
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Runtime, Store
from fluxcc.core.provisioning import Provisioning
from fluxcc.core.requests.replies import Replies
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import StoreUnavailableError

PATIENCE = 5.0
"""Seconds for which the store is waited for at each step: the daemon begins without one that hangs,
or that is being brought up to date, and takes its state over later."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Recovery:
    """One per daemon. The daemon works without a store too, so ``step`` is tried again."""

    def __init__(
        self,
        store: Store,
        blocking: Blocking,
        provisioning: Provisioning,
        snapshots: Snapshots,
        domains: Domains,
        journal: Journal,
        replies: Replies,
        runtime: Runtime,
    ) -> None:
        self._store = store
        self._blocklist = blocking.blocklist
        self._table = blocking.table
        self._standings = blocking.standings
        self._repeaters = blocking.repeaters
        self._provisioning = provisioning
        self._snapshots = snapshots
        self._domains = domains
        self._journal = journal
        self._replies = replies
        self._runtime = runtime
        self._former: set[int] | None = None
        """The rows of requests that an earlier life left unfinished; None until they were read."""

    def step(self) -> bool:
        """Take over the store's state; False where it could not be read."""
        try:
            self._read(self._store.open)
            blocks = self._read(self._store.live_blocks)
            # All that are kept: which of them are too old FreeSWITCH's clock says, and that may not
            # be known yet. The scheduler forgets those then.
            times = self._read(self._store.block_times, 0.0)
            calls = self._read(self._store.live_calls)
            entries = self._read(self._store.entries)
            stamps = self._read(self._store.entry_stamps)
            domains = self._read(self._store.domains)
            ended = self._read(self._store.ended_changes, self._standings.oldest)
            if self._former is None:
                self._former = self._of_a_former_life(self._read(self._store.unfinished))
            self._replies.learn()
            # Once more and last: nothing may erase these rows before they are written below.
            unfinished = self._read(self._store.unfinished)
        except (StoreUnavailableError, TimeoutError) as error:
            self._journal.fail(error)
            return False
        self._domains.load(domains)
        self._journal.note(*self._provisioning.load(entries, stamps))
        self._load(blocks)
        self._journal.note(*self._standings.load(ended))
        self._repeaters.load(times)
        self._repeaters.reread(self._blocklist.canonical)
        self._snapshots.restore(calls)
        for row in unfinished:
            if row.id in self._former:
                self._journal.note(replace(row, status=Status.UNKNOWN, code=Code.OUTCOME_UNKNOWN))
        return True

    def _of_a_former_life(self, unfinished: list[AuditRecord]) -> set[int]:
        """Those of an earlier life; this one may have begun requests before the store could be
        read. They are known by their IDs: their times are FreeSWITCH's, and this life began by
        another clock."""
        return {row.id for row in unfinished if not self._replies.is_of_this_life(row.request)}

    def _read(self, work: Callable[..., Result], *arguments: object) -> Result:
        return self._runtime.within(PATIENCE, work, *arguments)

    def _load(self, blocks: list[Block]) -> None:
        """Take over the newest live block of each number and release the others. A number has
        several where it was marked again while the store could not be read, or where two ways to
        write it are read as one person now."""
        known = {(block.number, block.domain): block for block in self._blocklist.blocks()}
        newest_first = sorted(blocks, key=lambda each: (each.changed, each.until), reverse=True)
        for stored in newest_first:
            block = self._standings.adopt(self._blocklist.rederived(stored))
            identity = block.number, block.domain
            # Keys of earlier settings may be other people's by now.
            self._table.tell_later(set(stored.keys).difference(block.keys))
            released = self._blocklist.released(*identity)
            newer = released or known.setdefault(identity, block)
            if newer is block:
                self._blocklist.put(block)
                if block is not stored:
                    self._journal.note(block)
            elif newer.id != block.id:
                self._journal.note(
                    replace(
                        block, state=BlockState.RELEASED, ended_at=newer.since, ended_by=newer.by
                    )
                )
