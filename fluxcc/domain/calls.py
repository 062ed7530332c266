"""Legs and calls as they are now, and who is who on one.

A leg is one FreeSWITCH channel; a call is the conversation of a customer and the one who talks to
them, or of two extensions. ``core.calls.tracker`` keeps both true. What is asked of a call is
always asked as one of its agents sees it: ``core.calls.views``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.privacy import told

NOWHERE = "/"
"""``Leg.homes`` where the way by which a call came has no area code of its own, or is not known."""
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
    """The caller ID when the leg was created, as it shows (``shown``); a transfer does not change
    it."""
    destination: str
    """What was dialled when the leg was created."""
    context: str
    created: float
    homes: str = NOWHERE
    """The area codes at home of the way by which it came in (``NumberPlan.homes``)."""
    kind: LegKind = LegKind.TRUNK
    agent: Agent = NOBODY
    """The agent whose telephone it is; nobody for all but a station."""
    domain: str = ""
    """The SIP domain that it is in: a station's own, or the one whose dialplan a caller reached."""
    aliases: tuple[str, ...] = ()
    """Other names of that agent: mod_callcenter's, or the user whose telephone was called."""
    hint: Agent = NOBODY
    """On the leg of a person outside: the agent for whom a channel variable says the call is."""
    group: str = ""
    is_private: bool = False
    """Whether its caller asked that the number be shown to nobody."""
    is_disguised: bool = False
    """Whether the caller ID has in it what nobody sees, or digits that only look like some: the
    gate, which matches bytes, cannot tell whose it is."""
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
    def names(self) -> tuple[str, ...]:
        """Every name of the agent whose telephone it is; none for all but a station."""
        return (self.agent.extension, *self.aliases) if self.agent else ()

    @property
    def extension(self) -> str:
        """The extension of that agent."""
        return self.agent.extension

    @property
    def person(self) -> str:
        """The number of the person at the far end: the caller ID of an inbound leg, what was
        dialled for an outbound one."""
        return self.number if self.is_inbound else self.destination

    @property
    def shown(self) -> str:
        """That number as everybody may see it."""
        return told(self.person, is_private=self.is_private)

    @property
    def partner(self) -> Leg | None:
        """The leg that it exchanges media with now."""
        return self.bridges[-1].other(self) if self.bridges else None

    def partners(self) -> Iterator[Leg]:
        """Every leg that it is bridged to, the current one first."""
        return (bridge.other(self) for bridge in reversed(self.bridges))


class Direction(StrEnum):
    """Who called whom."""

    RECEIVED = "received"
    """The customer dialled."""
    ORIGINATED = "originated"
    """The agent dialled, by hand or by a click."""
    CAMPAIGN = "campaign"
    """The PBX dialled the customer first, then an agent."""
    INTERNAL = "internal"
    """One extension dialled another."""


class Outcome(StrEnum):
    """How a call ended, for history."""

    LIVE = "live"
    ANSWERED = "answered"
    """Customer and agent were connected."""
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    """The caller's number was blocked."""
    PRANK = "prank"
    CONFERENCE = "conference"
    TRANSFERRED = "transferred"
    SURVEYED = "surveyed"
    LOST = "lost"
    """FreeSWITCH or the link died with it; when it really ended is not known."""


class CallChange(StrEnum):
    """What happened to a call."""

    BEGAN = "began"
    BRIDGED = "bridged"
    """An agent and the customer were connected: also a further agent."""
    CHANGED = "changed"
    """Anything else that is told of it: its agent left, its group is known, it was parked."""
    ENDED = "ended"
    LOST = "lost"
    """It is on another PBX of the site, which is not heard of any more: whether it goes on is not
    known."""


@dataclass(slots=True, eq=False)
class Call:
    """One conversation, from its first leg to the end of its customer's."""

    id: int
    """When it began, in microseconds since the epoch, made unique: history sorts by it."""
    started: float
    legs: list[Leg] = field(default_factory=list)
    customer: Leg | None = None
    """The outside party, for the whole life of the call; of two extensions the one that dialled."""
    agent_leg: Leg | None = None
    """The telephone that has the customer now: talks to them, or holds them."""
    company: Leg | None = None
    """The person connected to the customer now: the agent, or another one outside."""
    agent: Agent = NOBODY
    """The agent who has the customer, or had them last."""
    holder: Agent = NOBODY
    """The agent who parked the customer, as long as they are parked."""
    past_agents: tuple[Agent, ...] = ()
    """Agents who had the customer and do not any more, without repetition."""
    group: str = ""
    number: str = ""
    """The customer's number as seen."""
    is_private: bool = False
    """Whether the customer asked that it be shown to nobody."""
    direction: Direction = Direction.RECEIVED
    is_told: bool = False
    """Whether the customer was connected to anybody: from then on nobody else can be it."""
    bridged: float | None = None
    """When an agent and the customer were first connected."""
    parted: float | None = None
    """When an agent and the customer were last separated."""
    ended: float | None = None
    cause: str = ""
    outcome: Outcome = Outcome.LIVE
    sequel: tuple[str, ...] = ()
    """What happened after the first talk: ``consulted:1001``, ``handed-over:1001``."""
    customer_domain: str = ""
    """The SIP domain that the customer reached, or from which they were dialled."""
    customer_uuid: str = ""
    agent_uuid: str = ""
    is_survey_over: bool = False
    """Whether this call may have no survey (any more): an action took it elsewhere."""

    @property
    def domain(self) -> str:
        """The SIP domain that it is in: the agent's, or else the customer's; empty where neither is
        known."""
        return self.agent.domain or self.customer_domain

    @property
    def is_internal(self) -> bool:
        """Whether it is a call between extensions, which has no customer from outside."""
        return self.direction is Direction.INTERNAL

    @property
    def natural_outcome(self) -> Outcome:
        """Its outcome where no action sets another."""
        return Outcome.ANSWERED if self.bridged else Outcome.UNANSWERED

    @property
    def is_talking(self) -> bool:
        """Whether an agent has the customer now."""
        return self.customer is not None and self.agent_leg is not None


class Conversation(msgspec.Struct, frozen=True):
    """What an action decides on: who is who, at the moment it was asked for."""

    customer: str
    """UUID of the customer's leg."""
    agent_leg: str
    """UUID of the agent's leg; empty where there is none (any more)."""
    number: str
    """The customer's number as the trunk presented it, or as it was dialled."""
    agent: Agent
    group: str
    direction: Direction
    started: float
    may_have_survey: bool
    """Whether an agent talked to the customer, and no action has ended the survey since."""
    originatee: str
    """UUID of the leg that the bridge was made to (its B leg); empty where the two are not bridged
    to each other now, for instance in a conference room."""
    is_on_trunk: bool = False
    """Whether the customer's leg is a trunk's, where any caller ID can be presented."""
    is_standing: bool = False
    """Whether the agent's leg stays connected between calls, and must not be ended."""
    consulted: tuple[str, ...] = ()
    """UUIDs of the legs of a consultation that the agent has beside the customer."""
    consulted_inside: str = ""
    """UUID of the leg that the agent's leg consults inside its bridge to the customer
    (``att_xfer``): FreeSWITCH joins that one and the customer when the agent's leg leaves."""
    is_consulted: bool = False
    """Whether the asker is the colleague whom an agent consults: then ``customer`` is the asker's
    own leg, the only one that may be touched."""
    is_proxied: bool = False
    """Whether nothing can talk to the customer, as FreeSWITCH passes the media on unseen."""
    is_rung: bool = False
    """Whether the customer is being called and has not answered yet."""
    room: str = ""
    """The conference in which the two are together; empty where they are in none."""
    domain: str = ""
    """The SIP domain that the customer is in, or else the agent; empty where neither is known."""
    wire: str = ""
    """UUID of the wire that the customer's leg is bridged to, where one is between the two."""
    homes: str = NOWHERE
    """With ``number``: the area codes at home of the way by which the customer came in."""
    is_private: bool = False
    """Whether the customer asked that the number be shown to nobody."""
    dialled: str = ""
    """The number that the customer dialled; empty where the customer was called."""

    @property
    def legs(self) -> frozenset[str]:
        """The UUIDs of the legs that there are."""
        return frozenset(leg for leg in (self.customer, self.agent_leg) if leg)

    @property
    def is_bridged(self) -> bool:
        """Whether the two are bridged to each other now."""
        return self.originatee != ""


class CallRecord(msgspec.Struct, frozen=True):
    """What history keeps of a call (``store.calls``); times in epoch seconds."""

    id: int
    direction: str
    customer_leg: str
    agent_leg: str
    number: str
    agent: str
    group: str
    started: float
    bridged: float | None
    ended: float | None
    cause: str
    outcome: str
    parted: float | None = None
    sequel: str = ""
    """The steps of ``Call.sequel`` with blanks between them."""
    state: str = ""
    """What a restart of the daemon needs besides (``core.calls.memory``); empty once it ended."""
    domain: str = ""
    """The SIP domain of the call (``Call.domain``)."""
    is_private: bool = False
    """Whether the customer asked that the number be shown to nobody."""
