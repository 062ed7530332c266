"""Grupos, salas, serviços e números protegidos: what supervisors set."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.domain.provisioning import (
    Entry,
    Group,
    Language,
    Protected,
    Room,
    Scale,
    Service,
    Trigger,
    key,
)
from fluxcc.domain.written import as_written
from fluxcc.marking import _
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.notices import Notice
from fluxcc.web.pages.asking import ask, refusal, told, with_undo
from fluxcc.web.pages.frame import show, sight_of
from fluxcc.web.pages.moments import NOTHING
from fluxcc.web.pages.views import Columns
from fluxcc.web.pages.words import Translate
from fluxcc.web.permissions import SUPERVISORS
from fluxcc.web.problems import ProblemError
from fluxcc.web.rendering import language_of
from fluxcc.web.visitor import Visitor

PATH = "/groups"
TRIGGERS = {
    Trigger.BOARD: _("the agent ends the call by the button"),
    Trigger.ANY: _("also when the telephone hangs up"),
}


class EntryForm(msgspec.Struct, kw_only=True):
    """Every field that an entry of any kind has, as a form sends it."""

    kind: str = ""
    name: str = ""
    domain: str = ""
    survey: str = ""
    trigger: str = Trigger.BOARD
    destination: str = ""
    questions: int = 1
    scale: str = Scale.FIVE
    prompts: str = ""
    language: str = Language.PORTUGUESE
    by_pbx: str = ""
    context: str = "default"
    description: str = ""
    comment: str = ""
    csrf_token: str = ""


Form = Annotated[EntryForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PATH)
async def groups(
    request: WebRequest, user: NamedDependency[Visitor], backend: NamedDependency[Backend]
) -> Template:
    """The page."""
    sight, language = sight_of(request), language_of(request)
    translate = i18n.catalogue(language).gettext
    entries = await backend.records.read(lambda history: history.entries())
    seen = [each for each in entries if sight.has_domain(each.domain)]
    known = {call.group for call in backend.live.present.calls(sight) if call.group}
    domains = backend.live.present.status(sight).domains
    return show(
        request,
        "groups",
        groups=[_group(each, translate) for each in seen if isinstance(each, Group)],
        rooms=[_room(each, translate) for each in seen if isinstance(each, Room)],
        services=[_plain(each, "service") for each in seen if isinstance(each, Service)],
        protected=[
            _plain(each, "protected") | {"shown": as_written(each.name)}
            for each in seen
            if isinstance(each, Protected) and user.role in SUPERVISORS
        ],
        new_group=_group(Group(""), translate),
        known_groups=sorted(known),
        may_set=user.role in SUPERVISORS,
        # A protected number holds in all domains.
        may_protect=user.role in SUPERVISORS and not user.domain,
        columns=Columns(domain=len(domains) > 1 and not sight.domain),
    )


@post(f"{PATH}/survey", status_code=200)
async def switch_survey(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    data: Form,
) -> Template | Redirect:
    """Switch a group's survey on or off; everything else of it stays."""
    wanted = Group(data.name, domain=user.domain or data.domain)
    known = await _stored(backend, wanted)
    is_on = data.survey == "on"
    notice = await ask(request, "set", entry=msgspec.structs.replace(known, has_survey=is_on))
    title = i18n.catalogue(language_of(request)).gettext(_("Undo"))
    fields = {"name": data.name, "domain": wanted.domain, "survey": "" if is_on else "on"}
    return told(request, with_undo(notice, f"{PATH}/survey", title, **fields), PATH)


@post(f"{PATH}/{{kind:str}}", status_code=200)
async def save(
    request: WebRequest, user: NamedDependency[Visitor], kind: FromPath[str], data: Form
) -> Template | Redirect:
    """Set an entry."""
    entry = read_entry(kind, data, user.domain)
    notice = foreign(request, user, entry)
    if notice is None:
        notice = await ask(request, "set", entry=entry)
    return told(request, notice, PATH)


@post(f"{PATH}/remove", status_code=200)
async def remove(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    data: Form,
) -> Template | Redirect:
    """Remove an entry; it can be set again."""
    named = read_entry(data.kind, data, data.domain)
    notice = foreign(request, user, named)
    if notice is None:
        known = await _stored(backend, named)
        notice = await ask(request, "remove", entry=known)
        title = i18n.catalogue(language_of(request)).gettext(_("Undo"))
        notice = with_undo(notice, f"{PATH}/{data.kind}", title, **form_of(known))
    return told(request, notice, PATH)


async def _stored(backend: Backend, named: Entry) -> Entry:
    """The entry of that kind, name and domain with all that is set of it; without one this."""
    entries = await backend.records.read(lambda history: history.entries())
    same = (each for each in entries if type(each) is type(named) and key(each) == key(named))
    return next(same, named)


def foreign(request: WebRequest, user: Visitor, entry: Entry) -> Notice | None:
    """The refusal where it belongs to another domain, or to all."""
    if not user.domain or entry.domain == user.domain:
        return None
    return refusal(request, _("This belongs to a domain that is not yours."))


def read_entry(kind: FromPath[str], data: EntryForm, domain: str) -> Entry:
    """What a form says. Raises ``ProblemError``."""
    name, domain = data.name.strip(), (domain or data.domain).strip().lower()
    try:
        match kind:
            case "group":
                return Group(
                    name,
                    has_survey=data.survey == "on",
                    trigger=Trigger(data.trigger),
                    destination=data.destination.strip(),
                    questions=data.questions,
                    scale=Scale(data.scale),
                    prompts=data.prompts,
                    domain=domain,
                    language=Language(data.language),
                )
            case "room":
                return Room(name, is_served_by_pbx=data.by_pbx == "on", domain=domain)
            case "service":
                target, context = data.destination.strip(), data.context.strip()
                return Service(name, target, context, data.description.strip(), domain)
            case "protected":
                return Protected(name, data.comment.strip())
    except ValueError as error:
        raise ProblemError(400, "malformed-request", str(error)) from error
    raise ProblemError(404, "not-found")


def form_of(entry: Entry) -> dict[str, str]:
    """The fields by which a form sets it again."""
    match entry:
        case Group():
            return {
                "name": entry.name,
                "domain": entry.domain,
                "survey": "on" if entry.has_survey else "",
                "trigger": entry.trigger,
                "destination": entry.destination,
                "questions": str(entry.questions),
                "scale": entry.scale,
                "prompts": entry.prompts,
                "language": entry.language,
            }
        case Room():
            by_pbx = "on" if entry.is_served_by_pbx else ""
            return {"name": entry.extension, "domain": entry.domain, "by_pbx": by_pbx}
        case Service():
            return {
                "name": entry.name,
                "domain": entry.domain,
                "destination": entry.destination,
                "context": entry.context,
                "description": entry.description,
            }
        case _:
            return {"name": entry.name, "comment": getattr(entry, "comment", "")}


def _plain(entry: Service | Protected, kind: str) -> dict[str, Any]:
    return msgspec.structs.asdict(entry) | {"kind": kind}


def _group(group: Group, translate: Translate) -> dict[str, Any]:
    when = translate(TRIGGERS[group.trigger]) if group.has_survey else NOTHING
    fields = msgspec.structs.asdict(group)
    return fields | {"kind": "group", "survey": group.has_survey, "when": when}


def _room(room: Room, translate: Translate) -> dict[str, Any]:
    by = _("the PBX's own dialplan") if room.is_served_by_pbx else _("fluxcc")
    return {
        "kind": "room",
        "name": room.extension,
        "domain": room.domain,
        "served_by": translate(by),
    }
