"""Clients that are slow, or do nothing: none holds a connection for long."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn

from fluxcc.config import Settings
from fluxcc.web import serving
from fluxcc.web.backend import Backend
from tests.testing.ports import free_port
from tests.testing.waiting import until

LIMIT = 0.5


@pytest.fixture
def port(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The real server in a thread, less patient than as delivered."""
    monkeypatch.setattr(serving, "REQUEST_LIMIT", LIMIT)
    monkeypatch.setattr(serving, "READER_LIMIT", LIMIT)
    chosen = free_port()
    config = serving.configure(settings, ("127.0.0.1", chosen), Backend(settings))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    until(lambda: server.started, "it listens")
    yield chosen
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\na=b",
        b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
)
def test_a_request_that_does_not_come_whole_is_cut_off(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(10)
        slow.sendall(said)
        begun = time.monotonic()
        with suppress(ConnectionError):
            while slow.recv(1024):
                pass
        assert time.monotonic() - begun < LIMIT + 5


def test_one_who_trickles_is_cut_off_as_well(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        begun = time.monotonic()
        slow.sendall(b"GET / HTTP/1.1\r\nX")
        with suppress(OSError):
            while time.monotonic() - begun < 10:
                slow.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - begun < LIMIT + 5


def test_a_request_that_comes_whole_is_answered_and_the_next_one_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(10)
        for _ in range(2):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200 OK" in client.recv(4096)
            time.sleep(LIMIT * 1.5)
