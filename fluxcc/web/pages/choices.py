"""What a reader chooses for all pages: the language, and of several SIP domains the one shown."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from fluxcc import i18n
from fluxcc.domain.agents import clean_domain
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages.frame import DOMAIN_COOKIE
from fluxcc.web.rendering import LANGUAGE_COOKIE, address
from fluxcc.web.security import local_path

YEAR = 365 * 86400


@get("/language/{name:str}")
async def choose_language(
    request: WebRequest, name: FromPath[str], back: Annotated[str, QueryParameter()] = "/"
) -> Redirect:
    """Keep the language in a cookie."""
    return _kept(request, LANGUAGE_COOKIE, i18n.pick(name, i18n.ENGLISH), back)


@get("/domain")
async def choose_domain(
    request: WebRequest,
    to: Annotated[str, QueryParameter()] = "",
    back: Annotated[str, QueryParameter()] = "/",
) -> Redirect:
    """Keep the domain in a cookie. It narrows what is shown, and is no right."""
    return _kept(request, DOMAIN_COOKIE, clean_domain(to), back)


def _kept(request: WebRequest, cookie: str, value: str, back: str) -> Redirect:
    answer: Redirect = Redirect(address(request, local_path(back)), status_code=303)
    options: dict[str, Any] = {"httponly": True, "samesite": "lax", "max_age": YEAR}
    secure = request.url.scheme == "https"
    answer.set_cookie(cookie, value, path=address(request, "/"), secure=secure, **options)
    return answer
