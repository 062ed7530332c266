"""What can be asked for, by name. What each of them means is decided in ``fluxcc.actions``.

It imports nothing that takes time: ``fluxcc --help`` lists the actions.
"""

from __future__ import annotations

from enum import StrEnum

from fluxcc.marking import _


class Action(StrEnum):
    """What can be asked for."""

    PRANK = "prank"
    CONFERENCE = "conference"
    TRANSFER = "transfer"
    HANGUP = "hangup"
    BLOCK = "block"
    UNBLOCK = "unblock"
    SET = "set"
    REMOVE = "remove"


ON_CALLS = {
    Action.PRANK: _("End a call as a prank and block the caller."),
    Action.CONFERENCE: _("Move customer and agent to the agent's room."),
    Action.TRANSFER: _("Send the customer to a service, blind."),
    Action.HANGUP: _("End a call, with the survey where there is one."),
}
"""What an agent may ask for, and what it does, in a line; the rest is the operators' business."""
ALIASES = {
    "trote": Action.PRANK,
    "conferencia": Action.CONFERENCE,
    "transferir": Action.TRANSFER,
    "encerrar": Action.HANGUP,
}
"""The board's Portuguese names (contract, section 3)."""
