"""Pesquisa: what customers said, in a sentence, a picture, a table and as CSV; and pranks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from fluxcc import i18n
from fluxcc.domain import report
from fluxcc.domain.provisioning import Group
from fluxcc.domain.surveys import Survey
from fluxcc.marking import _
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import figures
from fluxcc.web.pages.frame import columns_of, show, sight_of
from fluxcc.web.records import Told
from fluxcc.web.rendering import language_of
from fluxcc.web.sight import Sight

DAY = 86400
PERIODS = ((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year")))
USUAL = 30
MOST_PRANKS = 20_000
Days = Annotated[int, QueryParameter(ge=1, le=3650)]
Name = Annotated[str, QueryParameter(max_length=64)]


class Asked(msgspec.Struct, kw_only=True):
    """What is looked at."""

    days: int
    group: str
    agent: str
    node: str

    @property
    def query(self) -> str:
        """The same as the API has it."""
        asked = {"since": self.since, "group": self.group, "agent": self.agent}
        return urlencode(asked | ({"node": self.node} if self.node else {}))

    @property
    def since(self) -> float:
        """The epoch second at which the period begins."""
        return time.time() - self.days * DAY


@get("/survey")
async def survey(
    request: WebRequest,
    backend: NamedDependency[Backend],
    days: Days = USUAL,
    group: Name = "",
    agent: Name = "",
    node: Annotated[str, QueryParameter(max_length=255)] = "",
) -> Template:
    """The page."""
    sight, language = sight_of(request), language_of(request)
    translate = i18n.catalogue(language).gettext
    asked = Asked(days=days, group=group.strip(), agent=agent.strip(), node=node.strip())
    found, is_alone = await _surveys(backend, sight, asked)
    since = asked.since
    rows, _is_alone = await backend.records.past(
        lambda past: past.audit(
            since=since, agent=asked.agent, domain=sight.domain, limit=MOST_PRANKS
        ),
        asked.node,
    )
    entries = await backend.records.read(lambda history: history.entries())
    named = {each.group for each in found if each.group}
    marked = [each for each in rows if each.action == "prank" and each.status == "ok"]
    return show(
        request,
        "survey",
        asked=asked,
        periods=[(count, translate(words)) for count, words in PERIODS],
        known_groups=sorted(
            named
            | {each.name for each in entries if isinstance(each, Group) and sight.has_entry(each)}
            | ({asked.group} if asked.group else set())
        ),
        sentences=figures.sentences(found, time.time(), language),
        days=figures.days_of(found, language),
        distribution=figures.distribution_of(found, language),
        lines=[figures.line_view(line, language) for line in report.count(found)],
        pranks=figures.pranks_of(marked, language),
        columns=columns_of(request, found),
        is_alone=is_alone,
    )


async def _surveys(backend: Backend, sight: Sight, asked: Asked) -> Told[Sequence[Survey]]:
    since = asked.since
    return await backend.records.past(
        lambda past: past.surveys(
            since=since, group=asked.group, agent=asked.agent, domain=sight.domain
        ),
        asked.node,
    )
