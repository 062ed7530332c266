"""What people would read of a ``FakeStore``: how the contract's tests look into one.

Counterpart: ``store.history.History``, whose methods these are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.surveys import Survey
from tests.fakes import FakeStore


class FakeHistory:
    """``store.history.History`` of a ``FakeStore``."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def ended_calls(
        self, *, since: float = 0, number: str = "", agent: str = "", limit: int
    ) -> list[CallRecord]:
        """The calls that ended, newest first."""
        calls = [c for c in self._store.calls.values() if c.ended is not None]
        return _newest(calls, since, number, agent, limit)

    def audit(
        self, *, since: float = 0, number: str = "", agent: str = "", limit: int
    ) -> list[AuditRecord]:
        """The rows, newest first."""
        return _newest(self._store.audit.values(), since, number, agent, limit)

    def surveys(self, *, since: float = 0, group: str = "", agent: str = "") -> list[Survey]:
        """The surveys, oldest first."""
        found = [
            survey
            for survey in self._store.surveys.values()
            if survey.offered >= since
            and group in ("", survey.group)
            and agent in ("", survey.agent)
        ]
        return sorted(found, key=lambda survey: survey.offered)

    def blocks(self, limit: int) -> list[Block]:
        """The blocks, newest first."""
        blocks = sorted(self._store.blocks.values(), key=lambda block: -block.since)
        return blocks[:limit]

    def live_blocks(self) -> list[Block]:
        """Those that nobody ended."""
        return self._store.live_blocks()

    def live_calls(self) -> list[CallRecord]:
        """Those that were never seen to end."""
        return self._store.live_calls()

    def entries(self) -> list[Entry]:
        """What supervisors have set."""
        return self._store.entries()


def _newest(records: Iterable[Any], since: float, number: str, agent: str, limit: int) -> list[Any]:
    found = [
        record
        for record in records
        if record.id >= int(since * 1e6)
        and number in ("", record.number)
        and agent in ("", record.agent)
    ]
    return sorted(found, key=lambda record: -record.id)[:limit]
