"""The entries that supervisors set (groups, rooms, services), in memory.

Counterparts: the store keeps them, ``actions`` look them up through ``Rules``. The rooms are in
FreeSWITCH's mod_hash too (realm ``fluxcc_room``), where the kit's dialplan looks them up.
"""

from __future__ import annotations

from collections.abc import Iterable

from fluxcc.core.happenings import Happenings
from fluxcc.core.ports import Pbx
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import Entry, Group, Room, Service, key


class Provisioning:
    """One per daemon."""

    def __init__(self, pbx: Pbx, happenings: Happenings, room: str) -> None:
        """``room`` is how an agent's room is dialled: ``*{agent}``."""
        self._pbx = pbx
        self._happenings = happenings
        self._room = room
        self._entries: dict[type[Entry], dict[str, Entry]] = {Group: {}, Room: {}, Service: {}}
        self._closed_rooms: set[str] = set()
        """Extensions whose removed rooms are still to be withdrawn from mod_hash."""

    def load(self, entries: Iterable[Entry]) -> None:
        """Take over the store's entries; an entry that is in memory already stays."""
        for entry in entries:
            self._entries[type(entry)].setdefault(key(entry), entry)

    def put(self, entry: Entry) -> None:
        """Save an entry. Raises ``PbxError`` where it is a room that mod_hash did not take."""
        self._entries[type(entry)][key(entry)] = entry
        if isinstance(entry, Room):
            self._publish(entry)
        elif isinstance(entry, Group):
            self._happenings.group_changed(entry)

    def drop(self, entry: Entry) -> None:
        """Remove an entry. Raises as ``put``."""
        self._entries[type(entry)].pop(key(entry), None)
        if isinstance(entry, Room):
            self._close(entry.extension)
        elif isinstance(entry, Group):
            self._happenings.group_changed(Group(entry.name))

    def has(self, entry: Entry) -> bool:
        """Whether there is an entry of that kind and name."""
        return key(entry) in self._entries[type(entry)]

    def entries(self) -> list[Entry]:
        """Every group, room and service."""
        return [entry for kind in self._entries.values() for entry in kind.values()]

    def has_surveys(self) -> bool:
        """Whether any group has the survey on."""
        groups = self._entries[Group].values()
        return any(isinstance(group, Group) and group.has_survey for group in groups)

    def find_group(self, name: str) -> Group | None:
        """The group of that name."""
        found = self._entries[Group].get(name)
        return found if isinstance(found, Group) else None

    def find_room(self, extension: str) -> Room | None:
        """The room of that agent."""
        found = self._entries[Room].get(extension)
        return found if isinstance(found, Room) else None

    def find_service(self, name: str) -> Service | None:
        """The service of that name."""
        found = self._entries[Service].get(name)
        return found if isinstance(found, Service) else None

    def publish_all(self) -> None:
        """Publish every room to mod_hash, and withdraw those that were removed meanwhile. Raises
        ``PbxError``."""
        rooms = [room for room in self._entries[Room].values() if isinstance(room, Room)]
        self._pbx.publish_rooms(self._served(room) for room in rooms if not room.is_served_by_pbx)
        self._withdraw(sorted(self._closed_rooms))
        self._closed_rooms.clear()

    def _publish(self, room: Room) -> None:
        if room.is_served_by_pbx:
            self._close(room.extension)
        else:
            self._closed_rooms.discard(room.extension)
            self._pbx.publish_rooms([self._served(room)])

    def _served(self, room: Room) -> tuple[str, str]:
        """The extension that is dialled, and the name of the conference it leads to."""
        return self._room.format(agent=room.extension), room.extension

    def _close(self, extension: str) -> None:
        try:
            self._withdraw([extension])
        except PbxError:
            self._closed_rooms.add(extension)
            raise

    def _withdraw(self, extensions: list[str]) -> None:
        self._pbx.withdraw_rooms([self._room.format(agent=extension) for extension in extensions])
