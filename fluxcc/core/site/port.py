"""What the core needs of a site: really ``site.postgresql.PostgresqlSite``, in tests
``tests.fake_site.FakeSite``. The other ports are in ``core.ports``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fluxcc.core.ports import Batch
from fluxcc.domain.changes import Change, Expiry, SitePosition
from fluxcc.domain.nodes import Hint
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind


class Site(Protocol):
    """What the PBXs of a site share: a PostgreSQL.

    Every method may raise ``SiteUnavailableError``; all of them block, some for seconds, so they
    are called through ``Runtime.offload`` of a runtime that is ``apart``.
    """

    def open(self) -> SitePosition:
        """Connect, create or migrate the site's tables; where its changes end now."""

    def offer(self, changes: Sequence[Change]) -> None:
        """Record these, each of another thing, where no later change of the same thing is."""

    def claim(self, node: str, expiries: Sequence[Expiry]) -> list[Expiry]:
        """Those of which the node is to write the audit's row, because none other does; also those
        that it claimed before, with the ids of then."""

    def hint(self) -> None:
        """Have the other nodes look for changes now."""

    def changes(self, after: int, limit: int) -> tuple[list[Change], int]:
        """The first ``limit`` changes that counted after that number, in order, and the number of
        the last one. None is ever added before it."""

    def standing(self, after: tuple[str, str], limit: int) -> list[Change]:
        """The last change of each of the next ``limit`` things, in the order of kind and key, after
        that kind and key."""

    def is_pruned(self, number: int) -> bool:
        """Whether changes after that number are not to be had any more."""

    def prune(self) -> None:
        """Delete what no node needs any more."""

    def wait(self, seconds: float) -> Hint:
        """Wait for a hint for so long; what it hints at. A hint may be missed: changes are looked
        for all the same."""

    def record(self, node: str, batch: Batch) -> None:
        """Keep the node's history: ended calls, requests, surveys and ended blocks; what is there
        already stays."""

    def recorded(self, node: str) -> float | None:
        """When the last call of the node began of which there is history (epoch seconds)."""

    def erase(self, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the person from the next records of any node, of history and of changes; how many,
        and the ``after`` to go on with: None at the end, as at the beginning. A block that holds
        stays; of one that has ended a change of ``Kind.ERASED`` remains, which goes to every node
        and keeps out what is offered of the block in a state of before."""

    def keep(self, node: str, ages: Mapping[RecordKind, float]) -> None:
        """Note for how long (seconds) the node keeps its records; be ready for those to come."""

    def drop(self, kind: RecordKind, before: float) -> list[str]:
        """Delete the months of history that are older than that moment (epoch seconds), and that no
        node keeps so long; which."""

    def purge(self, kind: RecordKind, node: str, before: float, limit: int) -> int:
        """Delete at most ``limit`` of the node's records of history that are older than that moment
        (epoch seconds); how many there were."""
