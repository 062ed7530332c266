"""Whose telephone is at which address, as far as telephones registered.

Counterparts: ``daemon`` tells each registration; ``identity`` asks for a leg that names nobody.
FusionPBX calls a telephone by its contact alone where the extension has several (the Lua of its
ring groups), and a browser's contact says nothing of its user.
"""

from __future__ import annotations

from fluxcc.domain.agents import NOBODY, Agent, Registration

MOST = 50_000
"""Addresses that are kept. A browser has a new one whenever its page is loaded."""


class Contacts:
    """One per daemon."""

    def __init__(self) -> None:
        self._agents: dict[str, dict[str, Agent]] = {}
        """Address → domain → who registered there last, the latest address last."""

    def note(self, registration: Registration) -> None:
        """A telephone is registered."""
        address, agent = registration.contact, registration.agent
        if not address or not agent:
            return
        # Behind two routers two telephones may have one address, so one domain's displaces none of
        # another's.
        self._agents[address] = {**self._agents.pop(address, {}), agent.domain: agent}
        if len(self._agents) > MOST:
            del self._agents[next(iter(self._agents))]

    def agent_at(self, channel: str, domain: str) -> Agent:
        """Whom a channel calls, by its name (``sofia/internal/k3j4l5a@192.0.2.7:5060``): the one
        of this domain, or else the only one."""
        address = channel.rpartition("/")[2].removeprefix("sips:").removeprefix("sip:")
        agents = self._agents.get(address, {})
        if domain in agents:
            return agents[domain]
        return next(iter(agents.values())) if len(agents) == 1 else NOBODY
