"""Who an agent is: an extension in a SIP domain (contract, section 8).

Two domains of one PBX may have the same extension, and these are two persons. The domain is read at
the wire, where a leg is created, and printed at doors and in the store; what is between passes the
value. An empty domain means the one that there is.
"""

from __future__ import annotations

import re
from sys import intern
from typing import NamedTuple

import msgspec

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9._:-]{0,127}", re.ASCII)


class Agent(NamedTuple):
    """One agent. It is false where there is none."""

    extension: str
    domain: str = ""

    def __bool__(self) -> bool:
        return self.extension != ""

    def __str__(self) -> str:
        return f"{self.extension}@{self.domain}" if self.domain else self.extension

    def may_be(self, other: Agent) -> bool:
        """Whether the two can be one: a domain that is not known may be any."""
        is_apart = self.domain and other.domain and self.domain != other.domain
        return self.extension == other.extension and not is_apart


NOBODY = Agent("")


class Registration(NamedTuple):
    """A telephone that is registered."""

    agent: Agent
    contact: str
    """User and host of its contact, ``k3j4l5a@192.0.2.7:5060``; empty where that is not told."""


def read_agent(text: str, domain: str = "") -> Agent:
    """The agent in ``1000`` or ``1000@a.example``; ``domain`` is theirs where the text has none."""
    extension, _, own = text.partition("@")
    return Agent(extension, clean_domain(own) or domain)


def clean_domain(text: str) -> str:
    """The domain in small letters; empty where the text is none. It becomes part of keys in
    mod_hash, and of conferences' names."""
    lowered = text.lower()
    return intern(lowered) if _DOMAIN.fullmatch(lowered) else ""


def domain_behind(text: str) -> str:
    """The domain behind the ``@`` of a queue's or an agent's name in mod_callcenter; empty where
    that is none, as in ``support@default``."""
    _, _, rest = text.partition("@")
    return clean_domain(rest) if "." in rest or ":" in rest else ""


class SeenDomain(msgspec.Struct, frozen=True):
    """A SIP domain that telephones of this PBX are in."""

    name: str
    seen: float
    """When that was last noted, in epoch seconds."""
