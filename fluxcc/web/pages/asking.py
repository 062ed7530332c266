"""Asks the daemon for what a form wants, and tells the answer: on the page that is loaded next, or
at once where the browser's script asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar.response import Redirect, Template

from fluxcc import i18n
from fluxcc.marking import _
from fluxcc.protocol.operators import Ask
from fluxcc.web.asking import carry_out
from fluxcc.web.guards import WebRequest, backend_of
from fluxcc.web.notices import Notice, Undo
from fluxcc.web.problems import SENTENCES, ProblemError
from fluxcc.web.rendering import address, language_of, render
from fluxcc.web.security import local_path

ADVICE = {
    "unavailable": _("No action can be done until it is there again; blocks hold meanwhile."),
    "outcome-unknown": _("Look at the list before you try again."),
    "no-such-call": _("It has ended by itself."),
    "action-in-progress": _("Wait for its answer."),
}
"""Code → what to do next."""


async def ask(request: WebRequest, do: str, *, request_id: str = "", **fields: Any) -> Notice:
    """What became of it, in the reader's language. Nothing is raised: a refusal is an answer."""
    assert request.user is not None  # noqa: S101  # the guard has seen to it
    translate = i18n.catalogue(language_of(request)).gettext
    question = Ask(do=do, request=request_id, **fields)
    try:
        reply = await carry_out(request, backend_of(request), request.user, question)
    except ProblemError as error:
        text = translate(SENTENCES[error.code])
        if error.code == "malformed-request" and error.detail:
            text = f"{text} ({error.detail.removeprefix('malformed: ')})"
        return Notice(
            status="failed", text=text, code=error.code, advice=advice(error.code, translate)
        )
    return Notice(
        status=reply.status,
        text=reply.text,
        code=reply.code,
        request=reply.request,
        advice=advice(reply.code, translate),
    )


def advice(code: str, translate: Any) -> str:
    """What to do next, if there is anything to say."""
    return translate(ADVICE[code]) if code in ADVICE else ""


def with_undo(notice: Notice, path: str, title: str, **fields: str) -> Notice:
    """The notice with a form that takes it back, where it was done."""
    if notice.status != "ok":
        return notice
    undo = Undo(path=path, title=title, fields=fields)
    return msgspec.structs.replace(notice, undo=undo)


def told(request: WebRequest, notice: Notice, back: str) -> Template | Redirect:
    """The answer to a form: a part of the page for the script, otherwise the page that it came
    from, which tells it."""
    if request.headers.get("HX-Request"):
        return render(request, "parts/answer.html", answer=notice)
    name = backend_of(request).notices.keep(notice)
    path = local_path(back)
    sign = "&" if "?" in path else "?"
    return Redirect(address(request, f"{path}{sign}said={quote(name)}"), status_code=303)


def refusal(request: WebRequest, sentence: str) -> Notice:
    """What is refused before the daemon is asked."""
    translate = i18n.catalogue(language_of(request)).gettext
    return Notice(status="refused", text=translate(sentence), advice=translate(NOTHING_DONE))


NOTHING_DONE = _("Nothing was done.")
