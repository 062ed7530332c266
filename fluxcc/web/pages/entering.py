"""Logging in and out."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response, Template

from fluxcc.web.backend import Backend
from fluxcc.web.guards import (
    COOKIE,
    LOGIN_COOKIE,
    WebRequest,
)
from fluxcc.web.problems import SENTENCES
from fluxcc.web.rendering import address, render
from fluxcc.web.security import is_same, local_path
from fluxcc.web.sessions import stamp

LONGEST_PASSWORD = 1024
"""Characters of a password that is looked at: a longer one is wrong without being hashed."""


class Credentials(msgspec.Struct):
    """The log-in form."""

    user: str = ""
    password: str = ""
    csrf_token: str = ""
    next: str = "/"


@get("/login")
async def log_in_form(
    request: WebRequest, next_path: Annotated[str, QueryParameter(name="next")] = "/"
) -> Response[str] | Template | Redirect:
    """The log-in form."""
    if request.user is not None:
        return Redirect(address(request, local_path(next_path)), status_code=303)
    return _form(request, next_path)


@post("/login")
async def log_in(
    request: WebRequest,
    backend: NamedDependency[Backend],
    data: URLEncodedBody[Credentials],
) -> Template | Redirect:
    """Begin a session, with a name that nobody had before."""
    client = request.client.host if request.client else ""
    if not is_same(data.csrf_token, request.cookies.get(LOGIN_COOKIE, "")):
        return _form(request, data.next, "csrf", 403)
    if wait := backend.throttle.wait(data.user, client):
        refusal = _form(request, data.next, "too-many-requests", 429)
        refusal.headers["Retry-After"] = str(int(wait) + 1)
        return refusal
    backend.throttle.failed(data.user, client)
    user = None
    if len(data.password) <= LONGEST_PASSWORD:
        user = await backend.accounts.log_in(data.user, data.password)
    if user is None:
        return _form(request, data.next, "wrong-password", 401)
    backend.throttle.succeeded(data.user, client)
    if request.auth is not None:
        backend.sessions.end(request.auth)
    name, _ = backend.sessions.begin(user.name, stamp(user.password_hash))
    answer = Redirect(address(request, local_path(data.next)), status_code=303)
    _set_cookie(request, answer, COOKIE, name)
    answer.delete_cookie(LOGIN_COOKIE, path=_cookie_path(request))
    return answer


@post("/logout")
async def log_out(request: WebRequest, backend: NamedDependency[Backend]) -> Redirect:
    """End the session."""
    if request.auth is not None:
        backend.sessions.end(request.auth)
    answer = Redirect(address(request, "/login"), status_code=303)
    answer.delete_cookie(COOKIE, path=_cookie_path(request))
    return answer


def _form(request: WebRequest, next_path: str, code: str = "", status: int = 200) -> Template:
    token = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(32)
    facts = {"next": local_path(next_path), "login_token": token, "error": SENTENCES.get(code, "")}
    answer = render(request, "login.html", http_status=status, **facts)
    _set_cookie(request, answer, LOGIN_COOKIE, token)
    return answer


def _set_cookie(request: WebRequest, answer: Response[Any], key: str, value: str) -> None:
    answer.set_cookie(
        key,
        value,
        path=_cookie_path(request),
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )


def _cookie_path(request: WebRequest) -> str:
    return address(request, "/")
