"""Gives each change from elsewhere to the part of the core that it is of.

Counterparts: ``reading`` has them from the site.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from fluxcc.core.blocks.merging import Merging
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Change, Kind

log = logging.getLogger(__name__)


class Applying:
    """One per daemon that is in a site."""

    def __init__(self, blocks: Merging) -> None:
        self._blocks = blocks

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply these, in this order, as far as nothing later is known here."""
        self._blocks.apply(_read_blocks(changes))


def _read_blocks(changes: Sequence[Change]) -> list[Block]:
    """The blocks among them. One that cannot be read is passed over: a later version may have
    written it, and the others must count all the same."""
    found = []
    for change in changes:
        if change.kind == Kind.BLOCK:
            try:
                found.append(msgspec.json.decode(change.body, type=Block))
            except (msgspec.MsgspecError, ValueError) as error:
                log.error(
                    "a block from elsewhere cannot be read",
                    extra={"node": change.node, "error": str(error)},
                )
    return found
