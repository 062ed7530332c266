"""What a restart of the daemon needs of a live call besides its record: as a text for the store.

Pure. Counterparts: ``core.journal`` writes it with the call, ``snapshot`` reads it. What a leg is
was settled when it was created, and cannot be read from FreeSWITCH any more once other names were
written onto the leg.
"""

from __future__ import annotations

import msgspec

from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import Call, CallRecord, Leg, LegKind


class LegMemory(msgspec.Struct, frozen=True, array_like=True):
    """One leg."""

    uuid: str
    kind: LegKind
    extension: str = ""
    aliases: tuple[str, ...] = ()
    hint: str = ""
    """An agent as a text, like ``CallMemory.holder``."""
    first_dialled: str = ""
    is_standing: bool = False
    domain: str = ""

    @property
    def agent(self) -> Agent:
        """The agent whose telephone it is."""
        return Agent(self.extension, self.domain)


class CallMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call."""

    legs: tuple[LegMemory, ...] = ()
    holder: str = ""
    past_agents: tuple[str, ...] = ()
    is_told: bool = False
    is_survey_over: bool = False
    customer_domain: str = ""


_decode = msgspec.json.Decoder(CallMemory).decode
_encode = msgspec.json.Encoder().encode


def write(call: Call) -> str:
    """The memory of a live call; empty for one that has ended."""
    if call.ended is not None:
        return ""
    legs = tuple(_remember(leg) for leg in call.legs)
    memory = CallMemory(
        legs=legs,
        holder=str(call.holder),
        past_agents=tuple(map(str, call.past_agents)),
        is_told=call.is_told,
        is_survey_over=call.is_survey_over,
        customer_domain=call.customer_domain,
    )
    return _encode(memory).decode()


def read(text: str) -> CallMemory:
    """The memory in a record; an empty one where it has none that can be read."""
    try:
        return _decode(text) if text else CallMemory()
    except (msgspec.DecodeError, ValueError):
        return CallMemory()


def record(call: Call) -> CallRecord:
    """The call as the store keeps it."""
    return CallRecord(
        id=call.id,
        direction=call.direction.value,
        customer_leg=call.customer_uuid,
        agent_leg=call.agent_uuid,
        number=call.number,
        agent=call.agent.extension,
        group=call.group,
        started=call.started,
        bridged=call.bridged,
        ended=call.ended,
        cause=call.cause,
        outcome=call.outcome.value,
        parted=call.parted,
        # A number outside may be presented with blanks in it.
        sequel=" ".join("".join(step.split()) for step in call.sequel),
        state=write(call),
        domain=call.domain,
        is_private=call.is_private,
    )


def _remember(leg: Leg) -> LegMemory:
    return LegMemory(
        leg.uuid,
        leg.kind,
        leg.extension,
        leg.aliases,
        str(leg.hint),
        leg.first_dialled,
        leg.is_standing,
        leg.domain,
    )
