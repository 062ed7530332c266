"""One FreeSWITCH channel, what it is, and which other one it is bridged to.

Counterparts: ``core.calls.tracker`` keeps legs true, ``core.calls.identity`` says what a leg is,
``calls`` groups legs into conversations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxcc.domain.calls import Call

LONGEST_CHAIN = 16
"""Wires that are followed one after the other; more would be a loop."""


class LegKind(StrEnum):
    """What is at the far end of a leg; settled when the leg is created (contract, section 1a)."""

    STATION = "station"
    """The telephone of an extension."""
    TRUNK = "trunk"
    """A person outside."""
    WIRE = "wire"
    """A half of a loopback pair: no person, but a way to one."""


@dataclass(slots=True, eq=False)
class Bridge:
    """Two legs whose media are exchanged."""

    first: Leg
    """FreeSWITCH's A leg (``Bridge-A-Unique-ID``)."""
    second: Leg
    """The originatee: of the two, the one that may be moved together with the other
    (``pbx.commands.move_pair``)."""

    def other(self, leg: Leg) -> Leg:
        """The leg at the other end."""
        return self.second if leg is self.first else self.first


@dataclass(slots=True, eq=False)
class Leg:
    """One channel."""

    uuid: str
    is_inbound: bool
    number: str
    """The caller ID when the leg was created; a transfer does not change it."""
    destination: str
    """What was dialled when the leg was created."""
    context: str
    created: float
    kind: LegKind = LegKind.TRUNK
    extension: str = ""
    """The agent whose telephone it is; empty for all but a station."""
    aliases: tuple[str, ...] = ()
    """Other names of that agent: mod_callcenter's, or the user whose telephone was called."""
    hint: str = ""
    """On the leg of a person outside: the agent for whom a channel variable says the call is."""
    group: str = ""
    is_answered: bool = False
    is_on_hold: bool = False
    """Whether the person at this leg has put the other one on hold."""
    is_standing: bool = False
    """Whether the telephone stays connected between calls (contract, section 1a.7)."""
    is_proxied: bool = False
    """Whether FreeSWITCH passes its media on unseen (``proxy_media``): no application can talk to
    it."""
    room: str = ""
    """The conference it is in."""
    origin: Leg | None = None
    """The leg for which this one was dialled."""
    other_half: str = ""
    """A wire's: the UUID of the other leg of the pair."""
    first_dialled: str = ""
    """The extension that was the first to be dialled for this leg."""
    call: Call | None = None
    bridges: tuple[Bridge, ...] = ()
    """The bridges it is in, the newest last: while a leg consults a colleague inside its bridge
    (``att_xfer``) it is in two, and talks in the last one."""

    @property
    def is_station(self) -> bool:
        """Whether this is the telephone of an extension."""
        return self.kind is LegKind.STATION

    @property
    def is_person(self) -> bool:
        """Whether a person is at its far end, as opposed to a further leg."""
        return self.kind is not LegKind.WIRE

    @property
    def person(self) -> str:
        """The number of the person at the far end: the caller ID of an inbound leg, what was
        dialled for an outbound one."""
        return self.number if self.is_inbound else self.destination

    @property
    def partner(self) -> Leg | None:
        """The leg that it exchanges media with now."""
        return self.bridges[-1].other(self) if self.bridges else None

    def partners(self) -> Iterator[Leg]:
        """Every leg that it is bridged to, the current one first."""
        return (bridge.other(self) for bridge in reversed(self.bridges))
