"""What FreeSWITCH reported about legs, without FreeSWITCH's own names.

Counterpart: ``pbx.events``, which fills these in from the event socket. Texts that a caller can
choose (``number``, ``destination``) are raw: code that passes them on to a command, a log or a
terminal must clean them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class LegEvent(msgspec.Struct, gc=False):
    """An event about one leg. A field that the event does not have is empty."""

    leg: str = ""
    at: str = ""
    """FreeSWITCH's clock, microseconds since the epoch."""
    direction: str = ""
    """``inbound`` or ``outbound``, as the PBX sees it."""
    number: str = ""
    """The caller ID of the leg."""
    hides_number: str = ""
    """``true`` where the caller asked that it be shown to nobody."""
    destination: str = ""
    context: str = ""
    other_leg: str = ""
    other_type: str = ""
    """``originator`` where the other leg dialled this one."""
    bridge_a: str = ""
    bridge_b: str = ""
    cause: str = ""
    user_name: str = ""
    """The user as which the leg's telephone authenticated."""
    domain: str = ""
    """The SIP domain of that user, or the one whose dialplan has the leg."""
    realm: str = ""
    """The realm in which the telephone authenticated."""
    queue_side: str = ""
    """mod_callcenter: ``member`` or ``agent``."""
    queue_member: str = ""
    """mod_callcenter, on the agent's leg: the customer's leg."""
    conference: str = ""
    """The name of the conference that the event is about."""
    application: str = ""
    """The application of the dialplan that has, or last had, the leg."""
    application_data: str = ""
    """That application's argument."""
    dialed_user: str = ""
    """The user whose telephone a ``user/`` dial string called."""
    dialed_domain: str = ""
    """The SIP domain of that user."""
    dialed_extension: str = ""
    """FusionPBX: the extension whose registered contact was called."""
    presence: str = ""
    """The leg's presence ID, ``1000@a.example``."""
    gateway: str = ""
    """The gateway over which the leg was dialled."""
    came_by: str = ""
    """The gateway by which an inbound leg came."""
    channel: str = ""
    """The channel's name, which begins with its kind: ``sofia/…``, ``loopback/…``."""
    answer_state: str = ""
    """``answered`` for a leg that was answered."""
    other_half: str = ""
    """A loopback leg: the other leg of the pair."""
    dialled_by: str = ""
    """A loopback leg: the leg in front of the pair."""
    enterprise_for: str = ""
    """Enterprise originate: the leg for which this one was dialled."""
    consults_for: str = ""
    """The leg that waits while this one consults a colleague inside their bridge (``att_xfer``)."""
    bridged_to: str = ""
    """The leg that it is bridged to now, by its own variable."""
    agent_type: str = ""
    """mod_callcenter, on the agent's leg: ``callback`` or ``uuid-standby``."""
    fifo_role: str = ""
    """mod_fifo: ``consumer`` on the leg of an agent who takes callers out."""
    standing: str = ""
    """``true`` where the dialplan says that the telephone stays connected between calls."""
    codec: str = ""
    """The codec in which FreeSWITCH reads the leg's media."""
    parks_after_bridge: str = ""
    """``true`` where the leg is parked when its bridge ends."""
    action: str = ""
    """What happened, where the event is of a family: a conference's, a parking lot's."""

    @property
    def group(self) -> str:
        """The group the call is linked to, as ``[calls] group_variables`` have it (the first one
        set): ``8000`` or ``8000@a.example``."""
        return ""

    @property
    def agent(self) -> str:
        """The agent, as ``[calls] agent_variables`` have it (the first one set): ``1000`` or
        ``1000@a.example``."""
        return ""

    @property
    def is_by_person(self) -> bool:
        """Whether the person at the leg's other end hung it up."""
        return False


class LegFact(StrEnum):
    """What the tracker saw happen to a leg."""

    ENDED = "ended"
    """It hung up; the detail is the cause."""
    GONE = "gone"
    """It was destroyed; only now is it known which end hung up. The detail is the cause."""
    PARTED = "parted"
    """Its bridge ended."""
    BRIDGED = "bridged"
    """It was bridged; the detail is the agent of its call."""
    JOINED = "joined"
    """It is in a conference; the detail is the conference's name."""


class LegNews(NamedTuple):
    """One thing that happened to a leg, for its watchers."""

    fact: LegFact
    detail: str = ""
    is_by_person: bool = False
    """GONE: whether the person at the leg's other end hung up."""
    application: str = ""
    """ENDED: the application that had the leg last (``domain.applications``)."""


class Snapshot(msgspec.Struct, frozen=True):
    """The legs that are up now."""

    rows: list[LegRow]
    up: frozenset[str]
    """Every leg that is up, also those too new to have a row."""
    is_complete: bool = True
    """Whether FreeSWITCH told of every leg. With ``-nosql`` it tells only of those that it is asked
    for by name."""


class LegRow(msgspec.Struct, frozen=True):
    """One row of a snapshot: a leg that is up now."""

    uuid: str
    direction: str
    number: str
    """The caller ID it began with."""
    destination: str
    """What was dialled when it began."""
    context: str
    user: str
    """The user of its presence ID, empty where it has none: a telephone has, a trunk has not."""
    is_answered: bool
    created: float
    bridged_to: str
    """The leg that dialled this one and is bridged to it; empty on that one's own row."""
    channel: str = ""
    presence: str = ""
    is_on_hold: bool = False
    application: str = ""
    application_data: str = ""
