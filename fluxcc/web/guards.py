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

from fluxcc.domain.provisioning import User
from fluxcc.web.accounts import visitor
from fluxcc.web.backend import Backend
from fluxcc.web.permissions import API, EVERYBODY, PERMISSIONS
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
        backend = backend_of(connection)
        given = connection.headers.get("Authorization", "")
        if given:
            scheme, _, shown = given.partition(" ")
            token = await backend.accounts.token(shown.strip())
            if scheme.lower() != "bearer" or token is None:
                raise ProblemError(
                    401, "not-logged-in", "no such token", {"WWW-Authenticate": "Bearer"}
                )
            return AuthenticationResult(user=visitor(token), auth=None)
        session = backend.sessions.find(connection.cookies.get(COOKIE, ""))
        user = await backend.accounts.user(session.user) if session else None
        if session is None or not is_still_valid(session, user):
            return AuthenticationResult(user=None, auth=None)
        return AuthenticationResult(user=visitor(user), auth=session)


def is_still_valid(session: Session, user: User | None) -> bool:
    """Whether the user of a session is there still, with the password of its beginning."""
    return user is not None and session.stamp == stamp(user.password_hash)


async def guard(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Refuses who may not."""
    method, path = connection.scope["method"], connection.scope["path_template"]
    if method == "OPTIONS":
        return
    allowed = PERMISSIONS[method, path]
    if allowed is EVERYBODY:
        return
    visitor = connection.scope["user"]
    if visitor is None:
        raise not_logged_in(connection)
    if visitor.role not in allowed:
        raise ProblemError(403, "not-permitted")
    if method not in SAFE_METHODS and not visitor.is_token:
        await _check_csrf(connection)


def not_logged_in(connection: ASGIConnection[Any, Any, Any, Any]) -> ProblemError:
    """The refusal of somebody unknown; on a page it leads to the log-in form."""
    if connection.scope["path"].startswith(API):
        return ProblemError(401, "not-logged-in", headers={"WWW-Authenticate": "Bearer"})
    wanted = connection.scope["path"] if connection.scope["method"] == "GET" else "/"
    return ProblemError(401, "not-logged-in", headers={"Location": f"/login?next={quote(wanted)}"})


async def _check_csrf(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    given = connection.headers.get(CSRF_HEADER, "")
    if not given and isinstance(connection, Request) and not is_json(connection):
        given = str((await connection.form()).get(CSRF_FIELD, ""))
    if not is_same(given, connection.scope["auth"].csrf):
        raise ProblemError(403, "csrf")


def is_json(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the body is no form: then the token is in the header or nowhere."""
    kind = connection.headers.get("Content-Type", "")
    return not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))


async def provide_user(request: WebRequest) -> Visitor:
    """The visitor, for a handler's parameter ``user``. Only behind routes that want a log-in."""
    assert request.user is not None  # noqa: S101  # the guard has seen to it
    return request.user


async def provide_backend(request: WebRequest) -> Backend:
    """What the process works with, for a handler's parameter ``backend``."""
    return backend_of(request)
