"""The operators' client against a socket that answers as it is told, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from fluxcc.operators import client
from fluxcc.protocol.operators import Ask, LiveCall

Answering = Callable[[bytes], Path]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    """Listens once, and gives these bytes to whoever asks; the path may be long."""
    threads: list[threading.Thread] = []

    def answer(text: bytes) -> Path:
        path = tmp_path / "door.sock"
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            with server, server.accept()[0] as asker:
                asker.recv(65536)
                asker.sendall(text)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return path

    yield answer
    for thread in threads:
        thread.join(5)


def test_a_reading_comes_in_its_shape(answering: Answering) -> None:
    call = b'{"call":"c","direction":"received","number":"+1","agent":"1000","group":"g",'
    call += b'"started":1.5,"bridged":null,"talking":false,"legs":["c"],"of a later version":1}'
    path = answering(b'{"reading":[' + call + b"]}")
    (found,) = client.read(path, Ask(do="calls"), list[LiveCall])
    assert (found.call, found.started, found.bridged) == ("c", 1.5, None)


def test_what_the_daemon_does_not_understand_is_said_in_its_words(answering: Answering) -> None:
    with pytest.raises(client.MalformedError, match="malformed: fly"):
        client.read(answering(b'{"error":"malformed: fly"}'), Ask(do="fly"), list[LiveCall])


@pytest.mark.parametrize("text", [b"", b"no json", b"[]", b'{"reading":5}'])
def test_what_is_no_answer_is_a_value_error(answering: Answering, text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError) as error:
        client.read(answering(text), Ask(do="calls"), list[LiveCall])
    assert isinstance(error.value, ValueError)


def test_where_nobody_listens_the_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.ask(tmp_path / "none.sock", Ask(do="status"))
