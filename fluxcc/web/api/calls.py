"""``GET /api/v1/calls``: live and ended calls."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from fluxcc.store.history import History
from fluxcc.web.api.routing import (
    READING,
    AgentFilter,
    DomainFilter,
    Limit,
    NumberFilter,
    Since,
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
    node: Annotated[str, QueryParameter(max_length=64, description="Of this PBX.")] = "",
    limit: Limit = 100,
) -> list[Call]:
    """The calls that the visitor may see: live ones the oldest first, ended ones the newest."""
    sight, domain = Sight.of(user), within(user, domain)
    if which == "live":
        backend.live.present.demand()
        wanted = backend.records.numbers.read(number).canonical if number else ""
        return [
            sight.call(each)
            for each in backend.live.present.live_calls(sight)
            if each.started >= since
            and agent in ("", each.agent)
            and domain in ("", each.domain)
            and (not number or backend.records.numbers.read(each.number).canonical == wanted)
            and (not node or backend.live.present.node == node)
        ][:limit]
    of_agent = user.extension or agent

    def query(history: History) -> list[Call]:
        found = history.ended_calls(
            since=since, number=number, agent=of_agent, domain=domain, limit=limit
        )
        return [sight.record(each) for each in found if sight.has_call(each)]

    return await backend.records.read(query, node)


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

    def query(history: History) -> Call | None:
        found = history.call(leg)
        return sight.record(found) if found and sight.has_call(found) else None

    ended = await backend.records.read(query)
    if ended is None:
        raise ProblemError(404, "not-found", "there is no such call")
    return ended
