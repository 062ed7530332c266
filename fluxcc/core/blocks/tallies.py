"""What each node of the site has told of the attempts at each block, also at blocks that are not
the number's last one here now: another node's renewal may make them that again.

In memory, for the last ``KEPT`` blocks with attempts. Counterpart: ``merging``.
"""

from __future__ import annotations

from collections import OrderedDict

from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Settled, Tally, completed, replaced
from fluxcc.domain.persons import Person

KEPT = 10_000
"""Blocks whose attempts are remembered."""


class Tallies:
    """One per daemon that is in a site."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._told: OrderedDict[str, dict[str, Tally]] = OrderedDict()

    def note(self, node: str, tally: Tally) -> None:
        """A node, perhaps this one in an earlier life, tells what it counted."""
        told = self._told.setdefault(tally.block, {})
        self._told.move_to_end(tally.block)
        known = told.get(node)
        if known is None or tally.count > known.count:
            told[node] = tally
        while len(self._told) > KEPT:
            self._told.popitem(last=False)

    def forget(self, person: Person) -> None:
        """Erase this person."""
        for id in [id for id, told in self._told.items() if _is_of(person, told)]:
            del self._told[id]

    def drop(self, block: str) -> None:
        """Forget what was told of a block."""
        self._told.pop(block, None)

    def complete(self, block: Block) -> Block:
        """The block with every node's attempts."""
        for node, tally in self._told.get(block.id, {}).items():
            block = completed(block, self._node, node, tally)
        return block

    def complete_change(self, settled: Settled) -> Settled:
        """The same of the block that a change is of."""
        block = settled.standing.block
        return settled if block is None else replaced(settled, block, self.complete(block))


def _is_of(person: Person, told: dict[str, Tally]) -> bool:
    return any(person.has(tally.number) for tally in told.values())
