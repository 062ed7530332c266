"""The event socket, byte for byte, over a real connection."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from gevent import socket

from fluxcc.lab.simulator.server import EventSocket

from .conftest import Scene

PASSWORD = "secret"


class Wire:
    """A client that sends bytes and reads frames."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def frame(self) -> tuple[dict[str, str], bytes]:
        headers: dict[str, str] = {}
        for line in iter(self._file.readline, b"\n"):
            if not line:
                raise EOFError
            name, _, value = line.decode().rstrip("\n").partition(": ")
            headers[name] = value
        return headers, self._file.read(int(headers.get("Content-Length", 0)))

    def ask(self, command: str) -> str:
        """The reply's text, or an api command's answer."""
        self.send(f"{command}\n\n".encode())
        headers, body = self.frame()
        return headers.get("Reply-Text", body.decode())

    def event(self) -> dict[str, str]:
        headers, body = self.frame()
        assert headers["Content-Type"] == "text/event-json"
        event: dict[str, str] = json.loads(body)
        return event

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def port(scene: Scene) -> Iterator[int]:
    server = EventSocket(scene.pbx, 0, PASSWORD)
    server.start()
    yield server.port
    server.stop()


@pytest.fixture
def stranger(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    assert wire.frame() == ({"Content-Type": "auth/request"}, b"")
    yield wire
    wire.close()


@pytest.fixture
def client(stranger: Wire) -> Wire:
    assert stranger.ask(f"auth {PASSWORD}") == "+OK accepted"
    return stranger


def _assert_cut(wire: Wire) -> None:
    headers, body = wire.frame()
    assert headers["Content-Type"] == "text/disconnect-notice"
    assert body.startswith(b"Disconnected, goodbye.\n")
    with pytest.raises(EOFError):
        wire.frame()


def test_nothing_works_before_the_password(stranger: Wire) -> None:
    assert stranger.ask("api status") == "-ERR command not found"


def test_a_wrong_password_is_the_end(stranger: Wire) -> None:
    assert stranger.ask("auth guess") == "-ERR invalid"
    _assert_cut(stranger)


def test_exit(client: Wire) -> None:
    assert client.ask("exit") == "+OK bye"
    _assert_cut(client)


@pytest.mark.parametrize("command", ["foo", "api", "bgapi", "filter", "auth again", " api status"])
def test_unknown_commands(client: Wire, command: str) -> None:
    assert client.ask(command) == "-ERR command not found"


def test_commands_in_one_segment_are_answered_in_order(client: Wire) -> None:
    client.send(
        b"\n\r\napi echo one\n\napi echo two  \r\n\r\n\n\nevent json HEARTBEAT\n\napi echo\n\n"
    )
    assert [client.frame()[1] for _ in range(2)] == [b"one", b"two"]
    assert client.frame()[0]["Reply-Text"] == "+OK event listener enabled json"
    assert client.frame()[1] == b"-ERR no reply\n"


def test_an_answer_of_any_bytes_has_its_right_length(client: Wire) -> None:
    client.send(b"api echo Jos\xe9 \xc3\xa7\n\n")
    headers, body = client.frame()
    assert headers == {"Content-Type": "api/response", "Content-Length": "7"}
    assert body == b"Jos\xe9 \xc3\xa7"


def test_an_unknown_api_command(client: Wire) -> None:
    assert client.ask("api foo bar") == "-ERR foo Command not found!\n"


def test_bgapi_answers_at_once_and_later_with_an_event(client: Wire) -> None:
    client.ask("event json BACKGROUND_JOB")
    client.send(b"bgapi echo a b\n\n")
    reply = client.frame()[0]
    assert reply["Reply-Text"] == f"+OK Job-UUID: {reply['Job-UUID']}"
    event = client.event()
    assert event["Job-UUID"] == reply["Job-UUID"]
    assert (event["Job-Command"], event["Job-Command-Arg"]) == ("echo", "a b")
    assert (event["_body"], event["Content-Length"]) == ("a b", "3")


def test_a_sent_event_reaches_who_asked_for_it(client: Wire, port: int) -> None:
    listener = Wire(port)
    listener.frame()
    listener.ask(f"auth {PASSWORD}")
    listener.ask("event json CUSTOM a::b")
    reply = client.ask(
        "sendevent CUSTOM\nFoo: %0a: bar\nEvent-Subclass: a::b\nContent-Length: 5\n\nhello"
    )
    # The body stands after the empty line; what `ask` adds behind it are skipped empty lines.
    event = listener.event()
    listener.close()
    assert reply == f"+OK {event['Event-UUID']}"
    assert event["Event-Name"] == "CUSTOM"
    assert event["Command"] == "sendevent CUSTOM"
    assert event["Foo"] == "%0a: bar"
    assert event["_body"] == "hello"
    assert next(iter(event)) == "Event-Subclass"


def test_an_event_of_no_known_name_is_custom(client: Wire, scene: Scene) -> None:
    client.ask("sendevent FOO\nA: b")
    client.ask("sendevent\nA: c")
    client.ask("sendevent HEARTBEAT\nEvent-Name: CUSTOM")
    names = [event.name for event in scene.events[-3:]]
    assert names == ["CUSTOM", "CUSTOM", "HEARTBEAT"]


def test_an_event_with_a_live_unique_id_is_handed_to_that_session(
    client: Wire, scene: Scene
) -> None:
    caller = scene.call("9999")
    scene.until_event("CHANNEL_PARK")
    client.ask("event json ALL")
    client.ask(f"sendevent CUSTOM\nEvent-Subclass: a::b\nUnique-ID: {caller.uuid}\nFoo: bar")
    event = next(event for event in scene.events if event.get("Foo") == "bar")
    assert event.get("Event-Name") is None
    assert event.get("Channel-Name") == caller.name


def test_an_event_for_a_bridged_session_is_lost(client: Wire, scene: Scene) -> None:
    customer, _ = scene.bridged_call()
    assert client.ask(f"sendevent CUSTOM\nUnique-ID: {customer.uuid}\nFoo: bar").startswith("+OK")
    assert not [event for event in scene.events if event.get("Foo")]


def test_a_channel_event_arrives_whole_with_bytes_that_are_no_utf8(
    client: Wire, scene: Scene
) -> None:
    client.ask("event json CHANNEL_CREATE")
    scene.call("9999", name=b"Jos\xe9".decode("utf-8", "surrogateescape"))
    headers, body = client.frame()
    assert int(headers["Content-Length"]) == len(body) > 4000
    assert b'"Caller-Caller-ID-Name":"Jos\xe9"' in body


def test_heartbeats_count_the_sessions(client: Wire, scene: Scene) -> None:
    client.ask("event json HEARTBEAT")
    scene.call("9999")
    rounds = iter([None, StopIteration])

    def sleep(seconds: float) -> None:
        if next(rounds) is not None:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        scene.pbx.send_heartbeats(sleep)
    assert client.event()["Session-Count"] == "1"
