"""What every node of a site can read of the others: their ended calls, requests, surveys and ended
blocks, each with its node; and what a node tells of its own.

Counterparts: ``core.site.recording`` tells it, ``site.archive`` keeps it, ``site.history`` reads
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.changes import Mark, MarkKind
from fluxcc.domain.surveys import Survey

MARKED = (MarkKind.CALL, MarkKind.AUDIT, MarkKind.SURVEY, MarkKind.ENDED, MarkKind.ERASURE)
"""The marks of history, and of what is to be erased from it."""
OF_BLOCKS = (MarkKind.BLOCK, MarkKind.EXPIRY, MarkKind.TALLY, MarkKind.ENDED)
"""The marks whose record is a block."""


class CallAt(CallRecord, frozen=True):
    """A call of a node."""

    node: str = ""


class AuditAt(AuditRecord, frozen=True):
    """A request that came to a node."""

    node: str = ""


class SurveyAt(Survey, frozen=True):
    """A survey on a node."""

    node: str = ""


class BlockAt(Block, frozen=True):
    """A block that was marked on a node first."""

    node: str = ""


class Written(Protocol):
    """What was written in one transaction."""

    @property
    def calls(self) -> Iterable[CallRecord]:
        """Live and ended ones."""

    @property
    def audit(self) -> Iterable[AuditRecord]:
        """Requests, as they begin and as they end."""

    @property
    def surveys(self) -> Iterable[Survey]:
        """With more answers each time."""

    @property
    def blocks(self) -> Iterable[Block]:
        """Live and ended ones."""


def marks_of(node: str, written: Written) -> list[Mark]:
    """What is marked in the outbox when this is written on that node, for the history.

    A block that was released is told of by the nodes that marked and released it. Every node tells
    of one that ended by its time, so that one does though the others are down."""
    return [
        *(Mark(MarkKind.CALL, str(each.id)) for each in written.calls if each.ended is not None),
        *(Mark(MarkKind.AUDIT, str(each.id)) for each in written.audit),
        *(Mark(MarkKind.SURVEY, each.id) for each in written.surveys),
        *(Mark(MarkKind.ENDED, each.id) for each in written.blocks if _is_told(each, node)),
    ]


def _is_told(block: Block, node: str) -> bool:
    if block.state is BlockState.RELEASED:
        return node in (block.origin, block.changer)
    return block.state is BlockState.EXPIRED
