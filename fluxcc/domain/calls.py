"""Legs and calls as they are now, and who is who on a call.

A leg is one FreeSWITCH channel, a call the conversation of two of them. What is asked of a call
is always asked as one of its agents sees it, because an internal call has two: ``Call.seen_by``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


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
    is_station: bool = False
    """Whether this is the telephone of an extension, as opposed to a trunk."""
    extension: str = ""
    """Whose telephone it is, where it is one."""
    claim: str = ""
    """The agent that a channel variable names (``[calls] agent_variables``)."""
    claim_rank: int = 0
    """The place of that variable in the setting: a lower one wins over the other leg's."""
    group: str = ""
    is_answered: bool = False
    call: Call | None = None
    partner: Leg | None = None
    """The leg it is bridged to now."""
    is_originator: bool = False
    """Whether FreeSWITCH began that bridge with this leg (``Bridge-A-Unique-ID``)."""
    indexed_as: str = ""
    """The agent under whose name the tracker finds it."""

    @property
    def person(self) -> str:
        """The number of the person at the other end of this leg: the caller ID of an inbound leg,
        what was dialled for an outbound one."""
        return self.number if self.is_inbound else self.destination


@dataclass(slots=True, eq=False)
class Call:
    """One conversation, from its first leg to its last."""

    id: int
    """When it began, in microseconds since the epoch, made unique: history sorts by it."""
    started: float
    legs: list[Leg] = field(default_factory=list)
    customer: Leg | None = None
    agent_leg: Leg | None = None
    agent: str = ""
    """The extension of the agent who had it last."""
    group: str = ""
    number: str = ""
    """The customer's number as seen."""
    direction: Direction = Direction.RECEIVED
    bridged: float | None = None
    """When an agent and the customer were first connected."""
    ended: float | None = None
    cause: str = ""
    outcome: Outcome = Outcome.LIVE
    customer_uuid: str = ""
    agent_uuid: str = ""
    is_survey_over: bool = False
    """Whether this call may have no survey (any more): an action took it elsewhere."""

    @property
    def is_talking(self) -> bool:
        """Whether customer and agent were connected and both are still there."""
        return self.bridged is not None and self.customer is not None and self.agent_leg is not None

    def seen_by(self, agent: str) -> Conversation:
        """This call as that agent sees it: on an internal call the other one is the customer."""
        customer, agent_leg = self.customer, self.agent_leg
        if (
            self.direction is Direction.INTERNAL
            and customer is not None
            and agent
            and customer.extension == agent
            and self.agent != agent
        ):
            customer, agent_leg = agent_leg, customer
        if customer is None:
            # Not bridged yet: the leg that began the call is the one to act on.
            customer = next((leg for leg in self.legs if not leg.is_station), None)
            agent_leg = next((leg for leg in self.legs if leg.is_station), None)
        return Conversation(
            customer=customer.uuid if customer else "",
            agent_leg=agent_leg.uuid if agent_leg else "",
            number=customer.person if customer else self.number,
            agent=agent or self.agent,
            group=self.group,
            direction=self.direction,
            started=self.started,
            may_have_survey=self.bridged is not None and not self.is_survey_over,
            originatee=_originatee(customer, agent_leg),
            is_on_trunk=customer is not None and not customer.is_station,
        )


class Conversation(msgspec.Struct, frozen=True):
    """What an action decides on: who is who, at the moment it was asked for."""

    customer: str
    """UUID of the customer's leg."""
    agent_leg: str
    """UUID of the agent's leg; empty where there is none (any more)."""
    number: str
    """The customer's number as the trunk presented it, or as it was dialled."""
    agent: str
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


def record(call: Call) -> CallRecord:
    """The call as the store keeps it."""
    return CallRecord(
        id=call.id,
        direction=call.direction.value,
        customer_leg=call.customer_uuid,
        agent_leg=call.agent_uuid,
        number=call.number,
        agent=call.agent,
        group=call.group,
        started=call.started,
        bridged=call.bridged,
        ended=call.ended,
        cause=call.cause,
        outcome=call.outcome.value,
    )


def _originatee(customer: Leg | None, agent: Leg | None) -> str:
    if customer is None or agent is None or customer.partner is not agent:
        return ""
    return agent.uuid if customer.is_originator else customer.uuid
