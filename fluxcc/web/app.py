"""Builds the application: every route with its guards, headers, limits and error answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, MediaType, Router, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router

from fluxcc import __version__
from fluxcc.config import Settings
from fluxcc.web import api, pages
from fluxcc.web.api.document import VIEWERS, without_viewers
from fluxcc.web.backend import Backend
from fluxcc.web.failures import answer
from fluxcc.web.guards import Authentication, guard, provide_backend, provide_user
from fluxcc.web.permissions import API, PERMISSIONS
from fluxcc.web.rendering import STATIC, template_config
from fluxcc.web.security import LONGEST_BODY, add_headers

COMPRESSED = DefineMiddleware(CompressionMiddleware, config=CompressionConfig("gzip"))
"""For files without persons in them alone: the length of a compressed page tells of the secrets in
it."""


def build_app(settings: Settings, backend: Backend) -> Litestar:
    """The application, not yet served. Raises ``ValueError`` where a route has no row in the table
    of permissions."""

    @asynccontextmanager
    async def life(_app: Litestar) -> AsyncIterator[None]:
        await backend.start()
        try:
            yield
        finally:
            await backend.stop()

    app = Litestar(
        [
            healthz,
            Router("/", route_handlers=pages.HANDLERS, include_in_schema=False),
            Router(API, route_handlers=api.HANDLERS),
            create_static_files_router("/static", [STATIC], middleware=[COMPRESSED]),
        ],
        state=State({"backend": backend}),
        lifespan=[life],
        guards=[guard],
        middleware=[Authentication],
        dependencies={"user": Provide(provide_user), "backend": Provide(provide_backend)},
        before_send=[add_headers],
        exception_handlers={Exception: answer},
        template_config=template_config(),
        request_max_body_size=LONGEST_BODY,
        openapi_config=OpenAPIConfig(title="fluxcc", version=__version__, path=VIEWERS),
        on_app_init=[without_viewers],
        logging_config=None,
        debug=False,
    )
    _check_permissions(app)
    return app


@get("/healthz", media_type=MediaType.TEXT, include_in_schema=False)
async def healthz() -> str:
    """Whether this process answers; of the daemon it says nothing."""
    return "ok\n"


def routes(app: Litestar) -> set[tuple[str, str]]:
    """(method, path) of everything that is served."""
    return {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


def _check_permissions(app: Litestar) -> None:
    if wrong := routes(app) ^ PERMISSIONS.keys():
        raise ValueError(f"routes and permissions differ: {sorted(wrong)}")
