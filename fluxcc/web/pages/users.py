"""Usuários: who may log in, and tokens for programs; the administrators' business."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.domain.provisioning import Token, User, UserRole
from fluxcc.marking import _
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.pages import moments
from fluxcc.web.pages.asking import ask, refusal, told
from fluxcc.web.pages.frame import ROLES, show
from fluxcc.web.problems import ProblemError
from fluxcc.web.rendering import language_of
from fluxcc.web.sessions import digest

PATH = "/users"
LEAST_PASSWORD = 10
"""Characters of a password."""
LONGEST_PASSWORD = 1024
TOKEN_BYTES = 32


class AccountForm(msgspec.Struct, kw_only=True):
    """A user or a token."""

    name: str = ""
    role: str = UserRole.VIEWER
    extension: str = ""
    domain: str = ""
    language: str = ""
    password: str = ""
    csrf_token: str = ""


Form = Annotated[AccountForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PATH)
async def users(request: WebRequest, backend: NamedDependency[Backend]) -> Template:
    """The page."""
    return await _page(request, backend)


@post(PATH, status_code=200)
async def add_user(
    request: WebRequest, backend: NamedDependency[Backend], data: Form
) -> Template | Redirect:
    """Add a user; one of that name who is there already is not changed by it."""
    if await backend.accounts.user(data.name.strip()):
        return told(request, refusal(request, _("There is a user of that name.")), PATH)
    if wrong := _password_fault(data.password):
        return told(request, refusal(request, wrong), PATH)
    user = User(
        data.name.strip(),
        _role(data.role),
        extension=data.extension.strip(),
        domain=data.domain.strip().lower(),
        password_hash=await backend.accounts.hash(data.password),
        language=data.language,
    )
    notice = await ask(request, "set", entry=user)
    return told(request, notice, PATH)


@post(f"{PATH}/password", status_code=200)
async def set_password(
    request: WebRequest, backend: NamedDependency[Backend], data: Form
) -> Template | Redirect:
    """Give a user another password; their sessions end."""
    user = await backend.accounts.user(data.name)
    if user is None:
        raise ProblemError(404, "not-found")
    if wrong := _password_fault(data.password):
        return told(request, refusal(request, wrong), PATH)
    hashed = await backend.accounts.hash(data.password)
    changed = msgspec.structs.replace(user, password_hash=hashed)
    notice = await ask(request, "set", entry=changed)
    if notice.status == "ok":
        backend.sessions.end_all_of(user.name)
    return told(request, notice, PATH)


@post(f"{PATH}/remove", status_code=200)
async def remove_user(
    request: WebRequest, backend: NamedDependency[Backend], data: Form
) -> Template | Redirect:
    """Remove a user; not oneself, so that one administrator stays."""
    assert request.user is not None  # noqa: S101  # the guard has seen to it
    user = await backend.accounts.user(data.name)
    if user is None:
        raise ProblemError(404, "not-found")
    if user.name == request.user.name:
        return told(request, refusal(request, _("You cannot remove yourself.")), PATH)
    notice = await ask(request, "remove", entry=user)
    if notice.status == "ok":
        backend.sessions.end_all_of(user.name)
    return told(request, notice, PATH)


@post("/tokens", status_code=200)
async def add_token(
    request: WebRequest, backend: NamedDependency[Backend], data: Form
) -> Template | Redirect:
    """Make a token, and show it this once: it is in no address, and kept nowhere."""
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    token = Token(
        data.name.strip(),
        _role(data.role),
        extension=data.extension.strip(),
        domain=data.domain.strip().lower(),
        digest=digest(secret),
        created=time.time(),
    )
    entries = await backend.records.read(lambda history: history.entries())
    if any(isinstance(each, Token) and each.name == token.name for each in entries):
        return told(request, refusal(request, _("There is a token of that name.")), PATH)
    notice = await ask(request, "set", entry=token)
    if notice.status != "ok":
        return told(request, notice, PATH)
    return await _page(request, backend, shown_token=secret)


@post("/tokens/revoke", status_code=200)
async def revoke_token(
    request: WebRequest, backend: NamedDependency[Backend], data: Form
) -> Template | Redirect:
    """Take a token no longer."""
    entries = await backend.records.read(lambda history: history.entries())
    token = next(
        (each for each in entries if isinstance(each, Token) and each.name == data.name), None
    )
    if token is None:
        raise ProblemError(404, "not-found")
    notice = await ask(request, "remove", entry=token)
    return told(request, notice, PATH)


async def _page(request: WebRequest, backend: Backend, shown_token: str = "") -> Template:
    language = language_of(request)
    translate = i18n.catalogue(language).gettext
    entries = await backend.records.read(lambda history: history.entries())

    def view(each: User | Token) -> dict[str, Any]:
        return {
            "name": each.name,
            "role_word": translate(ROLES[each.role]),
            "extension": each.extension,
            "domain": each.domain,
            "made": _made(each, language),
        }

    return show(
        request,
        "users",
        users=[view(each) for each in entries if isinstance(each, User)],
        tokens=[view(each) for each in entries if isinstance(each, Token)],
        roles=[(role.value, translate(word)) for role, word in ROLES.items()],
        least=LEAST_PASSWORD,
        shown_token=shown_token,
    )


def _made(account: User | Token, language: str) -> str:
    if isinstance(account, User) or not account.created:
        return moments.NOTHING
    return moments.moment(account.created, language)


def _role(name: str) -> UserRole:
    try:
        return UserRole(name)
    except ValueError as error:
        raise ProblemError(400, "malformed-request", "role is malformed") from error


def _password_fault(password: str) -> str:
    if LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return ""
    return _("The password is too short or too long.")
