"""Reads the store without the daemon: history can be read also while the daemon is down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fluxcc.cli.session import NOT_PERMITTED, Session
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.marking import _

if TYPE_CHECKING:
    from fluxcc.store.history import History


@contextmanager
def stored(session: Session) -> Iterator[History]:
    """The store's ``History``, in a ``with``; ends the program where it cannot be read."""
    from fluxcc.store.history import History  # noqa: PLC0415  # SQLAlchemy takes its time

    settings = session.settings
    try:
        yield History(settings.store.url, [settings.pbx.node])
    except StoreUnavailableError as error:
        session.fail(
            NOT_PERMITTED, "store-unavailable", _("The store cannot be read: {error}"), error=error
        )
