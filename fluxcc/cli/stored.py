"""Reads the store without the daemon: history can be read also while the daemon is down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fluxcc.cli.numbers import persons
from fluxcc.cli.session import NOT_PERMITTED, Session
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.marking import _

if TYPE_CHECKING:
    from fluxcc.store.history import History


@contextmanager
def stored(session: Session, number: str = "") -> Iterator[History]:
    """The store's ``History``, in a ``with``; ends the program where it cannot be read. A
    ``number`` is what is to be searched for, if anything."""
    from fluxcc.store.history import History  # noqa: PLC0415  # SQLAlchemy takes its time

    settings = session.settings
    known = persons(settings) if number else None
    try:
        history = History(settings.store.url, [settings.pbx.node], known)
        yield history
    except StoreUnavailableError as error:
        session.fail(
            NOT_PERMITTED, "store-unavailable", _("The store cannot be read: {error}"), error=error
        )
    for table, count in history.unreadable.items():
        session.warn(
            _("{count} rows of {table} cannot be read, and are missing here (fluxcc doctor)."),
            count=count,
            table=table,
        )
