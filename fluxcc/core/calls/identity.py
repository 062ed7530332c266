"""What a leg is: the telephone of an extension, a person outside, or a wire.

Pure. Counterpart: ``tracker``, which asks once for each leg, when it is created. FreeSWITCH goes on
to write other persons' names onto a leg (``dialed_user`` of whomever its telephone dials), so that
nothing said later changes the answer. Sources: contract, section 1a; docs/sites.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from fluxcc.core.calls.contacts import Contacts
from fluxcc.domain.agents import NOBODY, Agent, clean_domain, domain_behind
from fluxcc.domain.calls import Leg, LegKind
from fluxcc.domain.events import LegEvent
from fluxcc.domain.numbers import NumberPlan

WIRE_CHANNEL = "loopback/"
"""How the name of a loopback leg's channel begins (``mod_loopback.c``)."""

STANDBY = "uuid-standby"
"""mod_callcenter's type of an agent who stays connected."""
TRUE = "true"


class Stations:
    """Distinguishes telephones of extensions from trunks."""

    def __init__(
        self,
        numbers: NumberPlan,
        contacts: Contacts,
        trunk_contexts: Collection[str],
        trunk_users: Sequence[str] = (),
    ) -> None:
        """``trunk_contexts`` are those in which a caller ID proves nothing, ``trunk_users`` the
        patterns of directory users that are trunks (both ``[calls]``)."""
        self._numbers = numbers
        self._contacts = contacts
        self._trunk_contexts = frozenset(trunk_contexts)
        self._trunk_users = [re.compile(pattern) for pattern in trunk_users]

    def believes(self, context: str) -> bool:
        """Whether what an inbound leg says of its caller counts in this dialplan context."""
        return context not in self._trunk_contexts

    def identify(self, leg: Leg, event: LegEvent) -> tuple[LegKind, Agent, tuple[str, ...]]:
        """What the leg is, and for a telephone its agent, and other names of that agent."""
        if event.channel.startswith(WIRE_CHANNEL):
            return LegKind.WIRE, NOBODY, ()
        if leg.is_inbound:
            extension, *aliases = (self._caller(leg, event),)
        else:
            extension, *aliases = self._called(leg, event) or ("",)
        if not extension:
            registered = NOBODY if leg.is_inbound else self._registered(event)
            return (LegKind.STATION if registered else LegKind.TRUNK), registered, ()
        return LegKind.STATION, Agent(extension, _station_domain(leg, event)), tuple(aliases)

    def _caller(self, leg: Leg, event: LegEvent) -> str:
        """The extension that authenticated, or whose number is presented where that is believed.

        A caller ID on a trunk is not: a caller who presents an extension's number would count as
        that agent. Neither is the presence ID, which FreeSWITCH makes out of the same text.
        """
        if event.user_name:
            return "" if self._is_trunk(event.user_name) else event.user_name
        if self.believes(leg.context) and self._numbers.is_internal(leg.number):
            return leg.number
        # A PBX behind a SIP proxy has one context for both sides; its dialplan names the caller.
        return leg.number if leg.number and _name(event.agent) == leg.number else ""

    def _called(self, leg: Leg, event: LegEvent) -> tuple[str, ...]:
        """The extension that was dialled, and what mod_callcenter or the dialplan calls it."""
        dialled = self._dialled(leg, event)
        origin = leg.origin
        named = _name(event.agent)
        if origin is not None and named in (origin.hint.extension, origin.extension):
            # A variable that was exported from the leg which dialled says nothing of this one.
            named = ""
        if not named or named == dialled or self._is_trunk(event.dialed_user):
            return (dialled,) if dialled else ()
        if not dialled:
            return (named,)
        # mod_callcenter's name of an agent may be no extension: FusionPBX has UUIDs there.
        is_name_only = event.queue_side == "agent" and not self._numbers.is_internal(named)
        return (dialled, named) if is_name_only else (named,)

    def _dialled(self, leg: Leg, event: LegEvent) -> str:
        if event.dialed_user:
            return "" if self._is_trunk(event.dialed_user) else event.dialed_user
        if event.gateway:
            return ""
        presence = event.presence.partition("@")[0]
        if presence and (event.dialed_extension or self._numbers.is_internal(presence)):
            return event.dialed_extension.partition("@")[0] or presence
        return leg.destination if self._numbers.is_internal(leg.destination) else ""

    def _registered(self, event: LegEvent) -> Agent:
        """Who registered from the address that is called: what there is where the dialplan calls a
        contact and says nothing of its user."""
        agent = self._contacts.agent_at(event.channel, clean_domain(event.domain))
        return NOBODY if self._is_trunk(agent.extension) else agent

    def _is_trunk(self, user: str) -> bool:
        return bool(user) and any(pattern.fullmatch(user) for pattern in self._trunk_users)


def _name(agent: str) -> str:
    return agent.partition("@")[0]


def _station_domain(leg: Leg, event: LegEvent) -> str:
    """The SIP domain of a telephone. A presence ID counts only where FreeSWITCH called it: of a
    caller it is made out of the From."""
    if leg.is_inbound:
        return clean_domain(event.domain) or clean_domain(event.realm)
    return (
        clean_domain(event.dialed_domain)
        or clean_domain(event.presence.partition("@")[2])
        or domain_behind(event.agent)
        or clean_domain(event.domain)
        or (leg.origin.domain if leg.origin is not None else "")
    )


def is_standing(event: LegEvent) -> bool:
    """Whether an event shows that this telephone stays connected between calls (contract, section
    1a)."""
    return (
        event.agent_type == STANDBY
        or TRUE in (event.standing, event.parks_after_bridge)
        or (event.fifo_role == "consumer" and _waits_in_fifo(event))
    )


def _waits_in_fifo(event: LegEvent) -> bool:
    """``fifo NAME out [wait]``, as opposed to ``nowait`` and to an agent who is called back
    (``mod_fifo.c``)."""
    words = event.application_data.split()
    return event.application == "fifo" and "out" in words and "nowait" not in words
