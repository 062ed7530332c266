"""Who has whom on a reference PBX, and so whom an agent may act on (contract, section 1a).

Reads the PBX's own truth; shares nothing with the model. Counterparts: ``reference_pbx``,
``test_any_sequence``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.unit.core.calls.reference_legs import STATION, TRUNK, Channel, other_end
from tests.unit.core.calls.reference_pbx import ReferencePbx


@dataclass
class Standing:
    """How one agent stands towards everybody else now; UUIDs."""

    heard: set[str] = field(default_factory=set)
    """Outside parties who are connected to one of the agent's telephones."""
    waiting: set[str] = field(default_factory=set)
    """Outside parties whom the agent holds, consults about or has parked."""
    in_room: set[str] = field(default_factory=set)
    """Outside parties in a room with the agent, and with others."""
    colleagues: set[str] = field(default_factory=set)
    """Other extensions' legs that are connected to one of the agent's."""
    advised: set[str] = field(default_factory=set)
    """The agent's own legs by which a colleague asks for advice."""
    legs: set[str] = field(default_factory=set)
    """Every leg that an action of the agent's may touch."""

    @property
    def customers(self) -> set[str]:
        """Every outside party whom the agent may act on."""
        return self.heard | self.waiting | self.in_room


def person(channel: Channel | None) -> Channel | None:
    """Who is behind a leg: the leg itself, or whoever its wires lead to."""
    while channel is not None and channel.half is not None:
        channel = channel.half.partner
    return channel


def standing(pbx: ReferencePbx, user: str) -> Standing:
    """How this agent stands."""
    found = Standing()
    for leg in pbx.telephones(user):
        found.legs.add(leg.uuid)
        if leg.room:
            _look_around(pbx, leg, found)
        for bridge in leg.bridges:
            other = person(other_end(bridge, leg))
            if other is not None and leg.is_answered and other.is_answered:
                _meet(leg, bridge, other, found)
        _ring(leg, found)
    parked = {each.uuid for each in pbx.people() if each.parked_by == user}
    found.waiting.update(uuid for uuid in parked if pbx.channels[uuid].kind == TRUNK)
    found.legs |= found.waiting
    return found


def _ring(leg: Channel, found: Standing) -> None:
    """Whoever rings for the agent, also behind wires."""
    for each in [*leg.dialling, *(leg.half.dialling if leg.half else ())]:
        found.legs.add(each.uuid)
        _ring(each, found)


def _look_around(pbx: ReferencePbx, leg: Channel, found: Standing) -> None:
    there = [each for each in pbx.people() if each.room == leg.room]
    for each in there:
        found.legs.add(each.uuid)
        if each.kind == STATION and each is not leg:
            found.colleagues.add(each.uuid)
        elif each.kind == TRUNK:
            is_plain = len(there) == 2 and not leg.is_held and not _may_come(pbx)
            is_theirs = found.heard if is_plain else found.in_room
            is_theirs.add(each.uuid)


def _may_come(pbx: ReferencePbx) -> bool:
    """Whether a telephone may be on its way into the room, as far as the PBX shows."""
    stations = [each for each in pbx.people() if each.kind == STATION and each.is_answered]
    return any(
        not (each.room or each.bridges or "variable_fluxcc_standing" in each.variables)
        for each in stations
    )


def _meet(leg: Channel, bridge: tuple[Channel, Channel], other: Channel, found: Standing) -> None:
    is_inner = len(other.bridges) > 1 and bridge is other.bridges[-1]
    if other.kind == STATION and is_inner:
        found.advised.add(leg.uuid)
        return
    found.legs.add(other.uuid)
    waiting = person(leg.consults_for)
    does_consult = waiting is not None and bridge is leg.bridges[0]
    is_waiting = leg.is_held or does_consult
    if other.kind == TRUNK and waiting is not None and waiting.kind == TRUNK and not does_consult:
        # Somebody outside is asked for advice: the customer is whoever waits meanwhile.
        return
    if other.kind == TRUNK:
        (found.waiting if is_waiting else found.heard).add(other.uuid)
    else:
        found.colleagues.add(other.uuid)
