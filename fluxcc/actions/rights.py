"""Who may ask for what."""

from __future__ import annotations

from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.requests import Actor, Role


def may(actor: Actor, action: Action) -> bool:
    """Whether somebody in that role may ask for the action at all. Whether a call is theirs is
    asked when it was found."""
    return actor.role is Role.OPERATOR or action in ON_CALLS
