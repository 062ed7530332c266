"""The answers of customers to the survey (Avali-E)."""

from __future__ import annotations

import msgspec


class Survey(msgspec.Struct, frozen=True):
    """One customer sent to the survey, and what they answered so far."""

    id: str
    """Made by the survey's script each time it runs. A record that comes twice, as an event and
    from the spool, has the same one."""
    call: str
    """UUID of the customer's leg."""
    number: str
    group: str
    agent: str
    direction: str
    started: float
    """When the call began, in epoch seconds."""
    offered: float
    """When the customer heard the first question, in epoch seconds."""
    questions: int
    answers: tuple[int | None, ...] = ()
    """What was pressed, one place a question; None where nothing was."""
    domain: str = ""
    """The agent's SIP domain."""
