"""What every page has around its content: the pages that the reader may see, the chosen domain and
language, and what became of the last thing they asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from litestar.response import Template

from fluxcc import i18n
from fluxcc.domain.provisioning import UserRole
from fluxcc.marking import _
from fluxcc.web.guards import backend_of
from fluxcc.web.notices import Notice
from fluxcc.web.pages.views import Columns
from fluxcc.web.permissions import PERMISSIONS
from fluxcc.web.rendering import language_of, render
from fluxcc.web.sight import Sight, node_of

if TYPE_CHECKING:
    from fluxcc.web.guards import WebRequest

DOMAIN_COOKIE = "fluxcc_domain"
FIRST = "/"


class Page(msgspec.Struct, frozen=True):
    """One link of the navigation."""

    name: str
    path: str
    title: str
    """English; the template translates it."""


PAGES = (
    Page("now", FIRST, _("Now")),
    Page("blocks", "/blocks", _("Blocks")),
    Page("groups", "/groups", _("Groups")),
    Page("survey", "/survey", _("Survey")),
    Page("audit", "/audit", _("Audit")),
    Page("users", "/users", _("Users")),
)
OWN = Page("me", "/me", _("My extension"))
ROLES = {
    UserRole.VIEWER: _("Viewer"),
    UserRole.AGENT: _("Agent"),
    UserRole.SUPERVISOR: _("Supervisor"),
    UserRole.ADMIN: _("Administrator"),
}


class Placed(Protocol):
    """What is in a SIP domain."""

    @property
    def domain(self) -> str:
        """Its name; empty where the PBX has one only."""


class Frame(msgspec.Struct, kw_only=True):
    """As the templates know it."""

    page: str
    pages: list[Page]
    here: str
    """The path with its query, to which a form comes back."""
    language: str
    domain: str
    """The one SIP domain that is shown; empty for all."""
    domains: list[str]
    """Those to choose from."""
    nodes: list[str]
    """The PBXs to choose from; none where there is only one."""
    role_word: str
    notice: Notice | None


def has_page(role: UserRole, page: Page) -> bool:
    """Whether a role may see it; the own extension takes an agent's first page's place."""
    if role is UserRole.AGENT:
        return page is OWN
    allowed = PERMISSIONS.get(("GET", page.path))
    return page is not OWN and (allowed is None or role in allowed)


def sight_of(request: WebRequest) -> Sight:
    """What the visitor sees: of a visitor of all domains, the one that they chose."""
    assert request.user is not None  # noqa: S101  # the guard has seen to it
    sight = Sight.of(request.user)
    chosen = request.cookies.get(DOMAIN_COOKIE, "")
    if sight.domain or sight.agent is not None or chosen not in _known_domains(request):
        return sight
    return msgspec.structs.replace(sight, domain=chosen)


def columns_of(request: WebRequest, shown: Iterable[Placed] = (), *, acts: bool = False) -> Columns:
    """Those that tell apart what this visitor sees: of several SIP domains, and of several PBXs.
    Of what is ``shown``, what was on another PBX may be in a domain that this one does not have."""
    present, sight = backend_of(request).live.present, sight_of(request)
    domains = set(present.status(sight).domains)
    domains.update(each.domain for each in shown if each.domain and node_of(each))
    has_domains = len(domains) > 1 and not sight.domain
    return Columns(domain=has_domains, node=present.are_several, acts=acts)


def show(request: WebRequest, page: str, *, http_status: int = 200, **facts: Any) -> Template:
    """A page for a visitor who is logged in; ``facts`` are what its template shows."""
    frame = framed(request, page)
    return render(request, f"{page}.html", http_status=http_status, frame=frame, **facts)


def framed(request: WebRequest, page: str = "") -> Frame:
    """What is around a page; also around those for nobody in particular."""
    user = request.scope.get("user")
    language = language_of(request)
    query = request.scope["query_string"].decode("latin-1")
    taken = backend_of(request).notices.take(request.query_params.get("said", ""))
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("said="))
    translate = i18n.catalogue(language).gettext
    return Frame(
        page=page,
        pages=[each for each in (*PAGES, OWN) if has_page(user.role, each)] if user else [],
        here=request.scope["path"] + (f"?{kept}" if kept else ""),
        language=language,
        domain=sight_of(request).domain if user else "",
        domains=_known_domains(request) if user and not user.domain else [],
        nodes=_known_nodes(request) if user else [],
        role_word=translate(ROLES[user.role]) if user else "",
        notice=taken,
    )


def _known_domains(request: WebRequest) -> list[str]:
    status = backend_of(request).live.present.daemon
    return sorted(status.domains) if status else []


def _known_nodes(request: WebRequest) -> list[str]:
    present = backend_of(request).live.present
    return list(present.site.nodes) if present.are_several else []
