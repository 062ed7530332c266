"""What became of a call after its transfer, for the audit: answered by whom, busy, abandoned."""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.core.calls.views import Views
from fluxcc.core.calls.watchers import Watchers
from fluxcc.core.journal import Journal
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.causes import BUSY
from fluxcc.domain.events import LegFact, LegNews
from fluxcc.domain.persons import Person


class FollowUps:
    """One per daemon."""

    def __init__(self, watchers: Watchers, views: Views, journal: Journal) -> None:
        self._watchers = watchers
        self._views = views
        self._journal = journal
        self._followed: dict[int, AuditRecord] = {}
        """The rows that are followed, by id."""

    def forget(self, person: Person) -> None:
        """Erase this person from the rows, which are written again with their sequel."""
        for id, row in self._followed.items():
            self._followed[id] = without(person, row)

    def follow(self, row: AuditRecord) -> None:
        """Complete this audit row as soon as the sequel of its call is known."""
        leg = row.call
        self._followed[row.id] = row

        def observe(_leg: str, news: LegNews) -> None:
            sequel = sequel_of(news)
            if sequel:
                self._watchers.unwatch([leg], observe)
                known = self._followed.pop(row.id)
                self._journal.note(replace(known, sequel=sequel))

        self._watchers.watch([leg], observe)
        # Before the confirmation, the destination may have answered or the call may have ended.
        sooner = self._views.company_of(leg) or self._watchers.end_of(leg)
        if sooner is not None:
            observe(leg, sooner)


def without(person: Person, row: AuditRecord) -> AuditRecord:
    """The row as the erasure of that person leaves it in the store."""
    if person.has(row.number):
        return replace(row, number="", reason="")
    return replace(
        row,
        reason=person.erase_from(row.reason),
        subject=person.erase_from(row.subject),
        sequel=person.erase_from(row.sequel),
    )


def sequel_of(news: LegNews) -> str:
    """The sequel (``AuditRecord.sequel``) after this news of the customer's leg; empty for none
    yet."""
    match news.fact:
        case LegFact.BRIDGED:
            return f"answered:{news.detail}"
        case LegFact.GONE if news.detail in BUSY:
            return "busy"
        case LegFact.GONE if news.is_by_person:
            return "abandoned"
        case LegFact.GONE:
            return f"ended:{news.detail}"
    return ""
