"""mod_conference: rooms that exist as long as they have a member, and conference::maintenance.

Its counterparts are the ``conference`` application and the ``conference`` command. As in
FreeSWITCH any name makes a room on first entry.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field

import gevent

from .channel import Channel, Headers
from .configuration import Configuration
from .events import EventBus
from .switchboard import Switchboard

SUBCLASS = "conference::maintenance"

NEXT_FRAME = 0.02
"""Seconds until a room's own thread sees that it is over; until then it can be entered."""
_FLAGS = re.compile(r"\+flags\{([^}]*)\}")


@dataclass
class Room:
    """One conference and the legs in it, by member number."""

    name: str
    profile: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    members: dict[int, Channel] = field(default_factory=dict)
    fewest: int = 0
    """Members without whom it ends, once it had as many (``mintwo``)."""
    had_fewest: bool = False
    is_ending: bool = False
    """It had too few left, and is not to be saved by one who comes in now."""


class Conferences:
    """All rooms."""

    def __init__(
        self, bus: EventBus, configuration: Configuration, switchboard: Switchboard
    ) -> None:
        self._bus = bus
        self._switchboard = switchboard
        self._configuration = configuration
        self._rooms: dict[str, Room] = {}
        self._last_member = 0
        self._put_out: set[int] = set()
        """Members who are to leave their room, and go on in their dialplan."""

    def join(self, leg: Channel, text: str) -> None:
        """``NAME[@PROFILE][+flags{FLAG|…}]``: be in the room until called away or put out."""
        # As in FreeSWITCH the last "@" counts: a room's name may have a domain in it.
        name, found, profile = text.partition("+")[0].rpartition("@")
        if not found:
            name, profile = profile, ""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name, profile or "default")
            self._fire(room, "conference-create")
        flags = _FLAGS.search(text)
        if flags and "mintwo" in flags[1].split("|"):
            room.fewest = 2
        self._last_member += 1
        number = self._last_member
        room.members[number] = leg
        room.had_fewest = room.had_fewest or len(room.members) >= room.fewest > 0
        self._fire(room, "add-member", self._member_headers(number, leg))
        # Audio that is passed on unseen cannot be mixed.
        patience = NEXT_FRAME if leg.is_passed_on else None
        leg.wait(lambda: leg.is_called_away or number in self._put_out, timeout=patience)
        self._put_out.discard(number)
        del room.members[number]
        self._fire(room, "del-member", self._member_headers(number, leg))
        room.is_ending = room.is_ending or 0 < len(room.members) < room.fewest * room.had_fewest
        if room.is_ending or not room.members:
            gevent.spawn_later(NEXT_FRAME, self._close, room)

    def command(self, text: str) -> str:
        """``list [count]``, ``ROOM list [count]``, ``ROOM json_list``, ``ROOM get count``,
        ``ROOM kick|hup MEMBER``."""
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
        if what == "json_list":
            return json.dumps([_document(room)], ensure_ascii=False, indent="\t")
        if len(words) == 3 and words[1] in _WAYS_OUT and words[2].isdigit():
            number = int(words[2])
            if number not in room.members:
                return f"-ERR Non-Existant ID {number}\n"
            self._let_out(room, number)
            return f"+OK {_WAYS_OUT[words[1]]} {number}\n"
        return f"-ERR Conference command '{what}' not found.\n"

    def _let_out(self, room: Room, number: int) -> None:
        self._put_out.add(number)
        room.members[number].changed()

    def _close(self, room: Room) -> None:
        """End a room that is over; who is still in it is hung up, unless the leg says otherwise."""
        if self._rooms.get(room.name) is not room or (room.members and not room.is_ending):
            return
        for number, leg in tuple(room.members.items()):
            if leg.variable("hangup_after_conference") == "false":
                self._let_out(room, number)
            else:
                self._switchboard.hang_up(leg, "NORMAL_CLEARING")
        if not room.members:
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


_WAYS_OUT = {"kick": "kicked", "hup": "hup"}
"""Command → how its answer calls it."""


def _room_line(room: Room) -> str:
    count = len(room.members)
    people = "member" if count == 1 else "members"
    flags = "running|answered|enforce_min|dynamic|exit_sound|enter_sound|json_status"
    return f"+OK Conference {room.name} ({count} {people} rate: 8000 flags: {flags})\n"


def _document(room: Room) -> dict[str, object]:
    members = [
        {
            "type": "caller",
            "id": number,
            "uuid": leg.uuid,
            "caller_id_name": leg.profile.caller_name,
            "caller_id_number": leg.profile.caller_number,
        }
        for number, leg in sorted(room.members.items(), reverse=True)
    ]
    return {"conference_name": room.name, "member_count": len(members), "members": members}


def _member_lines(room: Room) -> str:
    return "".join(
        f"{number};{leg.name};{leg.uuid};{leg.profile.caller_name};{leg.profile.caller_number};"
        "hear|speak;0;0;0\n"
        for number, leg in sorted(room.members.items(), reverse=True)
    )
