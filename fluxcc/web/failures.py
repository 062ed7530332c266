"""Turns what was raised into an answer: a problem for programs, a page for people."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from fluxcc import i18n
from fluxcc.web.guards import WebRequest
from fluxcc.web.permissions import API
from fluxcc.web.problems import MEDIA_TYPE, SENTENCES, Problem, ProblemError, code_of_status
from fluxcc.web.rendering import address, language_of, render

log = logging.getLogger(__name__)


def answer(request: WebRequest, error: Exception) -> Response[Any]:
    """The answer to a request that ended so."""
    problem = _problem(request, error)
    if problem.code == "internal-error":
        # The path itself may hold a telephone number.
        route = request.scope.get("path_template", "")
        log.error("a request failed", exc_info=error, extra={"route": route})
    headers = error.headers if isinstance(error, ProblemError) else {}
    if isinstance(error, HTTPException):
        # 405 names what is allowed.
        headers = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
    if request.scope["path"].startswith((API, "/healthz")):
        return Response(
            msgspec.json.encode(problem),
            status_code=problem.status,
            media_type=MEDIA_TYPE,
            headers=headers,
        )
    if "Location" in headers:
        return Redirect(address(request, headers["Location"]), status_code=303)
    page = render(request, "error.html", http_status=problem.status, problem=problem)
    page.headers.update(headers)
    return page


def _problem(request: WebRequest, error: Exception) -> Problem:
    translate = i18n.catalogue(language_of(request)).gettext
    if isinstance(error, ProblemError):
        reply = error.reply
        title = reply.text if reply else translate(SENTENCES[error.code])
        return Problem(
            status=error.status, code=error.code, title=title, detail=error.detail, reply=reply
        )
    status, detail = 500, ""
    if isinstance(error, HTTPException) and error.status_code < 500:
        status, detail = error.status_code, _detail(error)
    if isinstance(error, RecursionError):
        # A body that is nested too deep: nothing else here recurses.
        status, detail = 400, "nested too deep"
    code = code_of_status(status)
    return Problem(status=status, code=code, title=translate(SENTENCES[code]), detail=detail)


def _detail(error: HTTPException) -> str:
    """What exactly is wrong with a request: which field, and why."""
    fields = error.extra if isinstance(error.extra, list) else []
    said = [f"{each.get('key', '')}: {each.get('message', '')}" for each in fields]
    return "; ".join(said) or error.detail
