"""Which actions agents and operators may ask for."""

from __future__ import annotations

from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.requests import Actor, Role


def may(actor: Actor, action: Action) -> bool:
    """Whether the actor's role may ask for the action at all. Whether a call is the agent's own is
    checked by the executor, once the call is found."""
    return actor.role is Role.OPERATOR or action in ON_CALLS
