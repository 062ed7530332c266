"""Has the daemon carry out what a visitor asks for, and tells its reply in the visitor's language.

The daemon itself knows each user's rights; what is refused here only spares it the question.
Counterparts: ``daemon``, ``doors.askers``.
"""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc import i18n
from fluxcc.config import find_zone
from fluxcc.domain import requests
from fluxcc.domain.agents import clean_domain
from fluxcc.protocol.operators import Ask
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.problems import ProblemError
from fluxcc.web.rendering import language_of
from fluxcc.web.shapes import Reply
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor


async def carry_out(request: WebRequest, backend: Backend, user: Visitor, ask: Ask) -> Reply:
    """The daemon's reply, also one that refuses. Raises ``ProblemError`` where there is none."""
    language = i18n.pick(ask.language, language_of(request))
    answer = await backend.daemon.ask(
        replace(ask, on_behalf_of=user.on_behalf_of, language=language)
    )
    if answer.reply is None:
        raise ProblemError(503, "unavailable", "no reply came")
    return told(backend, user, answer.reply, language)


def told(backend: Backend, user: Visitor, reply: requests.Reply, language: str) -> Reply:
    """A reply as this visitor is told it."""
    zone = find_zone(backend.settings.zone)
    return Sight.of(user).reply(reply, i18n.sentence(reply, language, zone, zone))


def within(user: Visitor, domain: str) -> str:
    """The SIP domain that is meant: the visitor's own where they are confined to one. Raises
    ``ProblemError`` for another one, and for what is none."""
    cleaned = clean_domain(domain)
    if domain and not cleaned:
        raise ProblemError(400, "malformed-request", "domain is malformed")
    if not user.may_see_domain(cleaned):
        raise ProblemError(403, "foreign-domain")
    return cleaned or user.domain
