"""Agora: the live calls with their actions, and the blocked numbers."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.domain.provisioning import UserRole
from fluxcc.marking import _
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import moments, views, words
from fluxcc.web.pages.frame import columns_of, show, sight_of
from fluxcc.web.pages.views import block_view, call_view
from fluxcc.web.permissions import SUPERVISORS
from fluxcc.web.rendering import address, language_of
from fluxcc.web.visitor import Visitor

PATIENCE = 2.0
"""Seconds for which a page waits where the daemon was not heard yet."""

MOST = 50
"""Blocks that are shown beside the calls; all are on the page of blocks."""


@get("/")
async def now(
    request: WebRequest, user: NamedDependency[Visitor], backend: NamedDependency[Backend]
) -> Template | Redirect:
    """A supervisor's first page. An agent has another one."""
    if user.role is UserRole.AGENT:
        return Redirect(address(request, "/me"), status_code=303)
    await backend.live.wait(PATIENCE)
    present, sight = backend.live.present, sight_of(request)
    language, clock = language_of(request), present.clock()
    translate = i18n.catalogue(language).gettext
    status, calls = present.status(sight), present.calls(sight)
    return show(
        request,
        "now",
        line=status,
        calls=[call_view(each, clock, translate) for each in calls],
        blocks=[
            block_view(each, clock, language, translate) for each in present.blocks(sight)[:MOST]
        ],
        most=MOST,
        blank=blank_call(),
        blank_block=blank_block(),
        columns=columns_of(request, calls, acts=user.role in SUPERVISORS),
        trouble=words.site_trouble(status, translate),
        back="/",
        **live_facts(language, clock),
    )


def live_facts(language: str, clock: float) -> dict[str, Any]:
    """What the script of a live page needs."""
    translate = i18n.catalogue(language).gettext
    spoken = {
        **{f"direction-{name}": translate(word) for name, word in words.DIRECTIONS.items()},
        **{f"outcome-{name}": translate(word) for name, word in words.OUTCOMES.items()},
        **{f"role-{name}": translate(word) for name, word in words.ROLES_OF_ACTORS.items()},
        "blocked-until": translate(_("blocked until")),
        "hidden": translate(words.HIDDEN),
        "lost": translate(_("its PBX is not heard of")),
        "silent": translate(words.SILENT),
        "unreached": translate(words.UNREACHED),
    }
    return {"clock": clock, "as_of": moments.moment(clock, language), "spoken": spoken}


def blank_call() -> views.CallView:
    """The row that the script fills in."""
    return views.CallView(
        id=0,
        key="",
        uuid="",
        number="",
        agent="",
        group="",
        direction="",
        domain="",
        since=0,
        age="00:00",
        talking=True,
        node="",
    )


def blank_block() -> views.BlockView:
    """The block that the script fills in."""
    return views.BlockView(
        key="",
        handle="",
        number="",
        domain="",
        since=0,
        until=0,
        left="00:00",
        remaining=1,
        length=1,
        ends="",
        began="",
        ended="",
        by="",
        reason="",
        how="",
        attempts=0,
        last_attempt="",
        node="",
    )
