"""The SIP domains of this PBX and the extensions in them, as far as telephones were seen.

Counterparts: ``core.calls.tracker`` tells the agent of each telephone that has a call, ``daemon``
those that register; the store remembers the domains, since after a restart of both FreeSWITCH and
the daemon one of them may be seen hours before the other. Source of the rules: contract, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.domain.agents import Agent, SeenDomain, clean_domain

KEPT = 7 * 86400.0
"""Seconds after which a domain that was not seen any more no longer counts: the PBX was renamed."""
NOTED_EVERY = 3600.0
"""Seconds between two notes in the store that a domain was seen."""


class Domains:
    """One per daemon."""

    def __init__(self, journal: Journal, happenings: Happenings, clock: Clock) -> None:
        self._journal = journal
        self._happenings = happenings
        self._clock = clock
        self._seen: dict[str, float] = {}
        """Domain → when that it was seen was last noted, in epoch seconds."""
        self._owners: dict[str, set[str]] = {}
        """Extension → the domains that have it."""

    def load(self, domains: Iterable[SeenDomain]) -> None:
        """Take over the domains that the store remembers."""
        for domain in domains:
            self._seen[domain.name] = max(domain.seen, self._seen.get(domain.name, 0.0))

    def see(self, agent: Agent) -> None:
        """A telephone of this agent was seen."""
        name = agent.domain
        if not agent or not name:
            return
        owners = self._owners.setdefault(agent.extension, set())
        is_new = name not in owners
        owners.add(name)
        now = self._clock.now()
        earlier = self._seen.get(name, 0.0)
        if now - earlier >= NOTED_EVERY:
            self._seen[name] = now
            self._journal.note(SeenDomain(name, now))
        if is_new:
            self._happenings.agent_appeared(agent)

    def write_again(self) -> None:
        """Write every domain into a store that was created anew."""
        self._journal.note(*(SeenDomain(name, seen) for name, seen in self._seen.items()))

    @property
    def known(self) -> list[str]:
        """The domains that were seen of late, in alphabetical order."""
        since = self._clock.now() - KEPT
        return sorted(name for name, seen in self._seen.items() if seen > since)

    @property
    def are_several(self) -> bool:
        """Whether there is more than one."""
        return len(self._seen) > 1 and len(self.known) > 1

    def owners(self, extension: str) -> set[str]:
        """The domains in which a telephone of this extension was seen."""
        return self._owners.get(extension, set()) & set(self.known)

    def of_context(self, context: str) -> str:
        """The domain of which this is the dialplan context, where contexts are named so."""
        name = clean_domain(context)
        return name if name in self._seen else ""

    def is_meant(self, asked: Agent, own: Agent) -> bool:
        """Whether ``asked`` names the agent ``own``. A domain that is not known is the one that
        there is, and none of several."""
        if asked.extension != own.extension:
            return False
        if asked.domain == own.domain or not asked.domain:
            return True
        return not own.domain and not self.are_several
