"""Who asks at the operators' door: an operator, or the web process for a user of the page.

The kernel tells the process's user. Only the web process, and the daemon's own user
(``fluxcc demo``), may ask on behalf of others, and the web process does nothing else but look at
calls and at the daemon's state. What a user may do is not taken from the line but from what an
admin set. Counterparts: ``operators``, ``actions.rights``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from fluxcc.domain.provisioning import Account
from fluxcc.domain.requests import Actor, Role, actor_of
from fluxcc.doors.logins import LoginNames
from fluxcc.protocol.operators import (
    BLOCKS,
    CALLS,
    CHECK,
    STATUS,
    VITALS,
    WATCH,
    Ask,
    read_behalf,
)

FOR_ITSELF = frozenset({STATUS, VITALS, CALLS, WATCH})
"""What the web process may ask for on behalf of nobody."""
READABLE = {
    STATUS: frozenset(Role),
    VITALS: frozenset(Role),
    CALLS: frozenset(Role),
    BLOCKS: frozenset(Role) - {Role.AGENT},
    CHECK: frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN}),
}
"""Question → who may ask it; others are the operators' alone."""


def may_read(who: Actor, question: str) -> bool:
    """Whether the asker may ask this question."""
    return who.role is Role.OPERATOR or who.role in READABLE.get(question, ())


class FindAccount(Protocol):
    """Finds what is known of a user or a token (``core.provisioning.Provisioning``)."""

    def __call__(self, name: str, *, is_token: bool) -> Account | None:
        """The one of that name."""


class Askers:
    """One per daemon."""

    def __init__(
        self,
        find_account: FindAccount,
        web_user: str,
        name: Callable[[int], str] | None = None,
        own: int | None = None,
    ) -> None:
        """``web_user`` is the login name of the web process's user. ``name`` returns a user's login
        name without waiting for long; ``own`` is the daemon's user."""
        self._find_account = find_account
        self._web_user = web_user
        self._name = name or LoginNames().name
        self._own = os.geteuid() if own is None else own

    def actor(self, ask: Ask, user: int) -> Actor:
        """Who asks this by a process of that user ID. Raises ``ValueError``."""
        name = self._name(user)
        is_web = name == self._web_user
        if ask.on_behalf_of:
            if not is_web and user != self._own:
                raise ValueError("on_behalf_of is not for this user")
            return self._on_behalf(ask.on_behalf_of)
        if is_web and user != self._own and ask.do not in FOR_ITSELF:
            raise ValueError("on_behalf_of is missing")
        return Actor(Role.OPERATOR, name)

    def _on_behalf(self, text: str) -> Actor:
        role, name, is_token = read_behalf(text)
        account = self._find_account(name, is_token=is_token)
        if account is None or account.role.value != role:
            # Removed, or given another role, since the web process looked.
            raise ValueError("on_behalf_of names nobody who has that role")
        return actor_of(account)
