"""What supervisors have set, at hand for the next decision.

Counterparts: the store keeps it, ``actions`` ask for it by ``Rules``, FreeSWITCH's mod_hash knows
the rooms (realm ``fluxcc_room``) so that the kit's dialplan can tell a provisioned one from the
others.
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
        """Rooms that FreeSWITCH could not be told of yet that they are gone."""

    def load(self, entries: Iterable[Entry]) -> None:
        """Take over what the store has."""
        for entry in entries:
            self._entries[type(entry)].setdefault(key(entry), entry)

    def put(self, entry: Entry) -> None:
        """Let an entry count. Raises ``PbxError`` where FreeSWITCH must know and does not."""
        self._entries[type(entry)][key(entry)] = entry
        if isinstance(entry, Room):
            self._tell(entry)
        elif isinstance(entry, Group):
            self._happenings.group_changed(entry)

    def drop(self, entry: Entry) -> None:
        """Let an entry count no longer; as ``put``."""
        self._entries[type(entry)].pop(key(entry), None)
        if isinstance(entry, Room):
            self._close(entry.extension)
        elif isinstance(entry, Group):
            self._happenings.group_changed(Group(entry.name))

    def has(self, entry: Entry) -> bool:
        """Whether there is an entry of that kind and name."""
        return key(entry) in self._entries[type(entry)]

    def entries(self) -> list[Entry]:
        """Everything that is set."""
        return [entry for kind in self._entries.values() for entry in kind.values()]

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
        """Tell a FreeSWITCH that may know nothing which rooms there are."""
        rooms = [room for room in self._entries[Room].values() if isinstance(room, Room)]
        self._pbx.publish_rooms(self._served(room) for room in rooms if not room.is_served_by_pbx)
        self._withdraw(sorted(self._closed_rooms))
        self._closed_rooms.clear()

    def _tell(self, room: Room) -> None:
        if room.is_served_by_pbx:
            self._close(room.extension)
        else:
            self._closed_rooms.discard(room.extension)
            self._pbx.publish_rooms([self._served(room)])

    def _served(self, room: Room) -> tuple[str, str]:
        """What is dialled, and the name of the conference that it leads to."""
        return self._room.format(agent=room.extension), room.extension

    def _close(self, extension: str) -> None:
        try:
            self._withdraw([extension])
        except PbxError:
            self._closed_rooms.add(extension)
            raise

    def _withdraw(self, extensions: list[str]) -> None:
        self._pbx.withdraw_rooms([self._room.format(agent=extension) for extension in extensions])
