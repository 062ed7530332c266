"""The pages for a monitor, and the port that they are served on."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket

from fluxcc.watching import server
from fluxcc.watching.server import WatchServer
from tests.testing.ports import free_port

from .conftest import Watched


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", "404 Not Found"),
        ("/metrics/../etc", "GET", "404 Not Found"),
        ("/readyz", "HEAD", "200 OK"),
        ("/readyz", "POST", "405 Method Not Allowed"),
        ("/metrics", "DELETE", "405 Method Not Allowed"),
    ],
)
def test_nothing_else_is_there(watched: Watched, path: str, method: str, status: str) -> None:
    assert watched.get(path, method)[0] == status


@pytest.fixture
def address() -> tuple[str, int]:
    """A port of this machine that is free."""
    return "127.0.0.1", free_port()


@pytest.fixture
def watch_server(watched: Watched, address: tuple[str, int]) -> Iterator[WatchServer]:
    door = WatchServer(address, watched.registry, watched.health)
    yield door
    door.stop()


def fetch(address: tuple[str, int], request: bytes = b"GET /readyz HTTP/1.0\r\n\r\n") -> bytes:
    with socket.create_connection(address, timeout=5) as asker:
        asker.sendall(request)
        answer = b""
        while part := asker.recv(65536):
            answer += part
    return answer


def test_it_listens_until_it_is_stopped(
    watch_server: WatchServer, address: tuple[str, int]
) -> None:
    watch_server.start()
    assert fetch(address).endswith(b"\r\n\r\nok\n")
    assert b"fluxcc_link_up 1.0" in fetch(address, b"GET /metrics HTTP/1.0\r\n\r\n")
    watch_server.stop()
    with pytest.raises(OSError, match="refused"):
        fetch(address)


def test_a_port_that_is_taken_is_tried_again(
    watch_server: WatchServer, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "RETRY_AFTER", 0.01)
    with socket.socket() as other:
        other.bind(address)
        other.listen()
        watch_server.start()
    with gevent.Timeout(5):
        while True:
            gevent.sleep(0.01)
            try:
                assert fetch(address).endswith(b"ok\n")
            except OSError:
                continue
            break


def test_whoever_asks_too_slowly_is_let_go(
    watch_server: WatchServer, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTION_TIMEOUT", 0.05)
    watch_server.start()
    assert b"200" not in fetch(address, b"GET /metrics HTTP/1.1\r\nX-")


def test_without_an_address_nobody_is_told(watched: Watched) -> None:
    door = WatchServer(None, watched.registry, watched.health)
    door.start()
    door.stop()
