"""The answers of customers to the survey (Avali-E)."""

from __future__ import annotations

import msgspec

UNHEARD = -1
"""In place of an answer: the question was not asked, as FreeSWITCH could not play its recording."""


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
    """What was pressed, one place a question; None where nothing was, or ``UNHEARD``."""
    domain: str = ""
    """The agent's SIP domain."""

    @property
    def pressed(self) -> list[int]:
        """The answers that were given."""
        return [answer for answer in self.answers if answer is not None and answer != UNHEARD]

    @property
    def is_heard_in_full(self) -> bool:
        """Whether each of its questions could be played."""
        return UNHEARD not in self.answers
