"""The live legs and calls, and the indexes by which they are found.

It decides nothing. Counterparts: ``joining`` and ``tracker``, which fill it; ``snapshot`` and
``views``, which read it.
"""

from __future__ import annotations

from sys import intern
from zlib import crc32

from fluxcc.core.calls import people
from fluxcc.core.calls.watchers import Watchers
from fluxcc.core.domains import Domains
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.calls import Bridge, Call, Leg
from fluxcc.domain.events import LegEvent

LONGEST_TEXT = 128
"""Characters kept of a caller ID, a dialled number, a group's or an agent's name. A caller can send
64 kB, which no index of PostgreSQL takes. It is more than any usable number has, so that cutting
cannot turn a text into a usable number."""


class Register:
    """The part of ``tracker.Tracker`` that keeps."""

    def __init__(self, journal: Journal, domains: Domains) -> None:
        self._journal = journal
        self._domains = domains
        self.legs: dict[str, Leg] = {}
        self.calls: dict[int, Call] = {}
        self.by_agent: dict[str, dict[str, Leg]] = {}
        """Name of an agent → the legs of the agent's telephones, by UUID."""
        self.rooms: dict[str, dict[str, Leg]] = {}
        """Conference → the legs in it, by UUID."""
        self._awaited: dict[str, str] = {}
        """UUID of the leg of an agent who had a customer → the conference in which that one is."""
        self.watchers = Watchers()
        """Callbacks for what happens to single legs."""
        self._ids = MomentIds()
        self._parked: dict[int, Call] = {}
        self.former: dict[str, Call] = {}
        """UUID of a leg → its call as the store has it, from before the daemon was started."""

    # Calls

    @property
    def parked(self) -> list[Call]:
        """The calls whose customer an agent has parked."""
        return list(self._parked.values())

    def hold(self, call: Call, agent: Agent) -> None:
        """Set who has parked the call's customer, or that nobody has."""
        if call.holder == agent:
            return
        call.holder = agent
        if agent:
            self._parked[call.id] = call
        else:
            self._parked.pop(call.id, None)
        self._journal.call_changed(call)

    def _changed(self, leg: Leg) -> None:
        if leg.call is not None:
            self._journal.call_changed(leg.call)

    def _new_id(self, leg: Leg) -> int:
        """An id for the call that the leg begins, that no restored or ended call bears.

        FreeSWITCH's ``show channels`` gives whole seconds, in which several calls may have begun;
        the leg's UUID spreads them over the second, alike in every life of the daemon.
        """
        moment = leg.created
        if moment.is_integer():
            moment += crc32(leg.uuid.encode()) % 1_000_000 / 1e6
        new = self._ids.new(moment)
        while new in self.calls:
            new = self._ids.new(moment)
        return new

    # Legs

    def name(self, leg: Leg, agent: Agent = NOBODY, *aliases: str) -> None:
        """Set whose telephone a leg is."""
        self._unindex(leg)
        leg.agent = Agent(intern(agent.extension[:LONGEST_TEXT]), intern(agent.domain))
        leg.domain = leg.agent.domain or leg.domain
        leg.aliases = tuple(intern(alias[:LONGEST_TEXT]) for alias in aliases if alias)
        for known in leg.names:
            self.by_agent.setdefault(known, {})[leg.uuid] = leg

    def _unindex(self, leg: Leg) -> None:
        for known in leg.names:
            legs = self.by_agent.get(known)
            if legs is not None:
                legs.pop(leg.uuid, None)
                if not legs:
                    del self.by_agent[known]

    def _origin(self, event: LegEvent) -> Leg | None:
        """The leg that this one was dialled for."""
        if event.queue_member:
            return self.legs.get(event.queue_member)
        if event.other_type == "originator" and event.direction == "outbound":
            # One that came in may be named so once another leg was bridged to it.
            return self.legs.get(event.other_leg)
        dialled_by = event.enterprise_for or event.dialled_by
        return self.legs.get(dialled_by) if dialled_by else None

    def _end_of(self, leg: Leg) -> Leg | None:
        """The person at this end of a bridge."""
        if leg.is_person:
            return leg
        half = self.legs.get(leg.other_half)
        return people.behind(half.partner, self.legs) if half is not None else None

    # Conferences

    def in_room(self, room: str) -> list[Leg]:
        """The legs in a conference."""
        return list(self.rooms.get(room, {}).values())

    def put_in_room(self, leg: Leg, room: str) -> None:
        """A leg is in a conference, which is settled once everybody is there."""
        leg.room = intern(room[:LONGEST_TEXT])
        self.rooms.setdefault(leg.room, {})[leg.uuid] = leg


def part(first: Leg, second: Leg) -> None:
    """The two are bridged to each other no longer."""
    for leg, other in ((first, second), (second, first)):
        if leg.bridges:
            leg.bridges = tuple(bridge for bridge in leg.bridges if bridge.other(leg) is not other)


def join(first: Leg, second: Leg, consults_for: str) -> None:
    """The two are bridged to each other, and no longer to others but to ``consults_for``."""
    for leg in (first, second):
        for other in list(leg.partners()):
            if consults_for not in (other.uuid, leg.uuid):
                part(leg, other)
    part(first, second)
    bridge = Bridge(first, second)
    first.bridges += (bridge,)
    second.bridges += (bridge,)
