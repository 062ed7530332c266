"""``POST /api/v1/actions``: the four actions on a call."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from fluxcc.domain.requests import LONGEST_REASON, LONGEST_SERVICE, parse_agent
from fluxcc.protocol.operators import LONGEST_LANGUAGE, Ask
from fluxcc.web.api.routing import ACTING, IdempotencyKey, or_problem
from fluxcc.web.asking import carry_out, within
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.problems import ProblemError
from fluxcc.web.shapes import Reply
from fluxcc.web.visitor import Visitor


class ActionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked for. A call is named by ``call``, or by its agent."""

    action: Literal["prank", "conference", "transfer", "hangup"]
    agent: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """``1000`` or ``1000@a.example``; an agent's own is known without."""
    call: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """UUID of a leg of the call."""
    service: Annotated[str, msgspec.Meta(max_length=LONGEST_SERVICE)] = ""
    """With ``transfer``."""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
    survey: bool = True
    """With ``hangup``: whether the customer may go to the survey."""
    language: Annotated[str, msgspec.Meta(max_length=LONGEST_LANGUAGE)] = ""
    """Of the text; otherwise ``Accept-Language``."""


@post("/actions", status_code=200, responses=ACTING)
async def act(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    data: JSONBody[ActionBody],
    request_id: IdempotencyKey = None,
) -> Reply:
    """Act on a live call, and answer when FreeSWITCH's events show what became of it."""
    ask = Ask(
        do=data.action,
        agent=_agent(user, data.agent, data.call),
        call=data.call,
        service=data.service,
        survey=data.survey,
        reason=data.reason,
        language=data.language,
        request=request_id or "",
    )
    return or_problem(await carry_out(request, backend, user, ask))


def _agent(user: Visitor, named: str, call: str) -> str:
    """Whose call is meant. Raises ``ProblemError``."""
    if user.extension:
        if named and named not in (user.extension, str(user.agent)):
            raise ProblemError(403, "not-your-call")
        return str(user.agent)
    if not named:
        if not call:
            raise ProblemError(400, "malformed-request", "agent or call is missing")
        return ""
    try:
        agent = parse_agent(named)
    except ValueError as error:
        raise ProblemError(400, "malformed-request", "agent is malformed") from error
    return str(agent._replace(domain=within(user, agent.domain)))
