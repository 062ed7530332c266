"""Who asked for what, when, and what became of it."""

from __future__ import annotations

import msgspec

PRESENTED_ON_TRUNK = "internal-number-on-trunk"
"""The subject of a prank on a call that came by a trunk and presented an extension's number. Such a
number is never blocked (contract, section 1); this makes the calls findable in the audit."""
REQUESTED = "requested"
"""The status of a row whose action has begun and not ended. The row is written before the first
command, so that an action that breaks off is in the audit too."""


class AuditRecord(msgspec.Struct, frozen=True):
    """One request; written when it begins, and again, with the same ``id``, when it ends."""

    id: int
    """When it was asked for by the machine's clock, in microseconds since the epoch, made
    unique."""
    at: float
    """The same by FreeSWITCH's clock, in epoch seconds."""
    request: str
    """The asker's request ID; the same one is never carried out twice."""
    action: str
    by: str
    """``agent:1000``, ``operator:maria``, ``supervisor:ana via web``."""
    agent: str = ""
    call: str = ""
    number: str = ""
    reason: str = ""
    status: str = REQUESTED
    code: str = ""
    ended: float | None = None
    language: str = ""
    blocked: bool | None = None
    expires: int | None = None
    subject: str = ""
    """What was set or removed, as JSON, or the service that was asked for, or
    ``PRESENTED_ON_TRUNK``."""
    sequel: str = ""
    """What became of a transferred call: ``answered:1001``, ``busy``, ``abandoned``,
    ``ended:NO_ANSWER``."""
    domain: str = ""
    """The SIP domain of the agent, or of the block; empty where it is not known, or is all."""
    is_private: bool = False
    """Whether the caller asked that the number be shown to nobody. The subject of a block is its
    name then (``domain.blocks.Block.name``)."""
    nth: int = 0
    """Which block of this caller it was, where blocks grow on repeaters; 0 elsewhere."""
    content: str = ""
    """``domain.requests.Asked.content`` of the request."""
