"""Reads the live blocks' numbers again after ``[numbers]`` changed: whose number a spelling is, and
under which keys the gate looks a person up, follow from the area codes and the country.

Counterparts: ``recovery`` reads those of the store so when the daemon starts, ``core.configure``
lets this be done when the configuration was reloaded.
"""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Runtime
from fluxcc.domain.blocks import Block, BlockState

BY_SETTINGS = "settings"
"""Named in ``ended_by`` and notices as the one who ended a block of a number that nobody can block
any more, or that is another spelling of a number that is blocked for longer."""
BLOCKS_PER_TURN = 20
"""Blocks that are read between two turns of others, in some 5 ms."""


class Rereading:
    """One per daemon."""

    def __init__(
        self,
        blocklist: Blocklist,
        repeaters: Repeaters,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
    ) -> None:
        self._blocklist = blocklist
        self._repeaters = repeaters
        self._journal = journal
        self._runtime = runtime
        self._clock = clock

    def step(self) -> tuple[list[str], list[str]]:
        """Read every live block again, in memory and for the store. Returns the keys that the gate
        must have of those that changed, and those that it had."""
        gained: list[str] = []
        lost: list[str] = []
        self._repeaters.reread(self._blocklist.canonical)
        for count, one in enumerate(self._blocklist.blocks(), 1):
            live = self._blocklist.at(one.number, one.domain)
            if live is not None:
                block = self._blocklist.rederived(live, in_full=True)
                if block is not live:
                    self._replace(live, block)
                    gained += block.keys
                    lost += live.keys
            if count % BLOCKS_PER_TURN == 0:
                self._runtime.sleep(0.001)
        return gained, lost

    def _replace(self, live: Block, block: Block) -> None:
        """Put a block in the place of what it was read as before. Of two that are one person's by
        now the one that ends last counts."""
        other = None
        if block.number != live.number:
            self._blocklist.remove(live, live.state, self._clock.now(), "")
            other = self._blocklist.at(block.number, block.domain)
        if other is None:
            self._blocklist.put(block)
            self._journal.note(block)
            return
        shorter, longer = sorted((other, block), key=lambda each: each.until)
        self._blocklist.put(longer)
        over = replace(
            shorter, state=BlockState.RELEASED, ended_at=self._clock.now(), ended_by=BY_SETTINGS
        )
        self._journal.note(longer, over)
