"""Reads the store without the daemon: history is there also while the daemon is down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fluxcc.cli.session import NOT_PERMITTED, Session
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.marking import _
from fluxcc.store.database import SqlStore


@contextmanager
def stored(session: Session) -> Iterator[SqlStore]:
    """The store, in a ``with``; ends the program where it cannot be read."""
    settings = session.settings
    try:
        yield SqlStore(settings.store.url, settings.pbx.node)
    except StoreUnavailableError as error:
        session.fail(
            NOT_PERMITTED, "store-unavailable", _("The store cannot be read: {error}"), error=error
        )
