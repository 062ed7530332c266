"""``GET /api/v1/status``: the daemon, as far as it concerns the page's users."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from fluxcc.web.api.routing import READING
from fluxcc.web.backend import Backend
from fluxcc.web.shapes import Status
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor


@get("/status", responses=READING)
async def status(user: NamedDependency[Visitor], backend: NamedDependency[Backend]) -> Status:
    """Whether the daemon and FreeSWITCH answer, and how much is going on."""
    return backend.live.present.status(Sight.of(user))
