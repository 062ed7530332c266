"""The door of whoever watches: ``/metrics``, ``/healthz`` and ``/readyz`` by HTTP.

It reads and never acts. A port that is taken keeps nobody from telephoning: it is tried again.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import socket
from gevent.pywsgi import LoggingLogAdapter, WSGIHandler, WSGIServer
from prometheus_client import CollectorRegistry, make_wsgi_app

from fluxcc.watching.health import Health

AT_ONCE = 16
"""Connections served at once; further ones wait."""
LONGEST = 10.0
"""Seconds of a connection, however slowly somebody asks."""
AGAIN = 30.0
"""Seconds until a port that is taken is tried again."""

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


class PatientHandler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """Gives everybody ``LONGEST``: gevent's own waits for ever."""

    def handle(self) -> None:
        """Serve one connection."""
        with gevent.Timeout(LONGEST, False):
            super().handle()


class WatchServer:
    """One per daemon; without an address it does nothing."""

    def __init__(
        self, address: tuple[str, int] | None, registry: CollectorRegistry, health: Health
    ) -> None:
        self._address = address
        self._app = routes(registry, health)
        self._server: Any = None
        self._retry: Any = None

    def start(self) -> None:
        """Listen, now or as soon as the port is free."""
        if self._address is None:
            return
        host, port = self._address
        try:
            listener = _listen(host, port)
        except OSError as error:
            log.warning(
                "metrics cannot be told",
                extra={"listen": f"{host}:{port}", "error": str(error), "retry_in": int(AGAIN)},
            )
            self._retry = gevent.spawn_later(AGAIN, self.start)
            return
        self._server = WSGIServer(
            listener,
            self._app,
            spawn=AT_ONCE,
            log=None,
            error_log=LoggingLogAdapter(log, logging.WARNING),
            handler_class=PatientHandler,
        )
        self._server.start()
        log.info(
            "metrics are told",
            extra={
                "listen": f"{host}:{port}",
                "beyond_this_machine": not ipaddress.ip_address(host).is_loopback,
            },
        )

    def stop(self) -> None:
        """Listen no longer."""
        if self._retry is not None:
            self._retry.kill()
        if self._server is not None:
            self._server.stop(timeout=0)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. gevent's own leaves one open where the port is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def routes(registry: CollectorRegistry, health: Health) -> App:
    """The three pages."""
    metrics = make_wsgi_app(registry)
    checks = {"/healthz": health.unhealthy, "/readyz": health.unready}

    def app(environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _page(respond, "405 Method Not Allowed", ["GET and HEAD only"])
        if path == "/metrics":
            pages: Iterable[bytes] = metrics(environ, respond)
            return pages
        check = checks.get(path)
        if check is None:
            return _page(respond, "404 Not Found", ["/metrics", *checks])
        reasons = check()
        return _page(respond, "503 Service Unavailable" if reasons else "200 OK", reasons or ["ok"])

    return app


def _page(respond: Callable[..., Any], status: str, lines: list[str]) -> list[bytes]:
    body = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    respond(
        status,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ],
    )
    return [body]
