"""``GET /api/v1/events``: what happens, as server-sent events."""

from __future__ import annotations

from functools import partial

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from fluxcc.web.backend import Backend
from fluxcc.web.guards import WebRequest, may_go_on
from fluxcc.web.visitor import Visitor


@get("/events", media_type="text/event-stream")
async def events(
    request: WebRequest, user: NamedDependency[Visitor], backend: NamedDependency[Backend]
) -> Stream:
    """Calls, blocks, attempts, replies, surveys and the state, numbered; ``Last-Event-ID`` goes on
    where a stream broke."""
    after = request.headers.get("Last-Event-ID", "")
    return Stream(
        backend.live.stream(user, after, partial(may_go_on, request)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )
