"""The store's history, read in threads of its own, so that no page waits for another's disk.

Counterpart: ``store.history``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from fluxcc.config import Settings
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import Persons, name_reading
from fluxcc.store.history import History
from fluxcc.web.problems import ProblemError

THREADS = 2
Found = TypeVar("Found")


class Records:
    """One per process."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.store.url
        self._node = settings.pbx.node
        self.numbers = NumberPlan(*settings.numbering)
        self._reading = name_reading(settings.numbers)
        self._pool = ThreadPoolExecutor(THREADS, "records")
        self._own = threading.local()
        """Each thread's ``History``: one reads one thing at a time."""

    def spell(self, caller_id: str) -> str:
        """A number that a PBX presents in the spelling of blocks and the audit; what is none, as it
        is."""
        number = self.numbers.read(caller_id)
        return number.canonical if number.is_usable else caller_id

    async def read(self, query: Callable[[History], Found], node: str = "") -> Found:
        """What the query finds, as ``records.read(lambda history: history.blocks(100))``, of this
        PBX or of another one in the same store. Raises ``ProblemError``."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            return await run(self._pool, partial(self._run, query, node))
        except StoreUnavailableError as error:
            raise ProblemError(503, "store-unavailable", str(error)) from error

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, query: Callable[[History], Found], node: str) -> Found:
        if node and node != self._node:
            return self._run_elsewhere(query, node)
        history: History | None = getattr(self._own, "history", None)
        if history is None:
            history = self._own.history = self._open(self._node)
        return query(history)

    def _run_elsewhere(self, query: Callable[[History], Found], node: str) -> Found:
        history = self._open(node)
        try:
            return query(history)
        finally:
            history.close()

    def _open(self, node: str) -> History:
        return History(self._url, [node], Persons(self.numbers, self._reading))
