"""``/api/v1/blocks`` and ``/api/v1/numbers``: blocked numbers, and what is known of one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter

from fluxcc.domain.actions import Action
from fluxcc.domain.requests import LONGEST_REASON
from fluxcc.protocol.operators import CHECK, LONGEST_BLOCK, LONGEST_NUMBER, Ask, CheckedNumber
from fluxcc.site.past import Past
from fluxcc.web.api.routing import (
    ACTING,
    READING,
    DomainFilter,
    IdempotencyKey,
    Limit,
    NodeFilter,
    of_past,
    or_problem,
)
from fluxcc.web.asking import carry_out, within
from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest
from fluxcc.web.records import Told
from fluxcc.web.shapes import Block, Number, Reply
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor

ANumber = Annotated[
    str,
    PathParameter(
        min_length=1, max_length=LONGEST_NUMBER, description="A number, or the name of a block."
    ),
]


class BlockBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A number to be blocked."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NUMBER)]
    """In any spelling."""
    duration: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_BLOCK)] | None = None
    """Seconds; without it, the configured time."""
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""
    domain: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """The SIP domain for which it is blocked; empty for all that are the visitor's."""


@get("/blocks", responses=READING)
async def blocks(
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    which: Annotated[
        Literal["live", "all"],
        QueryParameter(name="state", description="Those that hold, or also ended ones."),
    ] = "live",
    domain: DomainFilter = "",
    node: NodeFilter = "",
    limit: Limit = 100,
) -> Response[list[Block]]:
    """The blocks that the visitor may see, the newest first."""
    sight, domain = Sight.of(user), within(user, domain)
    if which == "live":
        backend.live.present.demand()
        every, own = backend.live.present.blocks(sight), backend.live.present.node
        found = Told([each for each in every if node in ("", each.node or own)], is_alone=False)
    else:

        def query(past: Past) -> list[Block]:
            return [sight.block(each) for each in past.blocks(limit) if sight.has_block(each)]

        found = await backend.records.past(query, node)
    wanted = [each for each in found.found if domain in ("", each.domain) or not each.domain]
    return of_past(Told(wanted[:limit], found.is_alone))


@post("/blocks", status_code=200, responses=ACTING)
async def block(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    data: JSONBody[BlockBody],
    request_id: IdempotencyKey = None,
) -> Reply:
    """Block a number, or make its block hold longer."""
    ask = Ask(
        do=Action.BLOCK,
        number=data.number,
        duration=data.duration,
        reason=data.reason,
        domain=within(user, data.domain),
        request=request_id or "",
    )
    return or_problem(await carry_out(request, backend, user, ask))


@delete("/blocks/{number:str}", status_code=200, responses=ACTING)
async def release(
    request: WebRequest,
    user: NamedDependency[Visitor],
    backend: NamedDependency[Backend],
    number: ANumber,
    domain: DomainFilter = "",
    request_id: IdempotencyKey = None,
) -> Reply:
    """Release a number before its time."""
    ask = Ask(
        do=Action.UNBLOCK,
        number=number,
        domain=within(user, domain),
        request=request_id or "",
    )
    return or_problem(await carry_out(request, backend, user, ask))


@get("/numbers/{number:str}", responses=READING)
async def check(
    user: NamedDependency[Visitor], backend: NamedDependency[Backend], number: ANumber
) -> Number:
    """What is known of a number: how it reads, whether it is blocked, and whether it can be."""
    ask = Ask(do=CHECK, number=number, on_behalf_of=user.on_behalf_of)
    return Sight.of(user).checked(await backend.daemon.read(ask, CheckedNumber))
