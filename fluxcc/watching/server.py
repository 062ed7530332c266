"""The HTTP server for monitoring: ``/metrics``, ``/healthz`` and ``/readyz``.

It only reads. A port that is taken does not stop the daemon: it is tried again. Counterparts:
``collector`` and ``actions`` (metrics), ``health`` (checks).
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

MOST_CONNECTIONS = 16
"""Connections served at the same time; further ones wait."""
CONNECTION_TIMEOUT = 10.0
"""Seconds after which a connection is closed, however slow its client is."""
RETRY_AFTER = 30.0
"""Seconds until a port that is taken is tried again."""

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger(__name__)


class TimedHandler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """Closes a connection after ``CONNECTION_TIMEOUT``; gevent's own waits without limit."""

    def handle(self) -> None:
        """Serve one connection."""
        with gevent.Timeout(CONNECTION_TIMEOUT, False):
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
                "metrics and health checks are not served: the address cannot be listened on",
                extra={
                    "listen": f"{host}:{port}",
                    "error": str(error),
                    "retry_in": int(RETRY_AFTER),
                },
            )
            self._retry = gevent.spawn_later(RETRY_AFTER, self.start)
            return
        self._server = WSGIServer(
            listener,
            self._app,
            spawn=MOST_CONNECTIONS,
            log=None,
            error_log=LoggingLogAdapter(log, logging.WARNING),
            handler_class=TimedHandler,
        )
        self._server.start()
        log.info(
            "metrics and health checks are served",
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
    """A socket that listens there. gevent's own function leaves it open where the port is taken."""
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
    """The WSGI application of the three pages."""
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
