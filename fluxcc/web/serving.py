"""Serves the application with uvicorn, on one event loop, until a signal ends it.

Counterpart: ``systemd/fluxcc-web.service``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fluxcc.config import Settings
from fluxcc.systemd import ServiceManager
from fluxcc.web.app import build_app
from fluxcc.web.backend import Backend, sessions_file

REQUEST_LIMIT = 10.0
"""Seconds within which a request has come whole, its body too."""
READER_LIMIT = 30.0
"""Seconds for which a browser may read nothing of what was sent to it."""
KEEP_ALIVE = 15
"""Seconds for which a connection may wait for the next request."""
MOST_CONNECTIONS = 2_000
"""Further ones are answered with 503: each costs memory."""
BACKLOG = 256
END_LIMIT = 2
"""Seconds for which answers may go on after the signal; streams have no other end."""


class PatientProtocol(H11Protocol):
    """uvicorn's, which waits without limit for a request's rest and for a reader: not here."""

    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._expect()
        elif self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        super().pause_writing()
        self._stalled = self.loop.call_later(READER_LIMIT, self.transport.abort)

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_LIMIT, self.transport.abort)


class Below:
    """The application below a path: a proxy passes that path on as it is."""

    def __init__(self, app: Any, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI."""
        if scope["type"] == "http" and self._base_path:
            path = self._inner(scope["path"])
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)

    def _inner(self, path: str) -> str:
        """The application's own path; one that it has not for what is not below."""
        if path == self._base_path:
            return "/"
        if path.startswith(f"{self._base_path}/"):
            return path.removeprefix(self._base_path)
        # Asked for by this machine's own watchers, without the proxy.
        return path if path == "/healthz" else "/not-below-the-base-path"


class Server(uvicorn.Server):
    """uvicorn's, which tells the service manager when it listens."""

    def __init__(self, config: uvicorn.Config, manager: ServiceManager) -> None:
        super().__init__(config)
        self._manager = manager

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """See the base class."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._manager.ready()

    async def on_tick(self, counter: int) -> bool:
        """See the base class; called ten times a second."""
        self._manager.alive()
        return await super().on_tick(counter)


def configure(settings: Settings, address: tuple[str, int], backend: Backend) -> uvicorn.Config:
    """How uvicorn serves it."""
    host, port = address
    proxies = settings.web.trusted_proxies
    return uvicorn.Config(
        Below(build_app(settings, backend), settings.web.base_path),
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=END_LIMIT,
        h11_max_incomplete_event_size=16 * 1024,
    )


def serve(
    settings: Settings, address: tuple[str, int], environment: Mapping[str, str] = os.environ
) -> bool:
    """Serve until SIGTERM or SIGINT; whether it could listen at all."""
    backend = Backend(settings, sessions_file(settings, environment))
    server = Server(configure(settings, address, backend), ServiceManager(environment))
    server.run()
    return server.started
