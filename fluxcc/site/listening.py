"""The one connection that waits for notifications, outside of the pool.

A notification is a hint. None is kept for a node that does not listen, a PgBouncer in transaction
mode passes none on, and changes are looked for without one as well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from fluxcc.domain.nodes import Hint
from fluxcc.site.engines import create_single, unavailable

SPACING = 0.02
"""Seconds between two hints at changes: what comes in between is read together. A first one is
told at once, and so is mail, for which an agent waits."""


class Listener:
    """Waits on a few channels. Used by one thread at a time."""

    def __init__(self, url: URL, channels: Mapping[str, Hint]) -> None:
        """``channels`` are those to listen on, with what a notification on each hints at."""
        self._engine = create_single(url)
        self._channels = channels
        self._connection: Any = None
        self._is_due = True
        """Whether a connection is to be made before the next wait."""
        self._told = 0.0
        """When there was a hint last, on the monotonic clock."""

    def renew(self) -> None:
        """Have the next wait connect anew: the connection may lead to the leader of before. From
        any thread."""
        self._is_due = True

    def _connect(self) -> None:
        """Listen from now on. Raises ``SiteUnavailableError``."""
        self.close()
        self._is_due = False
        try:
            # The driver's own connection: SQLAlchemy knows no notifications.
            pooled = self._engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            for channel in self._channels:
                connection.execute(f'LISTEN "{channel}"')
            connection.commit()
        except self._errors() as error:
            raise unavailable(self._engine.url, error) from None
        self._connection = connection

    def wait(self, seconds: float) -> Hint:
        """Wait for a hint for so long; what there may be that is new, as there may be anything
        after a connect. Raises ``SiteUnavailableError``."""
        if self._is_due or self._connection is None:
            self._connect()
            return ~Hint(0)
        try:
            heard = self._hear(seconds)
            while heard == Hint.CHANGES and (left := self._told + SPACING - time.monotonic()) > 0:
                heard |= self._hear(left)
        except self._errors() as error:
            self.close()
            raise unavailable(self._engine.url, error) from None
        if heard:
            self._told = time.monotonic()
        return heard

    def _hear(self, seconds: float) -> Hint:
        """What is hinted at next."""
        heard = Hint(0)
        # It gives all that came together.
        for each in self._connection.notifies(timeout=seconds, stop_after=1):
            heard |= self._channels.get(each.channel, Hint(0))
        return heard

    def close(self) -> None:
        """Listen no longer."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._errors()):
                connection.close()

    def _errors(self) -> tuple[type[Exception], ...]:
        return SQLAlchemyError, OSError, self._engine.dialect.loaded_dbapi.Error
