"""Who is who: which leg is a telephone of whom, and of two legs the customer's and the agent's.

Pure. Counterpart: ``tracker``, which asks for every leg and every bridge.
"""

from __future__ import annotations

from collections.abc import Collection

from fluxcc.domain.calls import Direction, Leg
from fluxcc.domain.events import LegEvent
from fluxcc.domain.numbers import NumberPlan


class Stations:
    """Tells telephones of extensions from trunks."""

    def __init__(self, numbers: NumberPlan, trunk_contexts: Collection[str]) -> None:
        """``trunk_contexts`` are those in which a caller ID proves nothing (``[calls]``)."""
        self._numbers = numbers
        self._trunk_contexts = frozenset(trunk_contexts)

    def extension(self, leg: Leg, event: LegEvent) -> str:
        """Whose telephone this leg is; empty for a trunk's.

        A telephone is what mod_callcenter or a ``user/`` dial string called, what authenticated
        as somebody, and what has an internal number. On a trunk anybody can present one: taken at
        their word they would be that agent, whose own calls would then be ambiguous.
        """
        if leg.is_inbound:
            if event.user_name:
                return event.user_name
            is_believed = leg.context not in self._trunk_contexts
            return leg.number if is_believed and self._numbers.is_internal(leg.number) else ""
        if event.dialed_user and event.other_type != "originatee":
            # A customer whom a campaign dialled has it too, once their leg has called an agent.
            return event.dialed_user
        if event.queue_side == "agent":
            return event.agent
        return leg.destination if self._numbers.is_internal(leg.destination) else ""


def tell_roles(first: Leg, second: Leg) -> tuple[Leg, Leg, Direction]:
    """Who is the customer, who the agent, and who called whom, on two legs that were bridged.

    ``first`` is the leg that began the call (FreeSWITCH's A leg). A telephone and a trunk tell
    themselves apart. Of two trunks the one that a channel variable gives to an agent is the
    agent's; where none says, the one that was called is, and of two that the PBX dialled the
    first.
    """
    if first.is_station and second.is_station:
        return first, second, Direction.INTERNAL
    if first.is_station or second.is_station:
        agent, customer = (first, second) if first.is_station else (second, first)
    elif first.is_inbound:
        agent, customer = second, first
    elif second.is_inbound:
        agent, customer = first, second
    elif second.claim and not first.claim:
        agent, customer = second, first
    else:
        agent, customer = first, second
    if customer.is_inbound:
        return customer, agent, Direction.RECEIVED
    if customer is first:
        return customer, agent, Direction.CAMPAIGN
    return customer, agent, Direction.ORIGINATED


def name_agent(customer: Leg, agent: Leg) -> str:
    """The agent's extension: what a channel variable on either leg says, else the telephone's."""
    claims = [leg for leg in (agent, customer) if leg.claim]
    if claims:
        return min(claims, key=lambda leg: leg.claim_rank).claim
    return agent.extension or agent.person
