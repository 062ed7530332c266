"""What operators are told of a site of several PBXs, beside ``operators``. No I/O."""

from __future__ import annotations

import msgspec

from fluxcc.domain.nodes import Node

SITE = "site"
"""The question; it changes nothing."""


class SiteNode(msgspec.Struct, kw_only=True):
    """One node of ``SiteStatus``."""

    name: str
    silence: float
    """Seconds since it was heard of, by the database's clock."""
    silent: bool
    """Whether it counts as not heard of."""
    version: str
    tables: str
    """The newest revision of the site's tables that its program knows."""
    since: float
    connected: bool
    """Whether its FreeSWITCH is."""
    behind: int
    """Changes of the site that it had not taken in when it was heard of."""
    clock_offset: float | None
    """Seconds by which its FreeSWITCH's clock is ahead of the database's; None where not known."""
    calls: int
    blocks: int
    host: str = ""
    """Its machine."""
    waiting: int = 0
    """Records of which it had not told the site when it was heard of."""
    waiting_for: float = 0.0
    """Seconds since the oldest of them was written."""


class SiteStatus(msgspec.Struct, kw_only=True):
    """``site``: the site as this node sees it."""

    node: str
    """This node's name; empty where the PBX is alone."""
    failure: str = ""
    """Why this node does not reach the site's database now; empty where it does."""
    name_taken_by: str = ""
    """The machine of another daemon that is in the site under this node's name, so that this one is
    not; empty where there is none."""
    telling_failure: str = ""
    """Why its changes cannot be told; empty where they can."""
    history_failure: str = ""
    """Why its history cannot be told; empty where it can."""
    history_told: int = 0
    """Records of history that it told since it started."""
    history_lost: dict[str, int] = {}
    """Records that were deleted for their age before the site had them, by their kind, since
    then."""
    erasing: int = 0
    """Persons who are still to be erased from the site."""
    waiting: int = 0
    """Records of which the site is still to be told."""
    waiting_for: float = 0.0
    """Seconds since the oldest of them was written."""
    offered: int = 0
    """Changes that it told since it started."""
    taken: int = 0
    """Changes that it took in since then."""
    number: int = 0
    """The last change that it took in."""
    behind: int = 0
    """Changes that it had not taken in when it last asked."""
    requests_sent: int = 0
    """Requests that went to other nodes since it started."""
    requests_served: int = 0
    """Requests that came from them."""
    requests_unanswered: int = 0
    """Of those that went there, how many had no reply in time."""
    nodes: list[SiteNode] = []


def site_nodes(nodes: list[Node], number: int = 0) -> list[SiteNode]:
    """The nodes as they are told; ``number`` is the site's last change, where it is
    known."""
    number = max([number, *(node.state.number for node in nodes)])
    return [
        SiteNode(
            name=node.name,
            silence=round(node.silence, 1),
            silent=node.is_silent,
            version=node.state.version,
            tables=node.state.tables,
            since=node.state.since,
            connected=node.state.is_connected,
            behind=number - node.state.number,
            clock_offset=node.state.offset,
            calls=node.state.calls,
            blocks=node.state.blocks,
            host=node.state.host,
            waiting=node.state.waiting,
            waiting_for=node.state.waiting_for,
        )
        for node in nodes
    ]
