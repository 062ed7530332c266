"""History, read in threads of its own, so that no page waits for another's disk: this PBX's out of
its store, and of a site that of every PBX, as long as its database answers.

Counterparts: ``store.history``, ``site.history``, ``past``.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from fluxcc.config import Settings
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import Persons, name_reading
from fluxcc.site.history import SiteHistory
from fluxcc.site.past import Past, SitePast
from fluxcc.store.history import History
from fluxcc.web.problems import ProblemError

THREADS = 2
PATIENCE = 5.0
"""Seconds for which the site's database is waited for."""
LEFT_ALONE = 5.0
"""Seconds for which a database that did not answer is not asked again: no page waits for it
meanwhile."""
Found = TypeVar("Found")

log = logging.getLogger(__name__)


class Told(NamedTuple, Generic[Found]):
    """What was found in the past."""

    found: Found
    is_alone: bool
    """Whether it is this PBX's alone, because the site's database does not answer."""


class Records:
    """One per process."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._url = settings.store.url
        self._node = settings.pbx.node
        self._site_url = settings.site.url
        self._now = now
        self.numbers = NumberPlan(*settings.numbering)
        self._persons = Persons(self.numbers, name_reading(settings.numbers))
        self._pool = ThreadPoolExecutor(THREADS, "records")
        # Of its own: a database that hangs holds no thread that the store is read in.
        self._site_pool = ThreadPoolExecutor(THREADS, "site")
        self._site: SiteHistory | None = None
        self._opening = threading.Lock()
        self._away_until = float("-inf")
        """Until when the site's database is not asked, on the monotonic clock."""
        self._own = threading.local()
        """Each thread's ``History``: one reads one thing at a time."""

    def spell(self, caller_id: str) -> str:
        """A number that a PBX presents in the spelling of blocks and the audit; what is none, as it
        is."""
        number = self.numbers.read(caller_id)
        return number.canonical if number.is_usable else caller_id

    async def read(self, query: Callable[[History], Found], node: str = "") -> Found:
        """What the query finds in the store, as ``records.read(lambda history:
        history.entries())``, of this PBX or of another one in the same store. Raises
        ``ProblemError``."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            return await run(self._pool, partial(self._run, query, node))
        except StoreUnavailableError as error:
            raise ProblemError(503, "store-unavailable", str(error)) from error

    async def past(self, query: Callable[[Past], Found], node: str = "") -> Told[Found]:
        """What the query finds in the past of the whole site, or of one node of it; where there is
        no site, or it does not answer, of this PBX. Raises ``ProblemError``, also where the site
        does not answer and another node is meant."""
        if not self._site_url:
            return Told(await self.read(query, node), is_alone=False)
        try:
            return Told(await self._ask_site(query, node), is_alone=False)
        except SiteUnavailableError as error:
            if node not in ("", self._node):
                raise ProblemError(503, "site-unavailable", str(error)) from error
        own = await self.read(lambda history: query(SitePast(self._node, history, None, node)))
        return Told(own, is_alone=True)

    def close(self) -> None:
        """End the threads."""
        for pool in (self._pool, self._site_pool):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._site is not None:
            self._site.close()

    async def _ask_site(self, query: Callable[[Past], Found], node: str) -> Found:
        if self._now() < self._away_until:
            raise SiteUnavailableError("it did not answer a moment ago")
        run = asyncio.get_running_loop().run_in_executor
        try:
            async with asyncio.timeout(PATIENCE):
                return await run(self._site_pool, partial(self._run_on_site, query, node))
        except (SiteUnavailableError, TimeoutError) as error:
            self._away_until = self._now() + LEFT_ALONE
            reason = str(error) or f"no answer within {PATIENCE:g} s"
            log.warning("the site's history cannot be read", extra={"error": reason})
            raise SiteUnavailableError(reason) from error
        except StoreUnavailableError as error:
            raise ProblemError(503, "store-unavailable", str(error)) from error

    def _run_on_site(self, query: Callable[[Past], Found], node: str) -> Found:
        with self._opening:
            if self._site is None:
                self._site = SiteHistory(self._site_url, persons=self._persons)
        site = self._site.of(node) if node else self._site
        own = self._history() if node in ("", self._node) else None
        return query(SitePast(self._node, own, site, node))

    def _run(self, query: Callable[[History], Found], node: str) -> Found:
        if node and node != self._node:
            return self._run_elsewhere(query, node)
        return query(self._history())

    def _history(self) -> History:
        """This thread's."""
        history: History | None = getattr(self._own, "history", None)
        if history is None:
            history = self._own.history = self._open(self._node)
        return history

    def _run_elsewhere(self, query: Callable[[History], Found], node: str) -> Found:
        history = self._open(node)
        try:
            return query(history)
        finally:
            history.close()

    def _open(self, node: str) -> History:
        return History(self._url, [node], self._persons)
