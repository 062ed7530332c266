"""mod_conference: rooms that exist as long as they have a member, and conference::maintenance.

Its counterparts are the ``conference`` application and the ``conference`` command. As in
FreeSWITCH any name makes a room on first entry.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import gevent

from .channel import Channel, Headers
from .configuration import Configuration
from .events import EventBus

SUBCLASS = "conference::maintenance"

NEXT_FRAME = 0.02
"""Seconds until a room's own thread sees that it is empty; until then it can be entered."""


@dataclass
class Room:
    """One conference and the legs in it, by member number."""

    name: str
    profile: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    members: dict[int, Channel] = field(default_factory=dict)


class Conferences:
    """All rooms."""

    def __init__(self, bus: EventBus, configuration: Configuration) -> None:
        self._bus = bus
        self._configuration = configuration
        self._rooms: dict[str, Room] = {}
        self._last_member = 0

    def join(self, leg: Channel, text: str) -> None:
        """``NAME[@PROFILE][+FLAGS]``: be in the room until called away."""
        name, _, profile = text.partition("+")[0].partition("@")
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, profile or "default")
            self._fire(room, "conference-create")
        self._last_member += 1
        number = self._last_member
        room.members[number] = leg
        self._fire(room, "add-member", self._member_headers(number, leg))
        # A room can do nothing with media that are passed on unseen.
        leg.wait(lambda: leg.is_called_away, timeout=NEXT_FRAME if leg.is_passed_on else None)
        del room.members[number]
        self._fire(room, "del-member", self._member_headers(number, leg))
        gevent.spawn_later(NEXT_FRAME, self._close_if_empty, room)

    def command(self, text: str) -> str:
        """``list [count]``, ``ROOM list [count]``, ``ROOM get count``."""
        words = text.split()
        if not words or words[0] == "list":
            if not self._rooms:
                return "+OK No active conferences.\n"
            return "".join(_room_line(room) + _member_lines(room) for room in self._rooms.values())
        room = self._rooms.get(words[0])
        if room is None:
            return f"-ERR Conference {words[0]} not found\n"
        what = " ".join(words[1:])
        if what in ("list count", "get count"):
            return str(len(room.members))
        if what == "list":
            return _member_lines(room)
        return f"-ERR Conference command '{what}' not found.\n"

    def _close_if_empty(self, room: Room) -> None:
        if not room.members and self._rooms.get(room.name) is room:
            del self._rooms[room.name]
            self._fire(room, "conference-destroy")

    def _member_headers(self, number: int, leg: Channel) -> Headers:
        headers: Headers = [("Floor", "false"), *leg.headers(with_variables=False)]
        said = {"Video": "false", "Hear": "true", "See": "true", "Speak": "true"}
        return [
            *headers,
            *said.items(),
            ("Talking", "false"),
            ("Mute-Detect", "false"),
            ("Hold", "false"),
            ("Member-ID", str(number)),
            ("Member-Type", "member"),
            ("Member-Ghost", "false"),
            ("Energy-Level", "0"),
            ("Current-Energy", "0"),
        ]

    def _fire(self, room: Room, action: str, headers: Headers | None = None) -> None:
        first: Headers = [
            ("Conference-Name", room.name),
            ("Conference-Domain", self._configuration.variables.get("domain", "")),
            ("Conference-Size", str(len(room.members))),
            ("Conference-Ghosts", "0"),
            ("Conference-Profile-Name", room.profile),
            ("Conference-Unique-ID", room.uuid),
        ]
        self._bus.fire("CUSTOM", [*first, *(headers or []), ("Action", action)], subclass=SUBCLASS)


def _room_line(room: Room) -> str:
    count = len(room.members)
    people = "member" if count == 1 else "members"
    flags = "running|answered|enforce_min|dynamic|exit_sound|enter_sound|json_status"
    return f"+OK Conference {room.name} ({count} {people} rate: 8000 flags: {flags})\n"


def _member_lines(room: Room) -> str:
    return "".join(
        f"{number};{leg.name};{leg.uuid};{leg.profile.caller_name};{leg.profile.caller_number};"
        "hear|speak;0;0;0\n"
        for number, leg in sorted(room.members.items(), reverse=True)
    )
