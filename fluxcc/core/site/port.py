"""What the core needs of a site besides its changes (``core.ports.Site``): its history.

The real thing is ``site.postgresql.PostgresqlSite``, in tests it is ``tests.fake_site.FakeSite``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from fluxcc.core.ports import Batch, Site
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind


class WholeSite(Site, Protocol):
    """A site with its history."""

    def record(self, node: str, batch: Batch) -> None:
        """Keep the node's history: ended calls, requests, surveys and ended blocks; what is there
        already stays."""

    def recorded(self, node: str) -> float | None:
        """When the last call of the node began of which there is history (epoch seconds)."""

    def erase(self, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the person from the next records of the history of any node; how many, and the
        ``after`` to go on with: None at the end, as at the beginning."""

    def keep(self, node: str, ages: Mapping[RecordKind, float]) -> None:
        """Note for how long (seconds) the node keeps its records; be ready for those to come."""

    def drop(self, kind: RecordKind, before: float) -> list[str]:
        """Delete the months of history that are older than that moment (epoch seconds), and that no
        node keeps so long; which."""

    def purge(self, kind: RecordKind, node: str, before: float, limit: int) -> int:
        """Delete at most ``limit`` of the node's records of history that are older than that moment
        (epoch seconds); how many there were."""
