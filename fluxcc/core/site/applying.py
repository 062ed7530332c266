"""Gives each change from elsewhere to the part of the core that it is of.

Counterparts: ``reading`` has them from the site.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec

from fluxcc.core.blocks.merging import Merging
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Change, Kind, Tally
from fluxcc.domain.erasing import Remains
from fluxcc.domain.shared_entries import EntryChange, read_change

log = logging.getLogger(__name__)

Found = TypeVar("Found")


class Applying:
    """One per daemon that is in a site."""

    def __init__(self, blocks: Merging) -> None:
        self._blocks = blocks
        self.apply_entries: Callable[[Sequence[EntryChange]], None] = lambda changes: None
        """Lets changes of entries count."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply these, in this order, as far as nothing later is known here. One that cannot be
        read is passed over: a later version may have written it, and the others must count."""
        for is_erased, some in groupby(changes, lambda each: each.kind == Kind.ERASED):
            # Of a number that was erased an earlier change may count again: in their order.
            if is_erased:
                self._erase([*some])
            else:
                self._blocks.apply(_read([e for e in some if e.kind == Kind.BLOCK], _read_block))
        of_kind = {kind: [each for each in changes if each.kind == kind] for kind in Kind}
        # After the blocks: one that was released with its number's protection has ended by then.
        self.apply_entries(_read(of_kind[Kind.ENTRY], read_change))
        for change in of_kind[Kind.TALLY]:
            for tally in _read([change], _read_tally):
                self._blocks.tally(change.node, tally)

    def _erase(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for remains in _read([change], _read_remains):
                self._blocks.erase(change.stamp, remains)
        self._blocks.offer_again()


def _read_block(change: Change) -> Block:
    return msgspec.json.decode(change.body, type=Block)


def _read_remains(change: Change) -> Remains:
    return msgspec.json.decode(change.body, type=Remains)


def _read_tally(change: Change) -> Tally:
    return msgspec.json.decode(change.body, type=Tally)


def _read(changes: Sequence[Change], read: Callable[[Change], Found]) -> list[Found]:
    """What the changes say, as far as it can be read."""
    found = []
    for change in changes:
        try:
            found.append(read(change))
        except (msgspec.MsgspecError, ValueError) as error:
            log.error(
                "a change from elsewhere cannot be read",
                extra={"kind": change.kind, "node": change.node, "error": str(error)},
            )
    return found
