"""Which leg is an extension's telephone, and which of two bridged legs is the customer's, which
the agent's.

Pure. Counterpart: ``tracker``, which asks for every leg and every bridge.
"""

from __future__ import annotations

from collections.abc import Collection

from fluxcc.domain.calls import Direction, Leg
from fluxcc.domain.events import LegEvent
from fluxcc.domain.numbers import NumberPlan


class Stations:
    """Distinguishes telephones of extensions from trunks."""

    def __init__(self, numbers: NumberPlan, trunk_contexts: Collection[str]) -> None:
        """``trunk_contexts`` are those in which a caller ID proves nothing (``[calls]``)."""
        self._numbers = numbers
        self._trunk_contexts = frozenset(trunk_contexts)

    def believes(self, context: str) -> bool:
        """Whether what an inbound leg says of its caller counts in this dialplan context."""
        return context not in self._trunk_contexts

    def extension(self, leg: Leg, event: LegEvent) -> str:
        """The extension whose telephone this leg is; empty for a trunk's leg.

        A telephone is a leg that mod_callcenter or a ``user/`` dial string called, one that
        authenticated as a user, or one with an internal number. A caller ID on a trunk is not
        believed: a caller who presents an extension's number would count as that agent, whose own
        calls would then be ambiguous.
        """
        if leg.is_inbound:
            if event.user_name:
                return event.user_name
            is_believed = self.believes(leg.context)
            return leg.number if is_believed and self._numbers.is_internal(leg.number) else ""
        if event.dialed_user and event.other_type != "originatee":
            # The leg of a customer whom a campaign dialled has dialed_user too, once it has called
            # an agent; it is then an ``originatee``.
            return event.dialed_user
        if event.queue_side == "agent":
            return event.agent
        return leg.destination if self._numbers.is_internal(leg.destination) else ""


def assign_roles(first: Leg, second: Leg) -> tuple[Leg, Leg, Direction]:
    """The customer's leg, the agent's leg and the call's direction, for two bridged legs.

    ``first`` is FreeSWITCH's A leg. Of a telephone and a trunk, the telephone is the agent's. Of
    two trunks, the outbound one is the agent's; of two outbound ones the second where only its
    channel variables name an agent, otherwise the first.
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
