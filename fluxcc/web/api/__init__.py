"""``/api/v1``: the same for programs. One module a family of routes."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from fluxcc.web.api import (
    actions,
    audit,
    blocks,
    calls,
    document,
    entries,
    events,
    status,
    surveys,
)

HANDLERS: list[ControllerRouterHandler] = [
    document.document,
    status.status,
    calls.calls,
    calls.call,
    actions.act,
    blocks.blocks,
    blocks.block,
    blocks.release,
    blocks.check,
    entries.groups,
    entries.group,
    entries.put_group,
    entries.delete_group,
    entries.rooms,
    entries.room,
    entries.put_room,
    entries.delete_room,
    entries.services,
    entries.service,
    entries.put_service,
    entries.delete_service,
    entries.protected,
    entries.one_protected,
    entries.put_protected,
    entries.delete_protected,
    surveys.counted,
    surveys.as_csv,
    audit.audit,
    events.events,
]
"""Every handler, below ``permissions.API``."""
