"""What becomes of a person's blocks in a site when the person is erased.

A block that has ended loses everything that tells of whom it was. What remains is that it ended, by
its id: a node that did not hear of that before ends its own by it, and no node's older change
brings the block back. A block that holds stays, here as on a PBX alone.

Counterparts: ``store.outbox`` and ``site.erasing`` make such a change out of a block,
``core.blocks.merging`` applies it, and ``site.log`` keeps older changes of the block out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from fluxcc.domain.blocks import BY_TIME, Block, BlockState
from fluxcc.domain.changes import Change, Kind, stamp_of
from fluxcc.domain.persons import Person

BY_ERASURE = "erasure"
"""Named as the one who ended a block of which nobody knows that any more."""
CLOCKS_DIFFER = 10.0
"""Seconds before its end from which a block counts as over: by the clock of the node that erases
it may be."""


class Remains(msgspec.Struct, frozen=True):
    """What remains of an erased block."""

    id: str
    until: int
    state: BlockState
    ended_at: float
    ended_by: str

    def ended(self, block: Block) -> Block:
        """The block, as it is not there any more."""
        return replace(
            block,
            state=self.state,
            ended_at=max(block.since, self.ended_at),
            ended_by=self.ended_by,
        )


def erasure_of(block: Block, now: float) -> Change | None:
    """The change that erases the block from the site, which is as late as the block's last one;
    None where the block holds ``now``."""
    if block.state is not BlockState.LIVE:
        return _change(block)
    if block.until > now + CLOCKS_DIFFER:
        return None
    end = float(block.until)
    return _change(replace(block, state=BlockState.EXPIRED, ended_at=end, ended_by=BY_TIME))


def superseded(block: Block, now: float) -> Change:
    """The same of a block that another one of its number has ended: a node that did not hear of the
    other one has it still."""
    over = replace(block, state=BlockState.RELEASED, ended_at=now, ended_by=BY_ERASURE)
    return _change(block if block.state is not BlockState.LIVE else over)


def _change(block: Block) -> Change:
    """The change that erases a block that has ended, as late as its last one."""
    ended_at = block.since if block.ended_at is None else block.ended_at
    remains = Remains(block.id, block.until, block.state, ended_at, block.ended_by)
    stamp = stamp_of(block)
    body = msgspec.json.encode(remains).decode()
    return Change(Kind.ERASED, block.id, stamp.at, stamp.node, body)


def without(person: Person, body: str) -> str:
    """The JSON without the person's numbers in any of its texts."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return person.erase_from(body)
    wiped = _each_text(told, person.erase_from)
    return body if wiped == told else msgspec.json.encode(wiped).decode()


def _each_text(told: Any, wipe: Callable[[str], str]) -> Any:
    match told:
        case str():
            return wipe(told)
        case list():
            return [_each_text(each, wipe) for each in told]
        case dict():
            return {wipe(key): _each_text(each, wipe) for key, each in told.items()}
    return told
