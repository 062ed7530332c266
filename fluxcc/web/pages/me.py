"""Meu ramal: an agent's own call and its four actions, beside another window."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from fluxcc import i18n
from fluxcc.domain.agents import Agent
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.codes import SENTENCES, Code
from fluxcc.marking import _
from fluxcc.web import shapes
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import moments
from fluxcc.web.pages.acting import has_room, offers_of
from fluxcc.web.pages.frame import show, sight_of
from fluxcc.web.pages.now import PATIENCE, live_facts
from fluxcc.web.pages.sequels import outcome_text, sequel_word
from fluxcc.web.pages.views import call_view
from fluxcc.web.rendering import language_of, render
from fluxcc.web.visitor import Visitor

MOST_ANSWERS = 3
RECENT = 12 * 3600


class AnswerView(msgspec.Struct, kw_only=True):
    """What became of one of the last actions."""

    at: str
    status: str
    text: str
    sequel: str


@get("/me")
async def me(
    request: WebRequest, user: NamedDependency[Visitor], backend: NamedDependency[Backend]
) -> Template:
    """The page, or what changes in it."""
    await backend.live.wait(PATIENCE)
    present, language = backend.live.present, language_of(request)
    translate = i18n.catalogue(language).gettext
    clock = present.clock()
    call = current(present.calls(sight_of(request)))
    facts: dict[str, Any] = {
        "extension": user.extension,
        "call": call_view(call, clock, translate) if call else None,
        "offers": await offers_of(request, backend, call) if call else [],
        "answers": await last_answers(backend, user.agent, language),
        "line": present.status(sight_of(request)),
        "back": "/me",
    }
    if request.headers.get("HX-Request"):
        return render(request, "parts/own.html", **facts)
    entries = await backend.records.read(lambda history: history.entries())
    room = (
        translate(_("Your conference room is ready: the customer and you meet in it."))
        if has_room(entries, user.agent)
        else translate(_("You have no conference room; your supervisor creates it under Groups."))
    )
    return show(request, "me", room=room, **facts, **live_facts(language, clock))


def current(calls: list[shapes.Call]) -> shapes.Call | None:
    """The call that the agent talks on, else the one that they parked; none that only rings, and
    none whose customer went on to another person."""
    theirs = [each for each in calls if each.bridged and (each.talking or each.holder)]
    return max(theirs, key=lambda each: (each.talking, each.id), default=None)


async def last_answers(backend: Backend, agent: Agent, language: str) -> list[AnswerView]:
    """The last ones, the newest first."""
    translate = i18n.catalogue(language).gettext
    since = time.time() - RECENT
    rows, _is_alone = await backend.records.past(
        lambda past: past.audit(
            since=since, agent=agent.extension, domain=agent.domain, limit=MOST_ANSWERS * 4
        )
    )
    own = [
        row
        for row in rows
        if row.by.startswith("agent:")
        and row.code in SENTENCES
        and not backend.live.present.is_strange(agent, row)
    ]
    return [_answer(row, language, translate) for row in own[:MOST_ANSWERS]]


def _answer(row: AuditRecord, language: str, translate: Any) -> AnswerView:
    status = Code(row.code).status
    return AnswerView(
        at=moments.clock(row.at),
        status=status,
        text=outcome_text(row, language),
        sequel=sequel_word(row.sequel, translate),
    )
