"""The entries that supervisors set (groups, rooms, services, protected numbers), and the page's
users and tokens, in memory.

Counterparts: the store keeps them, ``actions`` look them up through ``Rules``. The rooms are in
FreeSWITCH's mod_hash too (realm ``fluxcc_room``), where the kit's dialplan looks them up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fluxcc.core.backlog import Record, Removal
from fluxcc.core.domains import Domains
from fluxcc.core.happenings import Happenings
from fluxcc.core.ports import Pbx
from fluxcc.core.shared_entries import SharedEntries
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import (
    KINDS,
    Account,
    Entry,
    Group,
    Protected,
    Room,
    Service,
    Token,
    User,
    key,
    room_of,
    scoped,
)
from fluxcc.domain.shared_entries import EntryChange, EntryStamp


class Provisioning:
    """One per daemon."""

    def __init__(
        self,
        pbx: Pbx,
        happenings: Happenings,
        domains: Domains,
        shared: SharedEntries,
        room: str,
    ) -> None:
        """``room`` is how an agent's room is dialled: ``*{agent}``."""
        self.shared = shared
        self._pbx = pbx
        self._happenings = happenings
        self._domains = domains
        self._room = room
        self._entries: dict[type[Entry], dict[str, Entry]] = {kind: {} for kind in KINDS.values()}
        self._closed_rooms: set[str] = set()
        """Keys of removed rooms that are still to be withdrawn from mod_hash."""
        self._removed: dict[str, Entry] = {}
        """What ``take`` removed, until it is published."""
        self.changes = 0
        """How often entries changed, for who keeps what follows from them."""

    def load(self, entries: Iterable[Entry], stamps: Iterable[EntryStamp]) -> list[EntryStamp]:
        """Take over the store's entries; an entry that is in memory already stays. What is to be
        written of their changes in a site."""
        self.changes += 1
        for entry in entries:
            self._entries[type(entry)].setdefault(key(entry), entry)
        return self.shared.load(self.entries(), stamps)

    def saving(self, entry: Entry) -> tuple[Record, ...]:
        """What is written where an entry is saved here, before ``put``."""
        return entry, *self.shared.change(entry)

    def removing(self, entry: Entry) -> tuple[Record, ...]:
        """What is written where an entry is removed here, before ``drop``."""
        return Removal(entry), *self.shared.change(entry, is_gone=True)

    def records(self) -> tuple[Record, ...]:
        """Everything that the store has of entries."""
        return *self.entries(), *self.shared.all()

    def put(self, entry: Entry) -> None:
        """Save an entry, unless it was changed again since it was written. Raises ``PbxError``
        where it is a room that mod_hash did not take."""
        if not self.shared.is_current(entry):
            return
        self._entries[type(entry)][key(entry)] = entry
        self.changes += 1
        if isinstance(entry, Room):
            self._publish(entry)
        elif isinstance(entry, Group):
            self._happenings.group_changed(entry)

    def drop(self, entry: Entry) -> None:
        """Remove an entry, as ``put`` saves one."""
        if not self.shared.is_current(entry, is_gone=True):
            return
        self._entries[type(entry)].pop(key(entry), None)
        self.changes += 1
        if isinstance(entry, Room):
            self._close(entry)
        elif isinstance(entry, Group):
            self._happenings.group_changed(Group(entry.name, domain=entry.domain))

    def take(self, change: EntryChange) -> None:
        """Have in memory what another node of the site has changed."""
        kind, name = KINDS[change.stamp.kind], change.stamp.name
        former = self._entries[kind].pop(name, None)
        self.changes += 1
        if change.entry is not None:
            self._entries[kind][name] = change.entry
        elif former is not None:
            self._removed[change.stamp.thing] = former
        elif kind is Room:
            # FreeSWITCH may have one that an earlier life had not written yet.
            self._removed[change.stamp.thing] = room_of(name)

    def publish(self, stamp: EntryStamp) -> None:
        """Tell FreeSWITCH and the core of an entry as it is by now, after ``take``. Raises as
        ``put``."""
        former = self._removed.pop(stamp.thing, None)
        entry = self._entries[KINDS[stamp.kind]].get(stamp.name)
        match entry or former:
            case Room() as room:
                (self._publish if entry else self._close)(room)
            case Group() as group:
                changed = group if entry else Group(group.name, domain=group.domain)
                self._happenings.group_changed(changed)

    def find(self, entry: Entry) -> Entry | None:
        """The entry of that kind and name."""
        return self._entries[type(entry)].get(key(entry))

    def find_account(self, name: str, *, is_token: bool) -> Account | None:
        """The user or the token of that name."""
        found = self._entries[Token if is_token else User].get(name)
        return found if isinstance(found, Account) else None

    def entries(self) -> list[Entry]:
        """Every entry of every kind."""
        return [entry for kind in self._entries.values() for entry in kind.values()]

    def has_surveys(self) -> bool:
        """Whether any group has the survey on."""
        groups = self._entries[Group].values()
        return any(isinstance(group, Group) and group.has_survey for group in groups)

    def protected(self) -> Collection[str]:
        """The numbers and patterns that nobody can block."""
        return self._entries[Protected].keys()

    def find_group(self, name: str, domain: str = "") -> Group | None:
        """The group of that name in a SIP domain, or else in all."""
        found = self._find(Group, name, domain)
        return found if isinstance(found, Group) else None

    def find_room(self, agent: Agent) -> Room | None:
        """The room of that agent."""
        found = self._find(Room, *agent)
        return found if isinstance(found, Room) else None

    def find_service(self, name: str, domain: str = "") -> Service | None:
        """The service of that name in a SIP domain, or else in all."""
        found = self._find(Service, name, domain)
        return found if isinstance(found, Service) else None

    def _find(self, kind: type[Entry], name: str, domain: str) -> Entry | None:
        entries = self._entries[kind]
        exact = entries.get(scoped(name, domain))
        return exact if exact is not None else entries.get(name)

    def publish_all(self) -> None:
        """Publish every room to mod_hash, and withdraw those that were removed meanwhile. Raises
        ``PbxError``."""
        self._pbx.publish_rooms(served for room in self._rooms() for served in self._served(room))
        self._pbx.withdraw_rooms(sorted(self._closed_rooms))
        self._closed_rooms.clear()

    def publish_for(self, agents: Collection[Agent]) -> None:
        """Publish the rooms of agents who were not known, each in their own SIP domain. Raises
        ``PbxError``."""
        found = [self.find_room(agent) for agent in agents]
        rooms = {key(room): room for room in found if room is not None}
        served = [room for room in rooms.values() if not room.is_served_by_pbx]
        self._pbx.publish_rooms(entry for room in served for entry in self._served(room))

    def _rooms(self) -> list[Room]:
        """The rooms that the kit serves."""
        rooms = (room for room in self._entries[Room].values() if isinstance(room, Room))
        return [room for room in rooms if not room.is_served_by_pbx]

    def _publish(self, room: Room) -> None:
        if room.is_served_by_pbx:
            self._close(room)
            return
        served = self._served(room)
        self._closed_rooms.difference_update(key for key, _ in served)
        self._pbx.publish_rooms(served)

    def _served(self, room: Room) -> list[tuple[str, str]]:
        """The keys of a room in mod_hash, each with the name of the conference that it leads to. A
        room for all domains is one in each that has the extension."""
        domains = [room.domain]
        if not room.domain and self._domains.are_several:
            domains += sorted(self._domains.owners(room.extension))
        return [
            (
                scoped(self._room.format(agent=room.extension, domain=domain), domain),
                scoped(room.extension, domain),
            )
            for domain in domains
        ]

    def _close(self, room: Room) -> None:
        # One that another room still serves stays.
        kept = {key for other in self._rooms() for key, _ in self._served(other)}
        closed = [key for key, _ in self._served(room) if key not in kept]
        try:
            self._pbx.withdraw_rooms(closed)
        except PbxError:
            self._closed_rooms.update(closed)
            raise
