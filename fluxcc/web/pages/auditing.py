"""Auditoria: who did what, when, to which number, and what became of it."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from fluxcc import i18n
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.privacy import WITHHELD, told
from fluxcc.marking import _
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import moments, words
from fluxcc.web.pages.frame import columns_of, show, sight_of
from fluxcc.web.pages.sequels import outcome_text, sequel_word
from fluxcc.web.rendering import language_of
from fluxcc.web.sight import Sight, node_of

MOST_ROWS = 200
MOST_READ = 2_000
DAY = 86400
PERIODS = ((1, _("1 day")), (7, _("7 days")), (30, _("30 days")), (365, _("1 year")))


class Asked(msgspec.Struct, kw_only=True):
    """What is searched for."""

    number: str
    agent: str
    days: int
    outcome: str
    node: str


class RowView(msgspec.Struct, kw_only=True):
    """One request."""

    at: str
    by: str
    action: str
    subject: str
    number: str
    agent: str
    domain: str
    status: str
    status_word: str
    text: str
    sequel: str
    reason: str
    code: str
    request: str
    call: str
    node: str


@get("/audit")
async def audit(
    request: WebRequest,
    backend: NamedDependency[Backend],
    number: Annotated[str, QueryParameter(max_length=64)] = "",
    agent: Annotated[str, QueryParameter(max_length=64)] = "",
    days: Annotated[int, QueryParameter(ge=1, le=3650)] = 7,
    outcome: Annotated[str, QueryParameter(max_length=16)] = "",
    node: Annotated[str, QueryParameter(max_length=255)] = "",
) -> Template:
    """The page."""
    sight, language = sight_of(request), language_of(request)
    translate = i18n.catalogue(language).gettext
    since = time.time() - days * DAY
    found, is_alone = await backend.records.past(
        lambda past: past.audit(
            since=since,
            number=number.strip(),
            agent=agent.strip(),
            domain=sight.domain,
            limit=MOST_READ,
        ),
        node.strip(),
    )
    seen = [row for row in found if outcome in ("", row.status)]
    every = [("", _("any")), *((name, word) for name, word in words.STATUSES.items())]
    return show(
        request,
        "audit",
        asked=Asked(number=number, agent=agent, days=days, outcome=outcome, node=node),
        periods=[(count, translate(word)) for count, word in PERIODS],
        outcomes=[(name, translate(word)) for name, word in every],
        rows=[row_view(row, sight, language) for row in seen[:MOST_ROWS]],
        is_more=len(seen) > MOST_ROWS or len(found) == MOST_READ,
        columns=columns_of(request, seen),
        is_alone=is_alone,
    )


def row_view(row: AuditRecord, sight: Sight, language: str) -> RowView:
    """One row as the reader may see it."""
    translate = i18n.catalogue(language).gettext
    number = sight.number(told(row.number, is_private=row.is_private))
    text = outcome_text(row, language, number)
    return RowView(
        at=moments.moment(row.at, language),
        by=words.actor_word(row.by, translate),
        action=translate(words.ACTIONS.get(row.action, row.action)),
        subject=subject_word(row.subject, translate),
        number=words.number_word(number, translate) if number else "",
        agent=row.agent,
        domain=row.domain,
        status=row.status,
        status_word=translate(words.STATUSES.get(row.status, row.status)),
        text=text,
        sequel=sequel_word(row.sequel, translate),
        reason=row.reason,
        code=row.code,
        request=row.request,
        call=row.call,
        node=node_of(row),
    )


def subject_word(subject: str, translate: words.Translate) -> str:
    """A service's name, or kind and name of what was set."""
    if not subject.startswith("{"):
        return "" if subject == WITHHELD else subject
    try:
        ((kind, fields),) = msgspec.json.decode(subject, type=dict[str, dict[str, object]]).items()
    except (msgspec.DecodeError, ValueError):
        return subject
    name = fields.get("extension") if kind == "room" else fields.get("name")
    return f"{translate(words.KINDS.get(kind, kind))} {name}"
