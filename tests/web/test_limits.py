"""Clients that are slow, or do nothing: none holds a connection for long."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest
import uvicorn

from fluxcc.config import Settings
from fluxcc.web import serving
from fluxcc.web.backend import Backend
from tests.testing.daemon import Daemon
from tests.testing.ports import free_port
from tests.testing.waiting import until
from tests.testing.web import SUPERVISOR

LIMIT = 1.0


SMALLEST = 4096
"""Bytes for which the kernel is told to make room, so that little is enough to fill it."""


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """The real one in a thread, less patient than as delivered."""
    monkeypatch.setattr(serving, "REQUEST_LIMIT", LIMIT)
    monkeypatch.setattr(serving, "READER_LIMIT", LIMIT)
    config = serving.configure(settings, ("127.0.0.1", free_port()), Backend(settings))
    server = uvicorn.Server(config)
    with socket.create_server((config.host, config.port)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
        serve = partial(server.serve, sockets=[listener])
        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        until(lambda: server.started, "it listens")
        yield server
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    """Where it listens."""
    return server.config.port


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
            answer = b""
            while not answer.endswith(b"\r\n\r\nok\n"):
                part = client.recv(4096)
                assert part, answer
                answer += part
            assert b"200 OK" in answer
            time.sleep(LIMIT * 1.5)


def test_a_browser_that_reads_nothing_of_its_stream_is_cut_off(
    server: uvicorn.Server, port: int, daemon: Daemon
) -> None:
    """What was not sent by then is not kept for it: it comes back with the number that it read."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
        slow.connect(("127.0.0.1", port))
        head = f"GET /api/v1/events HTTP/1.0\r\nAuthorization: Bearer {SUPERVISOR.token}\r\n\r\n"
        slow.sendall(head.encode())
        until(lambda: server.server_state.connections, "it is served")
        number, told = "11955551111", 0
        while server.server_state.connections:
            assert told < 2_000, "it is still waited for"
            daemon.operate("block", number=number, reason="x" * 200)
            daemon.operate("unblock", number=number)
            told += 1
        slow.settimeout(10)
        read = 0
        with suppress(ConnectionError):
            while data := slow.recv(1 << 16):
                read += len(data)
        assert 0 < read < 1 << 20
