"""Lets blocks that were changed elsewhere in the site count here: in memory, at the gate, in the
store and in the notices, as ``blocking`` does with those that were changed here.

Memory gives the order here as well: all of a page is settled without a wait in between.
``domain.changes`` decides which change counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from fluxcc.core.backlog import ErasedBlock
from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.rereading import BY_SETTINGS
from fluxcc.core.blocks.tallies import Tallies
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.domain.blocks import Block, BlockChange, BlockState
from fluxcc.domain.changes import ENDINGS, Settled, Stamp, Standing, Tally, settle, stamp_of
from fluxcc.domain.erasing import Remains
from fluxcc.domain.errors import PbxError
from fluxcc.domain.persons import Person

log = logging.getLogger(__name__)


class Merging:
    """One per daemon."""

    def __init__(self, blocking: Blocking, journal: Journal, clock: Clock) -> None:
        self._blocking = blocking
        self._blocklist = blocking.blocklist
        self._standings = blocking.standings
        self._tallies = Tallies(blocking.standings.node)
        self._journal = journal
        self._clock = clock
        self.is_protected: Callable[[str], bool] = lambda number: False
        """Tells whether nobody can block a canonical number on this node."""

    def apply(self, changed: Iterable[Block]) -> None:
        """Apply these changes, in this order, as far as nothing later is known. Returns when
        memory, gate and notices have them; the store has them with its next batch."""
        told: list[tuple[BlockChange, Block]] = []
        keys: dict[str, None] = {}
        for theirs in changed:
            # Its number and its keys, as they are read here.
            block = self._blocklist.rederived(theirs)
            earlier = self._blocklist.at(block.number, block.domain)
            known = self._standings.of(block.number, block.domain)
            # Until FreeSWITCH's clock is known nothing has run out.
            is_over = self._clock.is_known and self._blocking.is_over(block)
            settled = settle(known, block, is_over=is_over)
            if settled is None or self._standings.is_erased(block):
                continue
            settled = self._tallies.complete_change(settled)
            keys.update(dict.fromkeys(earlier.keys if earlier else ()))
            keys.update(dict.fromkeys(block.keys))
            self._remember(earlier, settled)
            if settled.told is not None and settled.standing.block is not None:
                told.append((settled.told, settled.standing.block))
        self._tell_gate(list(keys))
        # The node on which it was made has a line of it in its log. One on each would be half of
        # what a change from elsewhere costs.
        self._blocking.notify((change, block, block.ended_by or block.by) for change, block in told)
        self._free_protected(block for _, block in told)

    def tally(self, node: str, tally: Tally) -> None:
        """Count what a node has seen of a block."""
        self._tallies.note(node, tally)
        known = self._standings.of(tally.number, tally.domain).block
        if known is None or known.id != tally.block:
            return
        block = self._tallies.complete(known)
        if block is known:
            return
        if block.state is BlockState.LIVE:
            self._blocklist.recount(block)
        else:
            self._standings.note_end(block)
        self._journal.note(block)

    def erase(self, stamp: Stamp, remains: Remains) -> None:
        """End a block, if it does not hold by a later change, and forget of whom it was: in memory,
        and in the store. Its person was erased on another node."""
        live = next((each for each in self._blocklist.blocks() if each.id == remains.id), None)
        if live is not None and stamp_of(live) > stamp:
            return
        if live is not None:
            ended = replace(remains.ended(live), changed=stamp.at, changer=stamp.node)
            told = ENDINGS[remains.state]
            self._remember(live, Settled(Standing(stamp, ended), (ended,), told))
            self._tell_gate(list(live.keys))
            self._blocking.announce(told, ended, ended.ended_by)
        self._standings.erase(remains.id, stamp)
        self._tallies.drop(remains.id)
        self._journal.note(ErasedBlock(remains.id, stamp))

    def offer_again(self) -> None:
        """Have the live blocks that were changed here last offered again: the site may have refused
        one for a later change of its number, which this node did not read before it was erased.
        """
        node = self._standings.node
        self._journal.note(*(each for each in self._blocklist.blocks() if each.changer == node))

    def forget(self, person: Person) -> None:
        """Erase what is remembered of this person's attempts."""
        self._tallies.forget(person)

    def _remember(self, earlier: Block | None, settled: Settled) -> None:
        """Take it into memory, and note it for the store."""
        live = settled.standing.live
        repeaters = self._blocking.repeaters
        for each in settled.ended:
            if not each.counts:
                repeaters.take_back(each.number, each.domain, each.since)
        if live is not None:
            self._blocking.put(live)
            self._journal.note(*settled.ended, live)
            return
        ended = settled.standing.block
        if ended is not None:
            if earlier is not None:
                at = ended.ended_at or self._clock.now()
                _, keys = self._blocklist.remove(earlier, ended.state, at, ended.ended_by)
                self._blocking.table.note_change(keys)
            self._standings.note_end(ended)
            if ended.counts:
                repeaters.note(ended.number, ended.domain, ended.since)
        self._journal.note(*settled.ended)

    def _tell_gate(self, keys: list[str]) -> None:
        try:
            if keys:
                self._blocking.table.tell(keys)
        except PbxError as error:
            log.warning(
                "the gate was not told of changes from elsewhere; it is later",
                extra={"reason": str(error)},
            )

    def _free_protected(self, blocks: Iterable[Block]) -> None:
        """End the blocks of numbers that nobody can block here, for the whole site."""
        for block in blocks:
            if block.state is BlockState.LIVE and self.is_protected(block.number):
                self._blocking.release(block, BY_SETTINGS)
