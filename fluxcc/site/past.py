"""The past of a whole site: what this node's store has, and what the site's database has of all
nodes, as one. Each record has its node.

A node tells the site what it has some seconds later: its own rows come out of its store, so that
who does something sees it at once. Counterparts: ``web.records`` and ``cli.stored``
ask, ``store.history`` and ``site.history`` are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.history import AuditAt, BlockAt, CallAt, SurveyAt
from fluxcc.domain.surveys import Survey

At = TypeVar("At", CallAt, AuditAt, SurveyAt, BlockAt)


class Past(Protocol):
    """What a page or a route asks for, of one PBX or of a site: see ``store.history.History``."""

    def ended_calls(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> Sequence[CallRecord]:
        """Ended calls, the newest first."""

    def audit(
        self,
        *,
        since: float = 0,
        number: str = "",
        agent: str = "",
        domain: str = "",
        limit: int,
    ) -> Sequence[AuditRecord]:
        """Requests, the newest first."""

    def surveys(
        self,
        *,
        since: float = 0,
        number: str = "",
        group: str = "",
        agent: str = "",
        domain: str = "",
    ) -> Sequence[Survey]:
        """Surveys, the oldest first."""

    def blocks(self, limit: int) -> Sequence[Block]:
        """Blocks in any state, the newest first."""

    def call(self, leg: str) -> CallRecord | None:
        """The call with this leg, among the newest ones."""


class SitePast:
    """``Past`` of a site, or of one node of it."""

    def __init__(self, node: str, own: Past | None, site: Past | None, wanted: str = "") -> None:
        """``node`` is this node's name; ``own`` has its records, None where those of another node
        are asked for; ``site`` has those of the nodes that are asked for, None where it does not
        answer; ``wanted`` is the node whose records are asked for, empty for all."""
        self._node = node
        self._wanted = wanted
        self._own = own
        self._site = site

    def ended_calls(self, *, limit: int, **about: Any) -> Sequence[CallAt]:
        """Ended calls, the newest first."""
        found = self._both(CallAt, lambda past: past.ended_calls(limit=limit, **about))
        return sorted(found, key=lambda call: call.id, reverse=True)[:limit]

    def audit(self, *, limit: int, **about: Any) -> Sequence[AuditAt]:
        """Requests, the newest first."""
        found = self._both(AuditAt, lambda past: past.audit(limit=limit, **about))
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]

    def surveys(self, **about: Any) -> Sequence[SurveyAt]:
        """Surveys, the oldest first."""
        found = self._both(SurveyAt, lambda past: past.surveys(**about))
        return sorted(found, key=lambda survey: survey.offered)

    def blocks(self, limit: int) -> Sequence[BlockAt]:
        """Blocks in any state, the newest first, each with the node that marked it first."""
        newest: dict[str, BlockAt] = {}
        for block in self._each(BlockAt, lambda past: past.blocks(limit)):
            # What came from elsewhere is in this node's store, too.
            known = newest.get(block.id)
            if known is None or _age(known) < _age(block):
                newest[block.id] = block
        found = [each for each in newest.values() if self._wanted in ("", each.node)]
        return sorted(found, key=lambda block: block.since, reverse=True)[:limit]

    def call(self, leg: str) -> CallAt | None:
        """The call with this leg, among the newest ones."""

        def found(past: Past) -> list[CallRecord]:
            call = past.call(leg)
            return [call] if call is not None else []

        return next(iter(self._both(CallAt, found)), None)

    def _both(self, kind: type[At], ask: Callable[[Past], Iterable[msgspec.Struct]]) -> list[At]:
        """The records of the own store, and those of the site that are not in it."""
        found: dict[Hashable, At] = {}
        for record in self._each(kind, ask):
            found.setdefault((record.node, record.id), record)
        return list(found.values())

    def _each(
        self, kind: type[At], ask: Callable[[Past], Iterable[msgspec.Struct]]
    ) -> Iterator[At]:
        for past in (self._own, self._site):
            for record in ask(past) if past is not None else ():
                yield self._placed(kind, record)

    def _placed(self, kind: type[At], record: Any) -> At:
        """The record with its node."""
        if isinstance(record, kind):
            return record
        node = getattr(record, "origin", "") or self._node
        return kind(**msgspec.structs.asdict(record), node=node)


def _age(block: Block) -> tuple[int, bool]:
    """Of two states of a block the later one is greater. That its time has passed is no change."""
    return block.changed, block.state is not BlockState.LIVE
