"""The four actions on a call: what can be done with it now, and doing it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.domain.agents import Agent
from fluxcc.domain.provisioning import Entry, Room, Service, UserRole
from fluxcc.marking import _
from fluxcc.web import shapes
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages.asking import ask, refusal, told
from fluxcc.web.pages.frame import show, sight_of
from fluxcc.web.pages.views import Offer, ServiceView, call_view, offers
from fluxcc.web.problems import ProblemError
from fluxcc.web.rendering import language_of, render
from fluxcc.web.visitor import Visitor

ACTIONS = ("prank", "conference", "transfer", "hangup")


class ActionForm(msgspec.Struct):
    """What a button sends."""

    action: str = ""
    call: str = ""
    service: str = ""
    request: str = ""
    """The request ID, which the browser's script makes so that a second click does nothing more."""
    back: str = "/"
    csrf_token: str = ""


@get("/calls/{number:int}")
async def one_call(
    request: WebRequest,
    number: FromPath[int],
    backend: NamedDependency[Backend],
    node: Annotated[str, QueryParameter(max_length=255)] = "",
) -> Template:
    """What can be done with a call: a page of its own, or the menu of its row."""
    present, sight = backend.live.present, sight_of(request)
    call = next((c for c in present.calls(sight) if c.id == number and node in ("", c.node)), None)
    language = language_of(request)
    translate = i18n.catalogue(language).gettext
    if call is None:
        if request.headers.get("HX-Request"):
            gone = refusal(request, _("This call is over."))
            return render(request, "parts/answer.html", answer=gone)
        raise ProblemError(404, "not-found")
    facts: dict[str, Any] = {
        "call": call_view(call, present.clock(), translate),
        "offers": await offers_of(request, backend, call),
        "back": "/",
    }
    if request.headers.get("HX-Request"):
        return render(request, "parts/offers.html", **facts)
    return show(request, "call", **facts)


@post("/actions", status_code=200)
async def act(
    request: WebRequest,
    user: NamedDependency[Visitor],
    data: Annotated[ActionForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Do it, and tell what became of it."""
    if data.action not in ACTIONS or not data.call:
        raise ProblemError(400, "malformed-request", "action or call is missing")
    is_agent = user.role is UserRole.AGENT
    notice = await ask(
        request,
        data.action,
        agent=str(user.agent) if is_agent else "",
        call=data.call,
        service=data.service,
        request_id=data.request,
    )
    return told(request, notice, data.back)


async def offers_of(request: WebRequest, backend: Backend, call: shapes.Call) -> list[Offer]:
    """What can be done with a call now, in the reader's language."""
    entries = await backend.records.read(lambda history: history.entries())
    return offers(
        call,
        has_room=has_room(entries, Agent(call.agent or call.holder, call.domain)),
        services=services_of(entries, call.domain),
        translate=i18n.catalogue(language_of(request)).gettext,
    )


def has_room(entries: list[Entry], agent: Agent) -> bool:
    """Whether the agent's room was provisioned."""
    return any(
        isinstance(each, Room)
        and each.extension == agent.extension
        and each.domain in ("", agent.domain)
        for each in entries
    )


def services_of(entries: list[Entry], domain: str) -> list[ServiceView]:
    """The services that a call of this domain may be transferred to."""
    found = {
        each.name: ServiceView(each.name, each.description)
        for each in entries
        if isinstance(each, Service) and each.domain in ("", domain)
    }
    return [found[name] for name in sorted(found)]
