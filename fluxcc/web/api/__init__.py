"""``/api/v1``: the same for programs. One module a family of routes."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from fluxcc.web.api import document, events

HANDLERS: list[ControllerRouterHandler] = [document.document, events.events]
"""Every handler, below ``permissions.API``."""
