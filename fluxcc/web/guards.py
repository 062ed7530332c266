"""Who asks, and whether they may: at every request, before its handler runs.

``Authentication`` finds the visitor behind a session's cookie or a token; ``guard`` asks the table
of ``permissions`` and, where a browser sends its cookie by itself, wants the session's CSRF token.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import quote

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from fluxcc.web.accounts import visitor
from fluxcc.web.backend import Backend
from fluxcc.web.permissions import API, EVENTS, EVERYBODY, PERMISSIONS
from fluxcc.web.problems import ProblemError
from fluxcc.web.security import SAFE_METHODS, is_same
from fluxcc.web.sessions import Session, stamp
from fluxcc.web.visitor import Visitor

COOKIE = "fluxcc_session"
LOGIN_COOKIE = "fluxcc_login"
"""Bound to the log-in form, where there is no session yet."""
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
WebRequest: TypeAlias = Request[Visitor | None, Session | None, State]


def backend_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Backend:
    """What the process works with."""
    found = connection.app.state.backend
    assert isinstance(found, Backend)  # noqa: S101  # what ``build_app`` puts there
    return found


class Authentication(AbstractAuthenticationMiddleware):
    """``request.user`` is the ``Visitor`` or None, ``request.auth`` their session or None."""

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        """See the base class."""
        # Who only listens is not there: a page that is left open logs out like any other.
        is_use = connection.scope["path"] != EVENTS
        found, session = await find_visitor(connection, is_use=is_use)
        return AuthenticationResult(user=found, auth=session)


async def find_visitor(
    connection: ASGIConnection[Any, Any, Any, Any], *, is_use: bool
) -> tuple[Visitor | None, Session | None]:
    """Who asks, and by which session. Raises ``ProblemError`` for a token that is none."""
    backend = backend_of(connection)
    given = connection.headers.get("Authorization", "")
    if given:
        scheme, _, shown = given.partition(" ")
        token = await backend.accounts.token(shown.strip())
        if scheme.lower() != "bearer" or token is None:
            raise ProblemError(
                401, "not-logged-in", "no such token", {"WWW-Authenticate": "Bearer"}
            )
        return visitor(token), None
    session = backend.sessions.find(connection.cookies.get(COOKIE, ""), is_use=is_use)
    user = await backend.accounts.user(session.user) if session else None
    if session is None or user is None or session.stamp != stamp(user.password_hash):
        return None, None
    return visitor(user), session


async def may_go_on(request: WebRequest) -> bool:
    """Whether who listens to a stream may still do so, with the rights of its beginning."""
    try:
        found, _ = await find_visitor(request, is_use=False)
    except ProblemError:
        return False
    return found == request.user


async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuses who may not."""
    assert isinstance(connection, Request)  # noqa: S101  # there are no web sockets
    method, path = connection.method, connection.scope["path_template"]
    allowed = EVERYBODY if method == "OPTIONS" else PERMISSIONS[method, path]
    if allowed is None:
        return
    visitor = connection.scope["user"]
    if visitor is None:
        raise not_logged_in(connection)
    if visitor.role not in allowed:
        raise ProblemError(403, "not-permitted")
    if method not in SAFE_METHODS and not visitor.is_token:
        await _check_csrf(connection)


def not_logged_in(connection: WebRequest) -> ProblemError:
    """The refusal of a visitor who is not known; on a page it leads to the log-in form."""
    if connection.scope["path"].startswith(API):
        return ProblemError(401, "not-logged-in", headers={"WWW-Authenticate": "Bearer"})
    wanted = connection.scope["path"] if connection.method == "GET" else "/"
    return ProblemError(401, "not-logged-in", headers={"Location": f"/login?next={quote(wanted)}"})


async def _check_csrf(connection: WebRequest) -> None:
    given = connection.headers.get(CSRF_HEADER, "")
    if not given and is_form(connection):
        given = str((await connection.form()).get(CSRF_FIELD, ""))
    if not is_same(given, connection.scope["auth"].csrf):
        raise ProblemError(403, "csrf")


def is_form(connection: WebRequest) -> bool:
    """Whether the body is a form's; otherwise the token is in the header or nowhere."""
    kind = connection.headers.get("Content-Type", "")
    return kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


async def provide_user(request: WebRequest) -> Visitor:
    """The visitor, for a handler's parameter ``user``. Only behind routes that want a log-in."""
    assert request.user is not None  # noqa: S101  # the guard has seen to it
    return request.user


async def provide_backend(request: WebRequest) -> Backend:
    """What the process works with, for a handler's parameter ``backend``."""
    return backend_of(request)
