"""``GET /api/v1/calls``: live and ended calls."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from fluxcc.domain.calls import CallRecord
from fluxcc.site.past import Past
from fluxcc.web.api.routing import (
    READING,
    AgentFilter,
    DomainFilter,
    Limit,
    NodeFilter,
    NumberFilter,
    Since,
    of_past,
)
from fluxcc.web.asking import within
from fluxcc.web.backend import Backend
from fluxcc.web.problems import ProblemError
from fluxcc.web.shapes import Call
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor

State = Annotated[
    Literal["live", "ended"],
    QueryParameter(name="state", description="Live calls, or those in the store."),
]


@get("/calls", responses=READING)
async def calls(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    which: State = "live",
    since: Since = 0.0,
    agent: AgentFilter = "",
    number: NumberFilter = "",
    domain: DomainFilter = "",
    node: NodeFilter = "",
    limit: Limit = 100,
) -> Response[list[Call]]:
    """The calls that the visitor may see: live ones the oldest first, ended ones the newest."""
    sight, domain = Sight.of(user), within(user, domain)
    if which == "live":
        backend.live.present.demand()
        wanted = backend.records.numbers.read(number).canonical if number else ""
        live = [
            sight.call(each)
            for each in backend.live.present.live_calls(sight)
            if each.started >= since
            and agent in ("", each.agent)
            and domain in ("", each.domain)
            and (not number or backend.records.numbers.read(each.number).canonical == wanted)
            and node in ("", each.node or backend.live.present.node)
        ]
        return Response(live[:limit])
    of_agent = user.extension or agent

    def query(past: Past) -> list[Call]:
        found = past.ended_calls(
            since=since, number=number, agent=of_agent, domain=domain, limit=limit
        )
        return [sight.record(each) for each in found if has_record(backend, sight, each)]

    return of_past(await backend.records.past(query, node))


@get("/calls/{leg:str}", responses=READING)
async def call(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    leg: Annotated[str, PathParameter(max_length=256, description="UUID of a leg of the call.")],
) -> Call:
    """One live call, or one that ended of late."""
    sight = Sight.of(user)
    backend.live.present.demand()
    live = backend.live.present.find_call(leg)
    if live is not None and sight.has_call(live):
        return sight.call(live)

    def query(past: Past) -> Call | None:
        found = past.call(leg)
        return sight.record(found) if found and has_record(backend, sight, found) else None

    ended = (await backend.records.past(query)).found
    if ended is None:
        raise ProblemError(404, "not-found", "there is no such call")
    return ended


def has_record(backend: Backend, sight: Sight, call: CallRecord) -> bool:
    """Whether an ended call is seen."""
    if not sight.has_call(call):
        return False
    return sight.agent is None or not backend.live.present.is_strange(sight.agent, call)
