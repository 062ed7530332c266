"""A node's part in what the nodes of a site know of each other, put together.

Counterparts: ``bootstrap`` makes one beside a core that is in a site; ``daemon.jobs`` runs its
jobs; ``doors.readings`` shows the site.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from fluxcc import __version__
from fluxcc.core.core import Core
from fluxcc.core.ports import Waiting
from fluxcc.core.site.forwarding import Forwarding
from fluxcc.core.site.looking import Looking
from fluxcc.core.site.membership import Membership
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.core.site.presence import Presence
from fluxcc.core.site.showing import Showing
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.domain.nodes import Node, NodeCall, NodeState, wanted_names

log = logging.getLogger(__name__)

THREADS = 2
"""One for what is asked for while an agent waits, one for the rest."""
NO_ANSWER = "it does not answer"
"""Why the site is not reached where its database says nothing at all."""
NAME_TAKEN = "another daemon ({host}) is in the site under this PBX's name"
"""Why this one takes no part."""
COUNTED_EVERY = 3.0
"""Seconds between two times that what waits is counted."""
PATIENCE = 1.0
"""Seconds for which an operator waits for what the other nodes have."""


class Machine(NamedTuple):
    """On what the daemon runs."""

    host: str
    """Its name."""
    claim: str
    """``Presence``'s."""


class Neighbourhood:
    """One per daemon that is in a site."""

    def __init__(
        self, core: Core, membership: Membership, neighbours: Neighbours, machine: Machine
    ) -> None:
        """``membership`` is the core's own."""
        self._machine = machine
        self._core = core
        self._membership = membership
        self._neighbours = neighbours
        self._since = core.clock.own()
        self.waiting = Waiting()
        """What the site was still to be told when it was counted last."""
        self._apart = core.runtime.apart(THREADS)
        mail = core.runtime.apart(THREADS)
        node = core.standings.node
        self.presence = Presence(
            neighbours, node, machine.claim, self._describe, self._apart, core.clock
        )
        self.presence.may_begin = lambda: membership.reading.was_open
        membership.has_name = lambda: self.presence.has_name
        may_read = membership.reading.may_begin
        membership.reading.may_begin = lambda: may_read() and self.presence.holder is None
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
        membership.hearing.mail_came = self.forwarding.look

    def _describe(self) -> NodeState:
        core, reading = self._core, self._membership.reading
        return NodeState(
            version=__version__,
            since=self._since,
            is_connected=core.pbx.is_connected,
            number=reading.number,
            calls=len(core.tracker.calls),
            blocks=len(core.blocklist),
            host=self._machine.host,
            waiting=self.waiting.count,
            waiting_for=self.waiting_for,
        )

    @property
    def waiting_for(self) -> float:
        """Seconds since the oldest record was written of which the site is still to be told."""
        oldest = self.waiting.oldest
        return 0.0 if oldest is None else max(0.0, round(self._core.clock.own() - oldest, 1))

    def _look_what_waits(self) -> float:
        """Count of what the site is still to be told; the seconds until the next time."""
        try:
            self.waiting = self._core.runtime.offload(self._core.store.waiting)
        except StoreUnavailableError as error:
            log.info("what waits for the site cannot be counted", extra={"error": str(error)})
        return COUNTED_EVERY

    @property
    def failure(self) -> str:
        """Why the site is not told or read now; empty where it is."""
        parts = self.presence, self._membership.reading, self._membership.feeding
        told = next((part.failure for part in parts if part.failure), "")
        if not told and self.presence.holder is not None:
            return NAME_TAKEN.format(host=self.presence.holder.host)
        return told or ("" if self.presence.is_there else NO_ANSWER)

    def jobs(self) -> dict[str, Callable[[], float]]:
        """What is done again and again, by name."""
        return {
            "count what waits for the site": self._look_what_waits,
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
