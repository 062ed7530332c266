"""What follows from several SIP domains on one PBX, and from agents who have other names than their
extensions (contract, section 8).

Nothing here is a fault: a PBX may be built so. What was not known would surprise: a request that
names no domain is refused, and two queues share one group's settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from fluxcc.doctor.finding import Finding, note
from fluxcc.doctor.installation import Installation
from fluxcc.marking import _

MOST_SHOWN = 5
"""Names that are shown of many."""
MOST_ASKED = 200
"""Questions whether a domain has an extension, where the directory does not list its users."""


def check_twins(installation: Installation) -> Iterator[Finding]:
    """Which extensions are in several domains."""
    twins = _twins(installation)
    if twins:
        first, domains = next((name, sorted(domains)) for name, domains in twins.items())
        yield note(
            "extension-in-domains",
            _(
                "Extensions in more than one domain ({count}): {extensions} ({domains}). A request"
                " for one of them that names no domain is refused: ambiguous-agent."
            ),
            _(
                "Let boards name the domain: Fluxcc-Agent: {example}, or Fluxcc-Domain beside it;"
                " operators likewise: --agent {example}"
            ),
            count=len(twins),
            extensions=_shown(twins),
            domains=", ".join(domains),
            example=f"{first}@{domains[0]}",
        )


def check_queues(installation: Installation) -> Iterator[Finding]:
    """Which queues are called alike in front of the @, and so are one group without a domain."""
    domains_of = defaultdict(set)
    for queue in installation.pbx.queues():
        name, _at, domain = queue.partition("@")
        domains_of[name].add(domain)
    alike = sorted(name for name, domains in domains_of.items() if len(domains) > 1)
    if alike:
        yield note(
            "queue-in-domains",
            _(
                "Queues that are called alike in front of the @ ({count}): {queues} ({domains})."
                " What is set for such a group without a domain counts in all of them."
            ),
            _(
                "Where they are to differ, name the domain: fluxcc group set {group} --domain"
                " {domain}"
            ),
            count=len(alike),
            queues=_shown(alike),
            domains=", ".join(sorted(domains_of[alike[0]])),
            group=alike[0],
            domain=min(domains_of[alike[0]]),
        )


def check_queue_agents(installation: Installation) -> Iterator[Finding]:
    """Which agents of mod_callcenter have another name than their extension."""
    renamed = {
        agent.name: f"{agent.extension}@{agent.domain}"
        for agent in installation.pbx.queue_agents()
        if agent.extension and agent.name.partition("@")[0] != agent.extension
    }
    if renamed:
        name, example = next(iter(renamed.items()))
        yield note(
            "agent-not-extension",
            _(
                "Agents of mod_callcenter who are named otherwise than their extensions ({count}):"
                " {agents}. A name of mod_callcenter's is an alias of the telephone that it calls;"
                " rooms, groups, reports and the audit go by the extension."
            ),
            _(
                "Name the extension everywhere, in boards too: {example} in place of {name}; for a"
                " room: fluxcc room add {extension}"
            ),
            count=len(renamed),
            agents=_shown([f"{name} = {extension}" for name, extension in renamed.items()]),
            example=example,
            name=name,
            extension=example.partition("@")[0],
        )


def _twins(installation: Installation) -> dict[str, set[str]]:
    """The extensions that are in several domains."""
    found = {name: set(domains) for name, domains in installation.stations.items()}
    domains = {queue.partition("@")[2] for queue in installation.pbx.queues()} - {""}
    domains |= set(installation.domains)
    # A directory that is served lists nobody, and answers for each that it is asked about.
    asked = 0
    for extension in sorted(found):
        for domain in sorted(domains - found[extension]):
            asked += 1
            if asked <= MOST_ASKED and installation.pbx.has_user(extension, domain):
                found[extension].add(domain)
    return {name: domains for name, domains in sorted(found.items()) if len(domains) > 1}


def _shown(names: Iterable[str]) -> str:
    names = list(names)
    shown = ", ".join(names[:MOST_SHOWN])
    return f"{shown}, …" if len(names) > MOST_SHOWN else shown
