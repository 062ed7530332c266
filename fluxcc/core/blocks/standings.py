"""What was last changed of each number, in a site: stamps each change of a block, and keeps the
changes of numbers that are not blocked any more.

Without the ended ones an old mark from elsewhere would block a number that was released since. They
are needed until the site has them; that it does within ``KEPT`` seconds is no condition for all
nodes to end the same, since an old mark is ended again by the release that follows it.

Counterparts: ``blocking`` has its own changes stamped, ``merging`` those from elsewhere settled.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from fluxcc.core.blocks.blocklist import Blocklist, Identity
from fluxcc.core.ports import Clock
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import (
    MICROSECONDS,
    UNSTAMPED,
    Stamp,
    Stamps,
    Standing,
    stamp_of,
    stamped,
)
from fluxcc.domain.persons import Person

KEPT = 86_400.0
"""Seconds for which the change that ended a block is remembered."""


class Standings:
    """One per daemon; without a site it changes and remembers nothing."""

    def __init__(self, node: str, blocklist: Blocklist, clock: Clock) -> None:
        """``node`` is the name of this one in its site; empty where there is no site."""
        self._stamps = Stamps(node)
        self._blocklist = blocklist
        self._clock = clock
        self._ended: dict[Identity, Block] = {}
        self._erased: dict[str, Stamp] = {}
        """The id of each block whose person was erased, and its last change."""

    @property
    def node(self) -> str:
        """This node's name in its site; empty where there is no site."""
        return self._stamps.node

    def of(self, number: str, domain: str) -> Standing:
        """What is known of a canonical number in a SIP domain, or in all."""
        block = self._blocklist.at(number, domain)
        ended = self._ended.get((number, domain))
        if block is None:
            return Standing() if ended is None else Standing(stamp_of(ended), ended)
        return Standing(stamp_of(block), block)

    def change(self, block: Block) -> Block:
        """The block as it is changed on this node now, in knowledge of what is known of its
        number."""
        if not self.node:
            return self._change_apart(block)
        known = max(stamp_of(block), self.of(block.number, block.domain).stamp)
        return stamped(block, self._stamps.next(self._clock.now(), known))

    def _change_apart(self, block: Block) -> Block:
        """A block of a site, as it is changed while this node is in none: nobody's change, until
        the node is in one again (``adopt``)."""
        if not block.origin:
            return block
        at = max(int(self._clock.now() * MICROSECONDS), block.changed + 1)
        return replace(block, changed=at, changer="")

    def adopt(self, block: Block) -> Block:
        """A block that was changed while this node was in no site, as its change of then; of before
        there was one, as one that was changed when it began."""
        if not self.node or block.changer:
            return block
        at = max(int(block.since * MICROSECONDS), block.changed)
        return stamped(block, Stamp(at, self.node))

    def suppose(self, block: Block) -> Block:
        """A block of which only the gate knows, as a change that everything else that is known of
        its number beats."""
        return stamped(block, Stamp(UNSTAMPED.at, self.node)) if self.node else block

    def note_end(self, block: Block) -> None:
        """A block ended, by a change or by its time."""
        if self.node:
            self._ended[block.number, block.domain] = block

    def erase(self, block: str, stamp: Stamp) -> None:
        """Forget of whom an ended block was: its change with that stamp, and earlier ones, count
        no more."""
        self._erased[block] = max(stamp, self._erased.get(block, UNSTAMPED))
        self._ended = {
            key: each
            for key, each in self._ended.items()
            if each.id != block or stamp_of(each) > stamp
        }

    def is_erased(self, block: Block) -> bool:
        """Whether that block is one of a person who was erased, in a state of before that."""
        erased = self._erased.get(block.id)
        return erased is not None and stamp_of(block) <= erased

    def load(self, ended: Iterable[Block]) -> list[Block]:
        """Take over the store's ended blocks, unless more is known of their numbers; those that are
        to be written again, as this node ended them while it was in no site."""
        again = []
        for stored in ended if self.node else ():
            block = self.adopt(stored)
            if stamp_of(block) > self.of(block.number, block.domain).stamp:
                self.note_end(block)
            if block is not stored:
                again.append(block)
        return again

    @property
    def oldest(self) -> int:
        """Since when ends matter, as in a stamp."""
        return int((self._clock.now() - KEPT) * MICROSECONDS)

    def prune(self) -> None:
        """Forget ends that are too old to matter."""
        oldest = self.oldest
        self._ended = {key: each for key, each in self._ended.items() if each.changed >= oldest}
        self._erased = {id: each for id, each in self._erased.items() if each.at >= oldest}

    def forget(self, person: Person) -> None:
        """Erase this person's ended blocks, but for those that the site may know: without them its
        older changes would count here until it has erased them, too, and says so (``erase``)."""
        self._ended = {
            key: each for key, each in self._ended.items() if each.changer or not person.has(key[0])
        }
