"""The client of a board in Python, against an event socket that sends when it is asked to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator

import pytest

from fluxcc import client
from fluxcc.client import Board, NoReplyError


class EventSocket(threading.Thread):
    """Takes one board's connection and notes every byte. What it has to tell waits until something
    comes, as FreeSWITCH's events do until its next beat."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received = b""
        self._waiting: deque[bytes] = deque()

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            connection.sendall(b"Content-Type: auth/request\n\n")
            unread = b""
            while data := connection.recv(65536):
                self.received += data
                # What waited before it was answered: the board may go on at once.
                due = [self._waiting.popleft() for _ in range(len(self._waiting))]
                unread += data
                *commands, unread = unread.split(b"\n\n")
                for _ in commands:
                    connection.sendall(b"Content-Type: command/reply\nReply-Text: +OK\n\n")
                if set(unread) <= set(b"\n"):
                    unread = b""
                connection.sendall(b"".join(due))

    def tell(self, request: str) -> None:
        """The reply to that request waits from now on."""
        event = {"Event-Subclass": "fluxcc::reply", "Fluxcc-Request-ID": request}
        body = json.dumps(event).encode()
        head = b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body)
        self._waiting.append(head + body)


@pytest.fixture
def pbx() -> EventSocket:
    pbx = EventSocket()
    pbx.start()
    return pbx


@pytest.fixture
def board(pbx: EventSocket) -> Iterator[Board]:
    with Board("127.0.0.1", pbx.port, "secret", name="desk-2") as board:
        yield board


def test_blank_lines_bring_the_reply_and_end_with_it(pbx: EventSocket, board: Board) -> None:
    request = board.begin("prank", "1000")
    asked = len(pbx.received)
    threading.Timer(0.05, pbx.tell, [request]).start()
    assert board.wait(request).request == request
    nudges = pbx.received[asked:]
    assert nudges.strip(b"\n") == b""
    assert len(nudges) > 5
    after = len(pbx.received)
    time.sleep(0.02)
    assert len(pbx.received) == after


def test_without_them_nothing_comes(
    pbx: EventSocket, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "NUDGES", ())
    request = board.begin("prank", "1000")
    pbx.tell(request)
    with pytest.raises(NoReplyError):
        board.wait(request, 0.05)


def test_they_are_not_kept_back_by_the_system(board: Board) -> None:
    assert board._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_board_says_its_name(pbx: EventSocket, board: Board) -> None:
    board.begin("prank", "1000")
    assert b"\nFluxcc-Board: desk-2\n" in pbx.received


def test_patience_is_kept(pbx: EventSocket, board: Board) -> None:
    began = time.monotonic()
    with pytest.raises(NoReplyError):
        board.wait(board.begin("prank", "1000"), 0.05)
    assert time.monotonic() - began < 1
