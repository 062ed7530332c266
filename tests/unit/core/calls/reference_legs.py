"""The legs of the reference PBX, and what FreeSWITCH shows of them in events and tables.

Counterpart: ``reference_pbx``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fluxcc.domain.events import LegEvent, LegRow, Snapshot
from fluxcc.pbx.events import Event
from tests.builders import a_row, an_event
from tests.fakes import NOW

STATION, TRUNK, WIRE = "station", "trunk", "wire"


@dataclass(eq=False)
class Channel:
    """One leg."""

    uuid: str
    kind: str
    user: str
    """A station's extension."""
    is_inbound: bool
    number: str
    destination: str
    created: float
    is_answered: bool = False
    is_held: bool = False
    bridges: list[tuple[Channel, Channel]] = field(default_factory=list)
    """The newest last: A leg and B leg."""
    dialler: Channel | None = None
    """The leg that dials this one; None once it has answered."""
    dialled_by: Channel | None = None
    """The leg that dialled this one, for life."""
    dialling: list[Channel] = field(default_factory=list)
    half: Channel | None = None
    room: str = ""
    parked_by: str = ""
    is_parked: bool = False
    consults_for: Channel | None = None
    """The leg that waits while this one consults (``soft_holding_uuid``)."""
    other: tuple[str, str] = ("", "")
    application: tuple[str, str] = ("", "")
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def is_person(self) -> bool:
        """Whether it is no wire."""
        return self.kind != WIRE

    @property
    def is_free(self) -> bool:
        """Whether its dialplan may do something else with it now."""
        return not (self.bridges or self.dialling or self.dialler or self.room)

    @property
    def partner(self) -> Channel | None:
        """Whom it is bridged to now."""
        return other_end(self.bridges[-1], self) if self.bridges else None


def other_end(bridge: tuple[Channel, Channel], channel: Channel) -> Channel:
    """The other one of the two."""
    return bridge[1] if bridge[0] is channel else bridge[0]


def _presence(channel: Channel) -> str:
    return f"{channel.user}@pbx.test" if channel.user and not channel.is_inbound else ""


def _name(channel: Channel) -> str:
    if channel.is_person:
        return f"sofia/external/{channel.destination}"
    return f"loopback/{channel.destination}-{'b' if channel.is_inbound else 'a'}"


def _context(channel: Channel) -> str:
    return "public" if channel.kind == TRUNK and channel.is_inbound else "default"


def headers(channel: Channel) -> dict[str, str]:
    """What every event about a leg says, and ``uuid_dump``; as ``builders.an_event`` takes it."""
    facts = {
        "Call_Direction": "inbound" if channel.is_inbound else "outbound",
        "Caller_Caller_ID_Number": channel.number,
        "Caller_Destination_Number": channel.destination,
        "Caller_Context": _context(channel),
        "Channel_Name": _name(channel),
        "Channel_Presence_ID": _presence(channel),
        "Answer_State": "answered" if channel.is_answered else "ringing",
        "Event_Date_Timestamp": str(int(channel.created * 1e6)),
        "Other_Type": channel.other[0],
        "Other_Leg_Unique_ID": channel.other[1],
        "variable_current_application": channel.application[0],
        "variable_current_application_data": channel.application[1],
        "variable_other_loopback_leg_uuid": channel.half.uuid if channel.half else "",
        "variable_soft_holding_uuid": channel.consults_for.uuid if channel.consults_for else "",
    }
    return {name: text for name, text in (facts | channel.variables).items() if text}


def row(channel: Channel, bridged_to: str) -> LegRow:
    """Its row in ``show channels``, joined with ``show bridged_calls``."""
    return a_row(
        channel.uuid,
        direction="inbound" if channel.is_inbound else "outbound",
        number=channel.number,
        destination=channel.destination,
        context=_context(channel),
        user=channel.user if not channel.is_inbound else "",
        is_answered=channel.is_answered,
        created=channel.created,
        bridged_to=bridged_to,
        channel=_name(channel),
        presence=_presence(channel),
        is_on_hold=channel.is_held,
        application=channel.application[0],
        application_data=channel.application[1],
    )


class Exchange:
    """The legs that are up, and whoever listens and looks at them."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.ears: list[Callable[[Event], None]] = []
        self.now = NOW
        self._numbers = itertools.count(1)

    # Who there is

    def people(self) -> list[Channel]:
        """Every leg that is no wire."""
        return [channel for channel in self.channels.values() if channel.is_person]

    def telephones(self, user: str) -> list[Channel]:
        """The legs of an extension's telephones."""
        return [channel for channel in self.channels.values() if channel.user == user]

    def _outside(self) -> str:
        return f"+5511988{next(self._numbers):06}"

    # What is told

    def _tell_bridge(self, name: str, first: Channel, second: Channel) -> None:
        self._tell(name, first, Bridge_A_Unique_ID=first.uuid, Bridge_B_Unique_ID=second.uuid)

    def _tell_room(self, action: str, channel: Channel, room: str) -> None:
        subclass = "conference::maintenance"
        names = {"Event_Subclass": subclass, "Action": action, "Conference_Name": room}
        self._tell("CUSTOM", channel, **names)

    def _tell(self, name: str, channel: Channel, **more: str) -> None:
        event = an_event(name, channel.uuid, **headers(channel), **more)
        for ear in self.ears:
            ear(event)

    # What is shown to one who asks

    def describe(self) -> dict[str, LegEvent]:
        """``uuid_dump`` of every leg."""
        return {
            uuid: an_event("CHANNEL_DATA", uuid, **headers(channel))
            for uuid, channel in self.channels.items()
        }

    def snapshot(self, *, has_outer: bool) -> Snapshot:
        """``show channels`` and ``show bridged_calls``; the latter may lack the outer bridge of one
        who consults."""
        pairs = dict(self._pairs(has_outer=has_outer))
        rows = [row(channel, pairs.get(uuid, "")) for uuid, channel in self.channels.items()]
        return Snapshot(rows, frozenset(self.channels))

    def _pairs(self, *, has_outer: bool) -> Iterator[tuple[str, str]]:
        for channel in self.channels.values():
            for bridge in channel.bridges:
                is_inner = all(each.bridges[-1] is bridge for each in bridge)
                if bridge[1] is channel and (has_outer or is_inner):
                    yield channel.uuid, bridge[0].uuid
