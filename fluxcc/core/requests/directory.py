"""Which agent a request means, and so which call, where several SIP domains may have the same
extension.

Counterparts: ``executor`` asks once a request; FreeSWITCH's directory (``ports.Pbx``) and
``core.domains`` know who has an extension. Source of the rules: contract, section 8.
"""

from __future__ import annotations

from fluxcc.core.calls.views import Views
from fluxcc.core.domains import Domains
from fluxcc.core.ports import Clock, Pbx
from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import Call, Conversation
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, RefusedError

KEPT = 60.0
"""Seconds for which an answer of FreeSWITCH's directory is kept."""
MOST_KEPT = 10_000
"""Answers that are kept."""


class Directory:
    """One per daemon."""

    def __init__(self, pbx: Pbx, views: Views, domains: Domains, clock: Clock) -> None:
        self._pbx = pbx
        self._views = views
        self._domains = domains
        self._clock = clock
        self._answers: dict[Agent, tuple[float, bool]] = {}
        """Agent → when FreeSWITCH was asked, on the monotonic clock, and whether it is a user."""

    def find(self, agent: Agent, call: str, *, by_operator: bool) -> tuple[Call, Conversation]:
        """The call that is meant, and how the agent sees it (``Views.find``). Raises
        ``RefusedError``."""
        return self._views.find(self.resolve(agent), call, by_operator=by_operator)

    def resolve(self, asked: Agent) -> Agent:
        """The one agent that is meant by an extension, with or without its domain, or by another
        name of a live telephone's agent. Raises ``RefusedError`` where it may be several."""
        named = {leg.agent for leg in self._views.telephones(asked)}
        if len(named) == 1 and asked.extension not in {agent.extension for agent in named}:
            return named.pop()
        if asked.domain or not asked or not self._domains.are_several:
            return asked
        owners = {agent.domain for agent in named if agent.domain}
        owners |= self._domains.owners(asked.extension) | self._users(asked.extension)
        if len(owners) > 1:
            raise RefusedError(Code.AMBIGUOUS_AGENT)
        return Agent(asked.extension, owners.pop()) if owners else asked

    def _users(self, extension: str) -> set[str]:
        """The domains in whose directory the extension is; those that FreeSWITCH does not tell are
        left out."""
        agents = [Agent(extension, domain) for domain in self._domains.known]
        now = self._clock.monotonic()
        if len(self._answers) > MOST_KEPT:
            self._answers.clear()
        old = [agent for agent in agents if now - self._asked(agent) >= KEPT]
        try:
            answers = self._pbx.are_users(old) if old else []
        except PbxError:
            answers = []
        self._answers.update(
            (agent, (now, is_user)) for agent, is_user in zip(old, answers, strict=False)
        )
        return {agent.domain for agent in agents if self._answers.get(agent, (0.0, False))[1]}

    def _asked(self, agent: Agent) -> float:
        return self._answers.get(agent, (float("-inf"), False))[0]
