"""``GET /api/v1/surveys/report``: what customers answered, counted."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from fluxcc.domain import report
from fluxcc.domain.spreadsheet import report_csv
from fluxcc.web.api.routing import (
    ALONE,
    READING,
    AgentFilter,
    DomainFilter,
    GroupFilter,
    NodeFilter,
    NumberFilter,
    Since,
    of_past,
)
from fluxcc.web.asking import within
from fluxcc.web.backend import Backend
from fluxcc.web.records import Told
from fluxcc.web.shapes import ReportLine
from fluxcc.web.visitor import Visitor


@get("/surveys/report", responses=READING)
async def counted(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    since: Since = 0.0,
    group: GroupFilter = "",
    agent: AgentFilter = "",
    number: NumberFilter = "",
    domain: DomainFilter = "",
    node: NodeFilter = "",
) -> Response[list[ReportLine]]:
    """A line for each SIP domain, group, agent and question."""
    domain = within(user, domain)
    lines, is_alone = await _lines(backend, since, group, agent, number, domain, node)
    return of_past(Told([ReportLine.of(each) for each in lines], is_alone))


@get("/surveys/report.csv", media_type="text/csv", responses=READING)
async def as_csv(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    since: Since = 0.0,
    group: GroupFilter = "",
    agent: AgentFilter = "",
    number: NumberFilter = "",
    domain: DomainFilter = "",
    node: NodeFilter = "",
) -> Response[str]:
    """The same as comma-separated values, in which no spreadsheet finds a formula."""
    domain = within(user, domain)
    lines, is_alone = await _lines(backend, since, group, agent, number, domain, node)
    return Response(
        report_csv(lines),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="survey.csv"'}
        | (ALONE if is_alone else {}),
    )


async def _lines(
    backend: Backend, since: float, group: str, agent: str, number: str, domain: str, node: str
) -> Told[list[report.Line]]:
    return await backend.records.past(
        lambda past: report.count(
            past.surveys(since=since, number=number, group=group, agent=agent, domain=domain)
        ),
        node,
    )
