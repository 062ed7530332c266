"""The board's protocol: a request event's headers → request, reply → its event's headers.

Contract, section 3. No I/O. Counterparts: ``doors.board`` uses it, ``docs/board.md`` documents it,
``fluxcc.client`` is a board's side.
"""

from __future__ import annotations

from datetime import tzinfo

from fluxcc import i18n
from fluxcc.domain.actions import ALIASES, ON_CALLS, Action
from fluxcc.domain.agents import clean_domain
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import (
    BOARD,
    LONGEST_REASON,
    LONGEST_SERVICE,
    REQUEST_ID,
    UUID,
    Actor,
    Asked,
    Reply,
    Request,
    Role,
    clean_text,
    digest,
    parse_agent,
)
from fluxcc.pbx.events import RequestHeaders

ACTIONS = {action.value: action for action in ON_CALLS} | ALIASES
"""The names by which a board may ask for actions, the Portuguese ones included."""
SURVEY = {"": True, "yes": True, "no": False}
"""``Fluxcc-Survey``: whether a ``hangup`` may lead to the group's survey."""
LONGEST_ECHO = 64
"""Characters of a malformed request's action and agent that its reply repeats."""

NUMBER, TEXT = "Fluxcc-Number", "Fluxcc-Text"
"""Headers of a reply in which the customer's number is."""


def read_request(headers: RequestHeaders, language: str) -> Request:
    """A board's headers as a request. Raises ``RefusedError``."""
    if not REQUEST_ID.fullmatch(headers.request):
        raise RefusedError(Code.MALFORMED_REQUEST)
    try:
        agent = parse_agent(headers.agent, headers.domain)
    except ValueError as error:
        raise RefusedError(Code.MALFORMED_REQUEST) from error
    if not BOARD.fullmatch(headers.board):
        raise RefusedError(Code.MALFORMED_REQUEST)
    if headers.call and not UUID.fullmatch(headers.call):
        raise RefusedError(Code.MALFORMED_REQUEST)
    if not headers.action or headers.survey not in SURVEY:
        raise RefusedError(Code.MALFORMED_REQUEST)
    action = ACTIONS.get(headers.action)
    if action is None:
        raise RefusedError(Code.UNKNOWN_ACTION)
    if action is Action.TRANSFER and not headers.service:
        raise RefusedError(Code.MALFORMED_REQUEST)
    return Request(
        id=headers.request,
        action=action,
        actor=Actor(Role.AGENT, str(agent)),
        board=headers.board,
        agent=agent,
        call=headers.call,
        service=clean_text(headers.service, LONGEST_SERVICE),
        has_survey=SURVEY[headers.survey],
        reason=clean_text(headers.reason, LONGEST_REASON),
        language=language,
    )


def refuse(headers: RequestHeaders, code: Code, language: str) -> Reply:
    """The reply to malformed headers, with their action and agent cleaned. Its request ID is empty
    where theirs is malformed."""
    return Reply(
        request=headers.request if REQUEST_ID.fullmatch(headers.request) else "",
        action=clean_text(headers.action, LONGEST_ECHO),
        agent=clean_text(headers.agent, LONGEST_ECHO),
        domain=clean_domain(headers.domain),
        code=code,
        language=language,
    )


def asked_by_malformed(headers: RequestHeaders, reply: Reply) -> Asked:
    """What another request of the same ID is compared with, of malformed headers and their
    reply."""
    content = digest(
        "malformed",
        headers.board,
        headers.action,
        headers.agent,
        headers.domain,
        headers.call,
        headers.service,
        headers.survey,
        headers.reason,
    )
    by = str(Actor(Role.AGENT, reply.agent))
    return Asked(reply.request, by, reply.action, content, is_malformed=True)


def reply_headers(
    reply: Reply,
    language: str,
    asked: str = "",
    reader: tzinfo | None = None,
    home: tzinfo | None = None,
) -> list[tuple[str, str]]:
    """A reply as the contract's headers, (name, value), the request ID first. ``asked`` is the
    agent as a well-formed request named them. A header without a value is not sent. Its times are
    in the reader's zone (``i18n.clock_time``)."""
    blocked = "" if reply.blocked is None else str(reply.blocked).lower()
    return [
        ("Fluxcc-Request-ID", reply.request),
        ("Fluxcc-Action", reply.action),
        ("Fluxcc-Agent", asked or reply.agent),
        ("Fluxcc-Status", reply.status.value),
        ("Fluxcc-Code", reply.code.value),
        (TEXT, i18n.sentence(reply, language, reader, home)),
        ("Fluxcc-Call", reply.call),
        ("Fluxcc-Domain", reply.domain),
        (NUMBER, reply.number),
        ("Fluxcc-Blocked", blocked),
        ("Fluxcc-Expires-Epoch", str(reply.expires) if reply.expires else ""),
        ("Fluxcc-Block", reply.block),
        ("Fluxcc-Nth", str(reply.nth) if reply.nth else ""),
        ("Fluxcc-Record", "pending" if reply.record_pending else ""),
    ]
