"""The pages: one module each. A new one adds its handlers to ``HANDLERS`` and its routes to
``permissions.PERMISSIONS``."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from fluxcc.web.pages import entering

HANDLERS: list[ControllerRouterHandler] = [
    entering.first_page,
    entering.log_in_form,
    entering.log_in,
    entering.log_out,
]
