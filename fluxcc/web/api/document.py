"""``GET /api/v1/openapi.json``: the API's description, made from the code."""

from __future__ import annotations

from typing import Any

from litestar import Router, get
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin

from fluxcc.web.guards import WebRequest

VIEWERS = "/viewers"
"""Where Litestar would serve viewers of the document, which load their scripts from elsewhere."""


class WithoutViewers(InitPlugin):
    """Takes them away again; there is no setting for it."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """See the base class."""
        app_config.route_handlers = [
            each
            for each in app_config.route_handlers
            if not (isinstance(each, Router) and each.path == VIEWERS)
        ]
        return app_config


def without_viewers(app_config: AppConfig) -> AppConfig:
    """A hook of Litestar's, called before those of plugins: the last of these takes them away."""
    app_config.plugins.append(WithoutViewers())
    return app_config


@get("/openapi.json", include_in_schema=False)
async def document(request: WebRequest) -> dict[str, Any]:
    """OpenAPI 3.1."""
    return request.app.openapi_schema.to_schema()
