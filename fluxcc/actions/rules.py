"""What the actions decide by besides the call: settings, provisioned entries and live blocks."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fluxcc.domain.agents import Agent
from fluxcc.domain.blocks import Block, BlockChange, Scope
from fluxcc.domain.calls import Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.media import Media
from fluxcc.domain.numbers import Number, NumberPlan
from fluxcc.domain.provisioning import DOMAIN, PLACEHOLDERS, Entry, Group, Room, Service, scoped


class Rules(msgspec.Struct):
    """Settings, which a reload may change, and look-ups."""

    numbers: NumberPlan
    block_duration: int
    """Seconds a block holds where the request has no duration."""
    escalation: tuple[int, ...]
    """Seconds that the first, the second, … block of a number holds in place of that; empty where
    blocks do not grow."""
    room: str
    """How an agent's room is dialled: ``*{agent}``."""
    room_context: str
    survey_destination: str
    """Where the survey answers for groups without a destination of their own."""
    survey_context: str
    block_scope: Scope
    are_several_domains: Callable[[], bool]
    """Whether this PBX has more than one SIP domain."""
    find_blocks: Callable[[Number], list[Block]]
    """The live blocks of a number, in every SIP domain."""
    named_block: Callable[[str], Block | None]
    """The live block of that name or id (``Block.name``)."""
    live_blocks: Callable[[], list[Block]]
    nth_block: Callable[[Number, str], int]
    """(number, SIP domain) → which block of late its next one is, or its live one; 1 and more."""
    is_protected: Callable[[str], bool]
    """Whether nobody can block that canonical number."""
    make_block: Callable[[Number, str, int, str, str, str], tuple[Block, BlockChange]]
    """(number, SIP domain or empty for all, seconds, by, reason, call) → the block to be, and
    whether it is a new one or the live one renewed. It is not in force yet."""
    find_group: Callable[[str, str], Group | None]
    """(name, SIP domain) → the group of that domain, or else of all."""
    find_room: Callable[[Agent], Room | None]
    find_service: Callable[[str, str], Service | None]
    """As ``find_group``."""
    agent_context: Callable[[Agent], str]
    """The dialplan context of the agent's telephone; FreeSWITCH is asked each time. Empty where it
    does not tell."""
    room_members: Callable[[str], frozenset[str]]
    """The legs in a conference that the kit serves; FreeSWITCH is asked each time."""
    media_of: Callable[[str], Media]
    """The way of the media of the bridge whose originatee this leg is; FreeSWITCH is asked."""
    find_entry: Callable[[Entry], Entry | None]
    """The entry of that kind and name."""

    def scope(self, domain: str) -> str:
        """The SIP domain for which a prank in ``domain`` blocks; empty for all."""
        is_for_domain = self.block_scope is Scope.DOMAIN or (
            self.block_scope is Scope.AUTO and self.are_several_domains()
        )
        return domain if is_for_domain else ""

    def room_of(self, agent: Agent, room: Room) -> tuple[str, str]:
        """Where the agent's room is dialled, and the name of the conference that the kit serves
        there, empty for one that the PBX serves. Rooms of two SIP domains are two: for the kit the
        domain is dialled too, since a customer's leg need not know it."""
        dialled = self.room.format(agent=agent.extension, domain=agent.domain)
        domain = room.domain or (agent.domain if self.are_several_domains() else "")
        if room.is_served_by_pbx:
            return dialled, ""
        return scoped(dialled, domain), scoped(agent.extension, domain)

    def context_for(self, context: str, call: Conversation) -> str:
        """A configured context with the agent's own in place of ``{domain}`` or ``{context}``;
        with the call's domain where no agent has it yet, or the agent's is not known. Raises
        ``RefusedError`` where that is not known either."""
        if context not in PLACEHOLDERS:
            return context
        domain = call.agent.domain or call.domain
        found = domain
        if context != DOMAIN:
            found = self.agent_context(call.agent._replace(domain=domain)) if call.agent else ""
        if not found:
            raise RefusedError(Code.PBX_REJECTED)
        return found
