"""Who asks over HTTP, and what they may see: a user who logged in, or the holder of a token."""

from __future__ import annotations

import msgspec

from fluxcc.domain.agents import Agent
from fluxcc.domain.provisioning import UserRole

SEES_WHOLE_NUMBERS = frozenset({UserRole.AGENT, UserRole.SUPERVISOR, UserRole.ADMIN})
"""Roles that are shown numbers whole. An agent's are those of the own calls, and no others."""
TOKEN = "token/"  # noqa: S105  # a word, and none itself
"""Before a token's name, where the daemon is told who asks."""


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """One user, or one token's holder."""

    name: str
    role: UserRole
    domain: str = ""
    """The SIP domain that they are confined to; empty for all."""
    extension: str = ""
    """An agent's telephone."""
    language: str = ""
    is_token: bool = False
    """Whether a token was shown, and no session: then no CSRF token is asked for."""

    @property
    def on_behalf_of(self) -> str:
        """How the daemon is told who asks: ``supervisor:ana``, ``supervisor:token/ci``."""
        return f"{self.role}:{TOKEN if self.is_token else ''}{self.name}"

    @property
    def agent(self) -> Agent:
        """An agent's extension and domain."""
        return Agent(self.extension, self.domain)

    @property
    def sees_whole_numbers(self) -> bool:
        """Whether numbers are shown whole; otherwise all but the last four digits are masked."""
        return self.role in SEES_WHOLE_NUMBERS

    def may_see_domain(self, domain: str) -> bool:
        """Whether what belongs to this SIP domain is theirs to see. What belongs to none is
        everybody's."""
        return not self.domain or not domain or domain == self.domain
