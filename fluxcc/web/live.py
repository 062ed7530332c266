"""The present, kept up by one watch of the daemon, and its happenings for any number of browsers.

Counterparts: ``doors.watch`` (the daemon's end), ``api.events`` (the browsers').
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from fluxcc.web.daemon import Daemon
from fluxcc.web.visitor import Visitor


class Live:
    """One per process."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def start(self) -> None:
        """Begin to watch."""

    async def stop(self) -> None:
        """End the watch and every stream."""

    async def stream(self, _visitor: Visitor, _after: str) -> AsyncIterator[bytes]:
        """What happens from now on, as far as this visitor may see it, as server-sent events."""
        yield b": not yet\n\n"
