"""What the core needs of a site: really ``site.postgresql.PostgresqlSite``, in tests
``tests.fake_site.FakeSite``. The other ports are in ``core.ports``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fluxcc.domain.changes import Change, Expiry, SitePosition
from fluxcc.domain.nodes import Hint


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
