"""What is looked at: an installation's settings, FreeSWITCH and daemon, each as far as it answers.

A dialplan context is asked for once. Where FreeSWITCH does not answer, ``pbx`` raises its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

from fluxcc.config import Settings
from fluxcc.domain.agents import Agent
from fluxcc.domain.errors import PbxError
from fluxcc.domain.provisioning import DOMAIN, PLACEHOLDERS, Entry
from fluxcc.pbx.contexts import Context, Server
from fluxcc.pbx.inquiry import Inquiry
from fluxcc.protocol.operators import (
    DaemonStatus,
)
from fluxcc.protocol.site import SiteStatus

Kind = TypeVar("Kind", bound=Entry)


class Place(NamedTuple):
    """Where something is dialled."""

    domain: str
    """Empty for any."""
    context: str


class Installation:
    """One installation, during one run of the checks."""

    def __init__(
        self,
        *,
        settings: Settings,
        kit: Path,
        inquiry: Inquiry | PbxError,
        ask_daemon: Callable[[], DaemonStatus],
        entries: list[Entry],
        now: Callable[[], float],
        places_call: bool = False,
        ask_site: Callable[[], SiteStatus] = lambda: SiteStatus(node=""),
    ) -> None:
        """``kit`` is the folder of the kit that this program came with. ``ask_daemon`` and
        ``ask_site`` raise ``OSError`` or ``ValueError`` where the daemon does not answer; ``now``
        gives epoch seconds."""
        self.settings = settings
        self.kit = kit
        self._inquiry = inquiry
        self.ask_daemon = ask_daemon
        self.ask_site = ask_site
        self.entries = entries
        """The groups, rooms and services that supervisors have set."""
        self.now = now
        self.places_call = places_call
        """Whether the gate is tested by a real call."""
        self._contexts: dict[str, Context] = {}

    @property
    def link_error(self) -> PbxError | None:
        """Why FreeSWITCH does not answer; None where it does."""
        return self._inquiry if isinstance(self._inquiry, PbxError) else None

    @property
    def pbx(self) -> Inquiry:
        """FreeSWITCH. Raises ``PbxError`` where it does not answer."""
        if isinstance(self._inquiry, PbxError):
            raise self._inquiry
        return self._inquiry

    @property
    def is_beside_pbx(self) -> bool:
        """Whether FreeSWITCH runs on this machine, so that its files can be read."""
        return self.settings.pbx.is_on_this_machine

    @cached_property
    def server(self) -> Server:
        """What the dialplan comes from."""
        return self.pbx.server()

    def context(self, name: str) -> Context:
        """A dialplan context, as far as it can be read."""
        if name not in self._contexts:
            self._contexts[name] = self.pbx.context(name)
        return self._contexts[name]

    @cached_property
    def trunk_contexts(self) -> list[str]:
        """The contexts that take calls from trunks.

        These are the contexts of the SIP profiles and of their gateways, except for a profile that
        leads to the context of rooms and surveys: that one is for telephones.
        """
        settings = self.settings
        own = {settings.conference.context, settings.survey.context}
        contexts = set()
        for profile in self.pbx.profiles():
            contexts |= set(profile.gateway_contexts)
            if profile.context not in own:
                contexts.add(profile.context)
        return sorted(contexts or {"public"})

    @cached_property
    def stations(self) -> dict[str, set[str]]:
        """Extension → the SIP domains that have it, as far as FreeSWITCH tells by itself: a
        directory that is served lists nobody."""
        pbx, found = self.pbx, defaultdict(set)
        agents = [(agent.extension, agent.domain) for agent in pbx.queue_agents()]
        for extension, domain in [*pbx.stations(), *pbx.registrations(), *agents]:
            if extension and domain:
                found[extension].add(domain)
        return found

    @cached_property
    def domains(self) -> list[str]:
        """The SIP domains in which anybody is, as far as FreeSWITCH tells."""
        found = set().union(*self.stations.values())
        if self.server.is_fusionpbx:
            # Elsewhere what stands behind a queue's @ need not be a SIP domain.
            found |= {queue.partition("@")[2] for queue in self.pbx.queues()} - {""}
        return sorted(found)

    def places(self, setting: str, domain: str = "") -> list[Place]:
        """Where a context leads that is set for a SIP domain, or for all: one place for each of
        them where it depends on the domain."""
        if setting not in PLACEHOLDERS:
            return [Place(domain, setting)]
        domains = [domain] if domain else self.domains
        if setting == DOMAIN:
            return [Place(each, each) for each in domains]
        return [Place(each, context) for each in domains if (context := self._context_of(each))]

    def _context_of(self, domain: str) -> str:
        """The dialplan context of a domain's telephones; empty where none is known."""
        extensions = (name for name, domains in self.stations.items() if domain in domains)
        extension = next(extensions, "")
        return self.pbx.station_context(Agent(extension, domain)) if extension else ""

    def set_entries(self, kind: type[Kind]) -> list[Kind]:
        """The supervisors' entries of one kind."""
        return [entry for entry in self.entries if isinstance(entry, kind)]
