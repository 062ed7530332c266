"""What was last changed of each entry, in a site: stamps each change that is made here, and keeps
those that removed an entry, without which another PBX's entry of that name would come back.

They are kept for good: an entry has no end by which the last PBX has lost it. Counterparts:
``provisioning`` has the entries, ``core.site.entry_merging`` those from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from fluxcc.core.ports import Clock
from fluxcc.domain.changes import UNSTAMPED, Stamp, Stamps
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import Entry, Protected, kind_of
from fluxcc.domain.shared_entries import EntryChange, EntryStamp, stamped_entry


class SharedEntries:
    """One per daemon; without a site it stamps and remembers nothing."""

    def __init__(self, node: str, clock: Clock) -> None:
        """``node`` is the name of this one in its site; empty where there is no site."""
        self._stamps = Stamps(node)
        self._clock = clock
        self._known: dict[str, EntryChange] = {}

    def change(self, entry: Entry, *, is_gone: bool = False) -> tuple[EntryStamp, ...]:
        """The stamp of a change that is made here now, in knowledge of what is known of the
        entry; none without a site."""
        if not self._stamps.node:
            return ()
        made = stamped_entry(entry, UNSTAMPED, is_gone=is_gone)
        return (self._restamp(made, self._known.get(made.stamp.thing, made).stamp.stamp),)

    def accept(self, change: EntryChange) -> bool:
        """Remember a change from elsewhere where it counts; whether it does."""
        if not change.is_later_than(self._known.get(change.stamp.thing)):
            return False
        self._known[change.stamp.thing] = change
        return True

    def is_current(self, entry: Entry, *, is_gone: bool = False) -> bool:
        """Whether no later change than this one is known by now."""
        known = self._known.get(stamped_entry(entry, UNSTAMPED).stamp.thing)
        return known is None or known.entry == (None if is_gone else entry)

    def load(self, entries: Iterable[Entry], stamps: Iterable[EntryStamp]) -> list[EntryStamp]:
        """Take over the store's stamps; ``entries`` are all that are known. What is to be written:
        the stamps of entries of before there was a site, which every change of the site's beats,
        and new ones of those that were changed before the store could be read."""
        if not self._stamps.node:
            return []
        there = {each.stamp.thing: each for each in map(self._of_before, entries)}
        written = []
        for stamp in stamps:
            found = there.get(stamp.thing)
            known = self._known.get(stamp.thing)
            if known is None and (found is not None or stamp.is_gone):
                self._known[stamp.thing] = EntryChange(stamp, found.entry if found else None)
            elif known is None:
                # The store has lost the entry: the site's last change of it counts again.
                continue
            elif known.stamp.stamp <= stamp.stamp:
                written.append(self._restamp(known, stamp.stamp))
        for thing, change in there.items():
            if thing not in self._known:
                self._known[thing] = change
                written.append(change.stamp)
        return written

    def all(self) -> list[EntryStamp]:
        """Every stamp."""
        return [change.stamp for change in self._known.values()]

    def forget(self, person: Person) -> None:
        """Erase this person's number, where it was protected and is no more."""
        kind = kind_of(Protected(""))
        for thing, change in tuple(self._known.items()):
            stamp = change.stamp
            if stamp.kind == kind and stamp.is_gone and person.has(stamp.name):
                del self._known[thing]

    def _of_before(self, entry: Entry) -> EntryChange:
        return stamped_entry(entry, Stamp(UNSTAMPED.at, self._stamps.node))

    def _restamp(self, change: EntryChange, known: Stamp) -> EntryStamp:
        changed, changer = self._stamps.next(self._clock.now(), known)
        was = change.stamp
        stamp = EntryStamp(was.kind, was.name, changed, changer, is_gone=was.is_gone)
        self._known[stamp.thing] = EntryChange(stamp, change.entry)
        return stamp
