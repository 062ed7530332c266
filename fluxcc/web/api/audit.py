"""``GET /api/v1/audit``: who asked for what, and what became of it."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from fluxcc.site.past import Past
from fluxcc.web.api.routing import (
    READING,
    AgentFilter,
    DomainFilter,
    Limit,
    NodeFilter,
    NumberFilter,
    Since,
    of_past,
)
from fluxcc.web.asking import within
from fluxcc.web.backend import Backend
from fluxcc.web.shapes import AuditRow
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor


@get("/audit", responses=READING)
async def audit(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    since: Since = 0.0,
    number: NumberFilter = "",
    agent: AgentFilter = "",
    domain: DomainFilter = "",
    node: NodeFilter = "",
    limit: Limit = 100,
) -> Response[list[AuditRow]]:
    """The requests of agents, operators and the page's users, the newest first."""
    sight, domain = Sight.of(user), within(user, domain)

    def query(past: Past) -> list[AuditRow]:
        found = past.audit(since=since, number=number, agent=agent, domain=domain, limit=limit)
        return [sight.audit(each) for each in found]

    return of_past(await backend.records.past(query, node))
