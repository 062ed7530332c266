"""``GET /api/v1/surveys/report``: what customers answered, counted."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from fluxcc.domain import report
from fluxcc.domain.spreadsheet import report_csv
from fluxcc.web.api.routing import (
    READING,
    AgentFilter,
    DomainFilter,
    GroupFilter,
    NumberFilter,
    Since,
)
from fluxcc.web.asking import within
from fluxcc.web.backend import Backend
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
) -> list[ReportLine]:
    """A line for each SIP domain, group, agent and question."""
    lines = await _lines(backend, since, group, agent, number, within(user, domain))
    return [ReportLine.of(each) for each in lines]


@get("/surveys/report.csv", media_type="text/csv", responses=READING)
async def as_csv(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    since: Since = 0.0,
    group: GroupFilter = "",
    agent: AgentFilter = "",
    number: NumberFilter = "",
    domain: DomainFilter = "",
) -> Response[str]:
    """The same as comma-separated values, in which no spreadsheet finds a formula."""
    lines = await _lines(backend, since, group, agent, number, within(user, domain))
    return Response(
        report_csv(lines),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="survey.csv"'},
    )


async def _lines(
    backend: Backend, since: float, group: str, agent: str, number: str, domain: str
) -> list[report.Line]:
    return await backend.records.read(
        lambda history: report.count(
            history.surveys(since=since, number=number, group=group, agent=agent, domain=domain)
        )
    )
