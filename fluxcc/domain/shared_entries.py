"""Changes of entries (groups, rooms, services, protected numbers, users, tokens) in a site: of two
of one entry the later one counts (``changes``). A removal is a change, and is remembered: another
PBX may have the entry still.

Counterparts: ``core.shared_entries`` stamps and remembers them, ``core.site.entry_merging`` applies
those from elsewhere, ``store.provisioning`` keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fluxcc.domain.changes import UNSTAMPED, Change, Kind, Mark, MarkKind, Stamp
from fluxcc.domain.provisioning import KINDS, Entry, key, kind_of


class EntryStamp(msgspec.Struct, frozen=True):
    """That an entry was changed, when, and where; not what it says."""

    kind: str
    """One of ``KINDS``."""
    name: str
    """The entry's ``key``."""
    changed: int
    """As ``Stamp.at``."""
    changer: str
    """As ``Stamp.node``."""
    is_gone: bool = False
    """Whether it was removed."""

    @property
    def stamp(self) -> Stamp:
        """Its place in the order."""
        return Stamp(self.changed, self.changer)

    @property
    def thing(self) -> str:
        """Which entry it is, among all kinds: ``group/8000@a.example``."""
        return f"{self.kind}/{self.name}"


class EntryChange(msgspec.Struct, frozen=True):
    """An entry since its last change."""

    stamp: EntryStamp
    entry: Entry | None
    """None where it was removed."""

    def is_later_than(self, known: EntryChange | None) -> bool:
        """Whether it counts, where ``known`` is what is known of the entry."""
        return known is None or self.stamp.stamp > known.stamp.stamp


def stamped_entry(entry: Entry, stamp: Stamp, *, is_gone: bool = False) -> EntryChange:
    """The change that has saved or removed an entry."""
    told = EntryStamp(kind_of(entry), key(entry), *stamp, is_gone=is_gone)
    return EntryChange(told, None if is_gone else entry)


def entry_marks(stamps: Iterable[EntryStamp], node: str) -> list[Mark]:
    """What is marked in the outbox when these are written on that node: what was changed there;
    nothing for an empty one."""
    return [Mark(MarkKind.ENTRY, each.thing) for each in stamps if node and each.changer == node]


def told_entry(stamp: EntryStamp, fields: str) -> Change:
    """An entry's last change, as the site has it; ``fields`` are the entry's, as JSON."""
    body = "" if stamp.is_gone else fields
    return Change(Kind.ENTRY, stamp.thing, stamp.changed, stamp.changer, body)


def clashing_entries(
    own: Iterable[Entry], stamps: Iterable[EntryStamp], theirs: Iterable[EntryChange], node: str
) -> list[tuple[EntryChange, EntryChange]]:
    """The node's own entries that a site has otherwise, or has removed, each with the site's.
    ``stamps`` are those of the own ones that were changed in a site."""
    known = {each.thing: each for each in stamps}
    in_site = {each.stamp.thing: each for each in theirs}
    found = []
    for entry in own:
        mine = stamped_entry(entry, Stamp(UNSTAMPED.at, node))
        if stamp := known.get(mine.stamp.thing):
            mine = EntryChange(stamp, entry)
        other = in_site.get(mine.stamp.thing)
        if other is not None and other.entry != entry:
            found.append((mine, other))
    return found


def read_fields(kind: str, fields: str) -> Entry:
    """The entry of that kind with these fields, which are JSON. Raises ``ValueError`` and
    ``msgspec.MsgspecError`` where this version cannot read it."""
    if kind not in KINDS:
        raise ValueError(f"entries of the kind {kind!r} are not known")
    return msgspec.json.decode(fields, type=KINDS[kind])


def read_change(change: Change) -> EntryChange:
    """What the site tells of an entry. Raises as ``read_fields``."""
    kind, _, name = change.key.partition("/")
    if kind not in KINDS:
        raise ValueError(f"entries of the kind {kind!r} are not known")
    entry = read_fields(kind, change.body) if change.body else None
    if entry is not None and key(entry) != name:
        raise ValueError("the entry has another name than the change")
    stamp = EntryStamp(kind, name, change.at, change.node, is_gone=entry is None)
    return EntryChange(stamp, entry)
