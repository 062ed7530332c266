"""Changes of what a site's PBXs share, and the rule by which those that were made apart agree
(contract, section 9).

Of two changes of one thing the later one counts, by FreeSWITCH's clock; the node's name decides a
tie. A release is a change. An expiry is none: it follows from a block's end and each node's own
clock. Were it one, the node whose clock is fast would beat a renewal that it had not heard of.

Clocks differ. A change that is made in knowledge of another one is later than that, by any
clock (``Stamps``); so only changes made apart are compared by their clocks.

Counterparts: ``core.blocks.standings`` and ``merging`` stamp and apply changes of blocks,
``core.shared_entries`` and ``core.site.entry_merging`` those of entries, and
``site.log`` has the same order in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from fluxcc.domain.blocks import BY_TIME, Block, BlockChange, BlockState, gate_key

MICROSECONDS = 1_000_000


class Stamp(NamedTuple):
    """When and where a change was made, by which changes of one thing are ordered. A node gives
    each of its stamps once."""

    at: int
    """Microseconds of the epoch by FreeSWITCH's clock; 0 for what was there before there was a
    site, which every change beats."""
    node: str


UNSTAMPED = Stamp(0, "")


class Kind(StrEnum):
    """What a change is of."""

    BLOCK = "block"
    ENTRY = "entry"
    ERASED = "erased"
    """A block that has ended, whose person was erased (``domain.erasing``); the key is its id."""
    TALLY = "tally"
    """One node's attempts of a blocked caller. After ``BLOCK`` in the order of kinds: what counts
    for a block is read after the block."""


class MarkKind(StrEnum):
    """What is marked in the outbox of a node."""

    BLOCK = "block"
    """A block that was changed here."""
    EXPIRY = "expiry"
    """A block whose time has passed here."""
    TALLY = "tally"
    """A block of which attempts were counted here."""
    ENTRY = "entry"
    """A group, a room and so on that was saved or removed here."""
    CALL = "call"
    """A call that has ended, for the history."""
    AUDIT = "audit"
    """A request, for the history."""
    SURVEY = "survey"
    """For the history."""
    ENDED = "ended"
    """A block that has ended, for the history."""
    ERASED = "erased"
    """A block that was erased here before the site had its end; the key is that change as JSON: it
    counts for its number like any other, until the person is erased from the site as well."""
    ERASURE = "erasure"
    """A person who is to be erased from the site; the key is the number."""


class Mark(NamedTuple):
    """A record that the site is to be told of: which one, not what it says."""

    kind: MarkKind
    key: str
    """The record's id; of an entry its name, of an erasure the number."""


class Expiry(msgspec.Struct, frozen=True):
    """The end of a block's time, which every node sees and one of them writes into the audit."""

    block: str
    """The block's id."""
    until: int
    """The epoch second at which it ended."""
    audit: int
    """The id of the audit's row."""


class Tally(msgspec.Struct, frozen=True):
    """How many attempts of a blocked caller one node has seen. A count only grows, so that the
    larger one is the later."""

    block: str
    """The block's id."""
    number: str
    domain: str
    count: int
    last: float | None


class SitePosition(msgspec.Struct, frozen=True):
    """How far the changes of a site were taken."""

    site: str
    """Which site it is: an id that its database was born with, and what tells a database from
    itself before a failover or a restored backup."""
    number: int


class Change(msgspec.Struct, frozen=True):
    """The state of one thing that the whole site has, since a change."""

    kind: str
    """A ``Kind``, or one that only later versions know."""
    key: str
    """The thing's name among its kind."""
    at: int
    node: str
    body: str
    """The thing as JSON; empty where it was removed."""

    @property
    def stamp(self) -> Stamp:
        """Its place in the order."""
        return Stamp(self.at, self.node)


def marks_of(blocks: Iterable[Block], node: str) -> list[Mark]:
    """What is marked in the outbox when these are written on that node; nothing for an empty one.
    What came from elsewhere is known there, and its end by its time is seen here too."""
    marks = []
    for each in blocks if node else ():
        if each.changer == node:
            marks.append(Mark(MarkKind.BLOCK, each.id))
        if each.state is BlockState.EXPIRED:
            marks.append(Mark(MarkKind.EXPIRY, each.id))
        if each.own_attempts:
            marks.append(Mark(MarkKind.TALLY, each.id))
    return marks


def change_of(block: Block) -> Change:
    """A block's last change, as the site has it: without what is no change, the attempts, which
    each node counts for itself, and the end of its time."""
    told = replace(block, attempts=0, last_attempt=None, elsewhere={})
    if block.state is BlockState.EXPIRED:
        told = replace(told, state=BlockState.LIVE, ended_at=None, ended_by="")
    stamp = stamp_of(block)
    key = gate_key(block.number, block.domain)
    return Change(Kind.BLOCK, key, stamp.at, stamp.node, msgspec.json.encode(told).decode())


def tally_of(block: Block, node: str) -> Change:
    """The attempts that a node has seen, as a change of their own: ordered by their count."""
    count = block.own_attempts
    told = Tally(block.id, block.number, block.domain, count, block.last_attempt)
    body = msgspec.json.encode(told).decode()
    return Change(Kind.TALLY, f"{block.id}/{node}", count, node, body)


def completed(block: Block, here: str, node: str, tally: Tally) -> Block:
    """The block, as the node ``here`` knows it, with what a node has counted of it."""
    known = block.own_attempts if node == here else block.elsewhere.get(node, 0)
    more = tally.count - known
    if more <= 0:
        return block
    moments = [each for each in (block.last_attempt, tally.last) if each is not None]
    others = block.elsewhere if node == here else {**block.elsewhere, node: tally.count}
    return replace(
        block,
        attempts=block.attempts + more,
        last_attempt=max(moments, default=None),
        elsewhere=others,
    )


def replaced(settled: Settled, former: Block, block: Block) -> Settled:
    """What a change makes of a number, with another state of its block."""
    standing = Standing(settled.standing.stamp, block)
    ended = tuple(block if each is former else each for each in settled.ended)
    return Settled(standing, ended, settled.told)


def newest(changes: Iterable[Change]) -> list[Change]:
    """The last change of each thing."""
    found: dict[tuple[str, str], Change] = {}
    for change in changes:
        known = found.get((change.kind, change.key))
        if known is None or change.stamp > known.stamp:
            found[change.kind, change.key] = change
    return list(found.values())


class Stamps:
    """Gives a node's stamps: one per daemon for blocks, and one for entries."""

    def __init__(self, node: str) -> None:
        self.node = node
        self._last = 0

    def next(self, now: float, known: Stamp = UNSTAMPED) -> Stamp:
        """The stamp of a change that is made ``now`` (epoch seconds of FreeSWITCH's clock) in
        knowledge of the thing's change ``known``."""
        self._last = max(int(now * MICROSECONDS), self._last + 1, known.at + 1)
        return Stamp(self._last, self.node)


class Standing(msgspec.Struct, frozen=True):
    """What a node knows of one number in one SIP domain."""

    stamp: Stamp = UNSTAMPED
    """That of the last change that counted."""
    block: Block | None = None
    """The number's last block, as that change left it or as it ended by its time."""

    @property
    def live(self) -> Block | None:
        """The block that holds now."""
        is_live = self.block is not None and self.block.state is BlockState.LIVE
        return self.block if is_live else None


class Settled(msgspec.Struct, frozen=True):
    """What a change makes of a number."""

    standing: Standing
    ended: tuple[Block, ...] = ()
    """Blocks that have ended by it, each as it is from now on."""
    told: BlockChange | None = None
    """What the notice says; None where there is nothing to tell."""


def stamp_of(block: Block) -> Stamp:
    """The stamp of a block's last change."""
    return Stamp(block.changed, block.changer)


def stamped(block: Block, stamp: Stamp) -> Block:
    """The block as that change has made it. The node of its first one is its origin."""
    return replace(block, changed=stamp.at, changer=stamp.node, origin=block.origin or stamp.node)


def settle(known: Standing, theirs: Block, *, is_over: bool) -> Settled | None:
    """What a block's change from elsewhere makes of its number; None where what is known is later,
    or the same change. ``is_over`` says that the block's time has passed on this node."""
    stamp = stamp_of(theirs)
    if stamp <= known.stamp:
        return None
    live = known.live
    block = _counting(theirs, known.block, live)
    is_other = live is not None and live.id != theirs.id
    superseded = (_supersede(live, theirs),) if live is not None and is_other else ()
    if block.state is BlockState.LIVE and not is_over:
        change = BlockChange.BLOCKED if live is None else BlockChange.RENEWED
        return Settled(Standing(stamp, block), superseded, change)
    if block.state is BlockState.LIVE:
        block = replace(
            block, state=BlockState.EXPIRED, ended_at=float(block.until), ended_by=BY_TIME
        )
    told = ENDINGS[block.state] if live is not None else None
    return Settled(Standing(stamp, block), (*superseded, block), told)


ENDINGS = {
    BlockState.RELEASED: BlockChange.RELEASED,
    BlockState.EXPIRED: BlockChange.EXPIRED,
}
"""What is told of a live block that has ended so."""


def _supersede(loser: Block, winner: Block) -> Block:
    """A live block of which another one of the same number decides that it does not hold."""
    if winner.state is BlockState.LIVE and loser.until <= winner.since:
        return replace(
            loser, state=BlockState.EXPIRED, ended_at=float(loser.until), ended_by=BY_TIME
        )
    if winner.state is BlockState.LIVE:
        ended_at, ended_by = winner.since, winner.by
    else:
        ended_at, ended_by = winner.ended_at or winner.since, winner.ended_by
    return replace(
        loser,
        state=BlockState.RELEASED,
        ended_at=max(loser.since, ended_at),
        ended_by=ended_by,
    )


def _counting(theirs: Block, known: Block | None, live: Block | None) -> Block:
    """The block of a change with the attempts that are known: those of the same block, or of
    another one in whose place it comes the own ones, since each node tells of its own."""
    if known is not None and known.id == theirs.id:
        attempts, last, elsewhere = known.attempts, known.last_attempt, known.elsewhere
    elif live is not None:
        attempts, last, elsewhere = live.own_attempts, live.last_attempt, {}
    else:
        attempts, last, elsewhere = 0, None, {}
    return replace(theirs, attempts=attempts, last_attempt=last, elsewhere=elsewhere)
