"""What the nodes of a site tell each other of themselves: that they are there, and their calls.

None of it outlives its node: it is told anew, and what is lost is told again.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Flag, auto

import msgspec

from fluxcc.domain.agents import Agent

SILENT_AFTER = 10.0
"""Seconds after which a node that is not heard of is shown as such, by the server's clock."""


class Hint(Flag):
    """What a wait for hints ended with; false for nothing."""

    CHANGES = auto()
    """There may be changes."""
    REQUESTS = auto()
    """There may be requests for this node."""
    REPLIES = auto()
    """There may be replies to its own."""


MAIL = Hint.REQUESTS | Hint.REPLIES


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """What a node tells of itself."""

    version: str
    """The program's."""
    tables: str = ""
    """The newest revision of the site's tables that the program knows."""
    since: float = 0.0
    """When the daemon began, in epoch seconds."""
    is_connected: bool = False
    """Whether FreeSWITCH is."""
    number: int = 0
    """The last change that it took in."""
    offset: float | None = None
    """Seconds by which FreeSWITCH's clock is ahead of the server's; None where not known."""
    calls: int = 0
    blocks: int = 0
    host: str = ""
    """The machine's name."""
    waiting: int = 0
    """Records of which the site is still to be told."""
    waiting_for: float = 0.0
    """Seconds since the oldest of them was written."""


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """By what the site knows that a node's name is not another daemon's, too."""

    token: str
    """Another one each time."""
    former: tuple[str, ...] = ()
    """The last ones, of which the site has one."""
    claim: str = ""
    """What a token begins with that an earlier life of this daemon gave; not after the first time.
    """


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node as the site knows it."""

    name: str
    state: NodeState
    silence: float
    """Seconds since it was heard of, by the server's clock."""

    @property
    def is_silent(self) -> bool:
        """Whether it is to be shown as not heard of."""
        return self.silence >= SILENT_AFTER


class SiteSight(msgspec.Struct, frozen=True, kw_only=True):
    """The site, as this node sees it."""

    nodes: tuple[str, ...] = ()
    """All of them, by name; none as long as that is not known."""
    silent: tuple[str, ...] = ()
    """Those that are not heard of."""
    failure: str = ""
    """Why the site is not reached; empty where it is. What else is told is what was known last."""


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What the server answers to a node that tells of itself."""

    now: float
    """The server's clock, in epoch seconds."""
    number: int
    """The last change of the site."""
    nodes: int
    """All that it knows."""
    silent: int
    """Those of them that were not heard of."""
    calls: int
    """The live calls of the asking node that it has."""
    holder: NodeState | None = None
    """The other daemon that is in the site under that name; this one is not then."""


class NodeCall(msgspec.Struct, frozen=True, kw_only=True):
    """A live call as the other nodes see it."""

    id: int
    call: str
    """UUID of the customer's leg."""
    direction: str
    number: str
    """As it is told: of a caller who hides it, none."""
    agent: str
    domain: str
    group: str
    started: float
    bridged: float | None
    talking: bool
    legs: list[str]
    holder: str = ""
    """The extension that parked the customer, as long as they are parked."""
    agents: list[Agent] = []
    """Everybody of the house who is on it, or holds it."""

    @property
    def names(self) -> list[str]:
        """By what it is found: its legs, and its agents with and without their domain."""
        found = dict.fromkeys(leg_name(leg) for leg in self.legs)
        for agent in self.agents:
            found.update(dict.fromkeys((bare_name(agent), full_name(agent))))
        return [*found]


def leg_name(leg: str) -> str:
    """By what the call of a leg is found."""
    return f"leg:{leg}"


def bare_name(agent: Agent) -> str:
    """By what the calls of an extension are found, in whichever SIP domain."""
    return f"extension:{agent.extension}"


def full_name(agent: Agent) -> str:
    """By what the calls of an agent of one SIP domain are found."""
    return f"agent:{agent.extension}@{agent.domain}"


def wanted_names(agent: Agent, call: str, domains: Iterable[str], *, any_domain: bool) -> list[str]:
    """By what the call that is meant is found on the other nodes: its leg, else its agent. An
    extension without its domain is that of the node's ``domains``, as another PBX may have
    the same for another person; of any where the asker may mean any, or that node has no telephones
    of its own."""
    if call:
        return [leg_name(call)]
    if not agent:
        return []
    if agent.domain:
        return [full_name(agent)]
    domains = [*domains]
    if any_domain or not domains:
        return [bare_name(agent)]
    return [full_name(Agent(agent.extension, domain)) for domain in ("", *domains)]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way to the node on which its call is."""

    id: str
    """The request ID."""
    content: str
    """``domain.requests.Asked.content``: another request of the same ID is told by it."""
    sender: str
    """The node that waits for the reply."""
    body: str
    """The request as JSON."""
    age: float = 0.0
    """Seconds from when it was posted until it was taken, by the server's clock."""


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a letter that was posted."""

    nodes: list[str] = []
    """The nodes that have such a call; the letter was posted where it is exactly one."""
    is_silent: bool = False
    """Whether that node is not heard of, so that the letter was not posted."""
    is_other: bool = False
    """Whether there was another letter of the same ID, so that this one was not posted."""
    is_late: bool = False
    """Whether it reached the server too late to be posted."""
