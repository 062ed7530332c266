"""A node's part in what the nodes of a site know of each other, put together.

Counterparts: ``bootstrap`` makes one beside a core that is in a site; ``daemon.jobs`` runs its
jobs; ``doors.readings`` shows the site.
"""

from __future__ import annotations

from collections.abc import Callable

from fluxcc import __version__
from fluxcc.core.core import Core
from fluxcc.core.site.forwarding import Forwarding
from fluxcc.core.site.looking import Looking
from fluxcc.core.site.membership import Membership
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.core.site.presence import Presence
from fluxcc.core.site.showing import Showing
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import Node, NodeCall, NodeState, wanted_names

THREADS = 2
"""One for what is asked for while an agent waits, one for the rest."""
NO_ANSWER = "it does not answer"
"""Why the site is not reached where its database says nothing at all."""
PATIENCE = 1.0
"""Seconds for which an operator waits for what the other nodes have."""


class Neighbourhood:
    """One per daemon that is in a site."""

    def __init__(self, core: Core, membership: Membership, neighbours: Neighbours) -> None:
        """``membership`` is the core's own."""
        self._core = core
        self._membership = membership
        self._neighbours = neighbours
        self._since = core.clock.own()
        self._apart = core.runtime.apart(THREADS)
        mail = core.runtime.apart(THREADS)
        node = core.standings.node
        self.presence = Presence(neighbours, node, self._describe, self._apart, core.clock)
        self.presence.may_begin = lambda: membership.reading.was_open
        self.showing = Showing(neighbours, core.tracker, self.presence, core.runtime, self._apart)
        self.looking = Looking(
            neighbours, self.presence, lambda: self.failure, self._apart, core.clock
        )
        self.forwarding = Forwarding(
            neighbours,
            self.presence,
            core.domains,
            core.executor.execute,
            core.runtime,
            mail,
            core.clock,
        )
        core.executor.elsewhere = self.forwarding.elsewhere
        membership.reading.mail_came = self.forwarding.look

    def _describe(self) -> NodeState:
        core, reading = self._core, self._membership.reading
        return NodeState(
            version=__version__,
            since=self._since,
            is_connected=core.pbx.is_connected,
            number=reading.number,
            calls=len(core.tracker.calls),
            blocks=len(core.blocklist),
        )

    @property
    def failure(self) -> str:
        """Why the site is not told or read now; empty where it is."""
        parts = self.presence, self._membership.reading, self._membership.feeding
        told = next((part.failure for part in parts if part.failure), "")
        return told or ("" if self.presence.is_there else NO_ANSWER)

    def jobs(self) -> dict[str, Callable[[], float]]:
        """What is done again and again, by name."""
        return {
            "tell the site of this node": self.presence.step,
            "show the site the calls": self.showing.step,
            "look at the other nodes": self.looking.step,
            "look for mail": self.forwarding.step,
        }

    def nodes(self) -> list[Node]:
        """Every node. Raises ``SiteUnavailableError`` and ``TimeoutError``."""
        return self._apart.within(PATIENCE, self._neighbours.nodes)

    def calls_of(self, agent: Agent) -> list[tuple[str, NodeCall]]:
        """The live calls of the other nodes, each with its node; where an agent is named, theirs.
        None where the site is not reached."""
        try:
            found = self._apart.within(PATIENCE, self._neighbours.calls, self.presence.node)
        except (SiteUnavailableError, TimeoutError):
            return []
        if not agent:
            return found
        names = set(wanted_names(agent, "", self._core.domains.known, any_domain=False))
        return [(node, call) for node, call in found if not names.isdisjoint(call.names)]
