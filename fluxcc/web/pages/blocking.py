"""Bloqueios: numbers that are blocked and were, blocking one, releasing one, asking about one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.domain.blocks import BlockState
from fluxcc.marking import _
from fluxcc.protocol.operators import CHECK, Ask, CheckedNumber
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import moments
from fluxcc.web.pages.asking import ask, told, with_undo
from fluxcc.web.pages.frame import columns_of, show, sight_of
from fluxcc.web.pages.now import PATIENCE
from fluxcc.web.pages.views import block_view
from fluxcc.web.pages.words import Translate, number_word
from fluxcc.web.permissions import SUPERVISORS
from fluxcc.web.problems import ProblemError
from fluxcc.web.rendering import language_of
from fluxcc.web.visitor import Visitor

MOST_EARLIER = 50
PER_PAGE = 100
"""Live blocks that are shown at once."""
DURATIONS = (
    (0, _("the usual time")),
    (3600, _("1 hour")),
    (86400, _("1 day")),
    (7 * 86400, _("7 days")),
    (30 * 86400, _("30 days")),
)


class BlockForm(msgspec.Struct):
    """A number to block or to release."""

    number: str = ""
    duration: int = 0
    reason: str = ""
    domain: str = ""
    back: str = "/blocks"
    csrf_token: str = ""


class Checked(msgspec.Struct, kw_only=True):
    """What is known of a number."""

    asked: str
    number: str
    status: str
    text: str
    spellings: list[str]


@get("/blocks")
async def blocks(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    check: Annotated[str, QueryParameter()] = "",
    first: Annotated[int, QueryParameter(name="from", ge=0, le=1_000_000)] = 0,
) -> Template:
    """The page; of the live blocks, the newest first, it has those from number ``from`` on."""
    await backend.live.wait(PATIENCE)
    present, sight = backend.live.present, sight_of(request)
    language, clock = language_of(request), present.clock()
    translate = i18n.catalogue(language).gettext
    known, is_alone = await backend.records.past(lambda past: past.blocks(MOST_EARLIER * 4))
    past = [each for each in known if each.state is not BlockState.LIVE and sight.has_block(each)]
    may_block = user.role in SUPERVISORS
    live = present.blocks(sight)
    return show(
        request,
        "blocks",
        blocks=[
            block_view(each, clock, language, translate) for each in live[first : first + PER_PAGE]
        ],
        newer=max(0, first - PER_PAGE) if first else None,
        older=first + PER_PAGE if first + PER_PAGE < len(live) else None,
        count=len(live),
        past=[
            block_view(sight.block(each), clock, language, translate)
            for each in past[:MOST_EARLIER]
        ],
        columns=columns_of(request, [*live, *past], acts=may_block),
        is_alone=is_alone,
        may_block=may_block,
        durations=[(seconds, translate(words)) for seconds, words in DURATIONS],
        check=await _check(request, backend, user, check) if check and may_block else None,
        back="/blocks",
    )


@post("/blocks", status_code=200)
async def block(
    request: WebRequest,
    user: NamedDependency[Visitor],
    data: Annotated[BlockForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Block a number."""
    translate = i18n.catalogue(language_of(request)).gettext
    notice = await ask(
        request,
        "block",
        number=data.number,
        duration=data.duration or None,
        reason=data.reason,
        domain=user.domain or data.domain,
    )
    fields = {"number": data.number, "domain": user.domain or data.domain, "back": data.back}
    undone = with_undo(notice, "/blocks/release", translate(_("Release again")), **fields)
    return told(request, undone, data.back)


@post("/blocks/release", status_code=200)
async def release(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    data: Annotated[BlockForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """Free a number; it can be blocked again for as long as was left."""
    translate = i18n.catalogue(language_of(request)).gettext
    present, domain = backend.live.present, user.domain or data.domain
    left = [
        int(each.until - present.clock())
        for each in present.blocks(sight_of(request))
        if data.number in (each.number, each.name) and each.domain == domain
    ]
    notice = await ask(request, "unblock", number=data.number, domain=domain)
    if left and data.number.startswith("+"):
        fields = {"number": data.number, "domain": domain, "duration": str(max(60, left[0]))}
        notice = with_undo(notice, "/blocks", translate(_("Block again")), **fields, back=data.back)
    return told(request, notice, data.back)


async def _check(request: WebRequest, backend: Backend, user: Visitor, number: str) -> Checked:
    language = language_of(request)
    translate = i18n.catalogue(language).gettext
    question = Ask(do=CHECK, number=number, on_behalf_of=user.on_behalf_of, domain=user.domain)
    try:
        found = await backend.daemon.read(question, CheckedNumber)
    except ProblemError as error:
        wrong = translate(_("It cannot be told now: the daemon does not answer."))
        if error.status == 400:
            wrong = translate(_("This is no number."))
        return Checked(asked=number, number=number, status="failed", text=wrong, spellings=[])
    status, text = _verdict(found, language, translate)
    return Checked(
        asked=number,
        number=number_word(found.number, translate),
        status=status,
        text=text,
        spellings=found.spellings,
    )


def _verdict(found: CheckedNumber, language: str, translate: Translate) -> tuple[str, str]:
    if found.blocked_until is not None:
        until = moments.moment(found.blocked_until, language)
        return "refused", translate(_("blocked until {until}")).format(until=until)
    if found.internal:
        return "ok", translate(_("an internal extension; those are never blocked"))
    if found.protected:
        return "ok", translate(_("protected; nobody can block it"))
    if not found.blockable:
        return "ok", translate(_("no number that can be blocked"))
    return "ok", translate(_("not blocked"))
