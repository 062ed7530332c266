"""Reads the store, or the site, without the daemon: history can be read also while the daemon is
down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from fluxcc.cli.numbers import persons
from fluxcc.cli.session import FAILED, NOT_PERMITTED, UNAVAILABLE, Session
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.marking import _

if TYPE_CHECKING:
    from fluxcc.site.past import Past
    from fluxcc.store.history import History

Record = TypeVar("Record")
_UNREADABLE = _("{count} rows of {table} cannot be read, and are missing here (fluxcc doctor).")


def whole_history(
    session: Session,
    question: Callable[[Past], Sequence[Record]],
    *,
    number: str = "",
    node: str = "",
) -> Sequence[Record]:
    """What the history of the whole site answers, or of one node of it; where there is no site, or
    it does not answer, that of this node. Ends the program where neither can be read. A ``number``
    is what is to be searched for, if anything."""
    settings = session.settings
    if settings.site.url:
        try:
            return _ask_site(session, question, number, node)
        except SiteUnavailableError as error:
            if node not in ("", settings.pbx.node):
                session.fail(
                    UNAVAILABLE,
                    "site-unavailable",
                    _("The site cannot be read: {error}"),
                    error=error,
                )
            session.warn(
                _("The site cannot be read ({error}): this is what was on this node alone."),
                error=error,
            )
    elif node:
        session.fail(FAILED, "no-site", _("There is no other node: [site] url is not set."))
    with stored(session, number) as store:
        return question(store)


def _ask_site(
    session: Session,
    question: Callable[[Past], Sequence[Record]],
    number: str,
    node: str,
) -> Sequence[Record]:
    from fluxcc.site.history import SiteHistory  # noqa: PLC0415  # SQLAlchemy takes its time
    from fluxcc.site.past import SitePast  # noqa: PLC0415

    settings = session.settings
    own_node = settings.pbx.node
    known = persons(settings) if number else None
    history = SiteHistory(settings.site.url, [node] if node else [], known)
    own = stored(session, number) if node in ("", own_node) else nullcontext()
    with closing(history), own as store:
        found = question(SitePast(own_node, store, history, node))
    _warn_of_unreadable(session, history.unreadable)
    return found


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
    _warn_of_unreadable(session, history.unreadable)


def _warn_of_unreadable(session: Session, unreadable: Mapping[str, int]) -> None:
    for table, count in unreadable.items():
        session.warn(_UNREADABLE, count=count, table=table)
