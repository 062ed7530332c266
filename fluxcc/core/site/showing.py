"""Shows the live calls of this node to the site: which are new, changed or gone since last time.

They are compared as a whole once a second, which bounds what is written: a call that changes often
is told once, and a second without a change nothing.
"""

from __future__ import annotations

from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.ports import Runtime
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.core.site.presence import Presence
from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import Call
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import Beat, NodeCall
from fluxcc.domain.privacy import told

PERIOD = 0.5
"""Seconds between two times: a call is shown within one second."""
AT_ONCE = 200
"""Calls that are looked at without letting others run."""
PER_WRITE = 500
"""Calls that are told at once."""


class Showing:
    """One per daemon that is in a site."""

    def __init__(
        self,
        neighbours: Neighbours,
        tracker: Tracker,
        presence: Presence,
        runtime: Runtime,
        apart: Runtime,
    ) -> None:
        self._neighbours = neighbours
        self._tracker = tracker
        self._presence = presence
        self._runtime = runtime
        self._apart = apart
        self._told: dict[int, NodeCall] = {}
        """What the site has."""
        self._is_afresh = True
        """Whether it may have others."""
        self._compared: Beat | None = None
        """The last beat with which the number of calls was compared."""

    def step(self) -> float:
        """Tell what is new; the seconds until the next time."""
        if self._presence.is_there:
            self._compare()
            try:
                self._show()
            except SiteUnavailableError:
                # The answer may have been lost, or a crash of the server has emptied the table.
                self._is_afresh = True
        else:
            self._is_afresh = True
        return PERIOD

    def _compare(self) -> None:
        """Tell everything again where the site has another number of calls than it was told:
        another server may have taken over, which has none."""
        beat = self._presence.last
        if beat is self._compared or beat is None:
            return
        self._compared = beat
        self._is_afresh = self._is_afresh or beat.calls != len(self._told)

    def _show(self) -> None:
        now = self._calls()
        is_afresh, node = self._is_afresh, self._presence.node
        known = {} if is_afresh else self._told
        changed = [call for id, call in now.items() if known.get(id) != call]
        gone = [id for id in known if id not in now]
        if not (changed or gone or is_afresh):
            return
        if is_afresh:
            self._apart.offload(self._neighbours.show, node, changed, gone, True)
        else:
            for begin in range(0, max(len(changed), 1), PER_WRITE):
                page = changed[begin : begin + PER_WRITE]
                self._apart.offload(self._neighbours.show, node, page, gone, False)
        self._told = now
        self._is_afresh = False

    def _calls(self) -> dict[int, NodeCall]:
        found = {}
        for number, call in enumerate([*self._tracker.calls.values()], 1):
            if call.legs:
                found[call.id] = as_shown(call)
            if number % AT_ONCE == 0:
                self._runtime.sleep(0)
        return found


def as_shown(call: Call) -> NodeCall:
    """The call as the other nodes see it."""
    agents: dict[Agent, None] = {}
    for leg in call.legs:
        agents.update((Agent(name, leg.agent.domain), None) for name in leg.names)
    for agent in (call.agent if call.is_talking else call.holder, call.holder):
        if agent:
            agents[agent] = None
    return NodeCall(
        id=call.id,
        call=call.customer_uuid or (call.legs[0].uuid if call.legs else ""),
        direction=call.direction.value,
        number=told(call.number, is_private=call.is_private),
        agent=call.agent.extension,
        domain=call.domain,
        group=call.group,
        holder=call.holder.extension,
        started=call.started,
        bridged=call.bridged,
        talking=call.is_talking,
        legs=[leg.uuid for leg in call.legs],
        agents=[*agents],
    )
