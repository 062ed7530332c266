"""One connection to the event socket, against a server on loopback that follows a script."""

from __future__ import annotations

import socket as native_socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import gevent
import pytest
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from fluxcc.domain.errors import (
    AddressRefusedError,
    LinkLostError,
    LinkRefusedError,
    PbxRejectedError,
)
from fluxcc.pbx.link import Link

SOON = 2.0
"""Seconds within which anything on loopback has happened."""


class Peer:
    """FreeSWITCH's side of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self._connection.sendall(data)

    def expect(self) -> str:
        """The next command; empty when the connection has ended."""
        while b"\n\n" not in self._buffer:
            data = self._connection.recv(65536)
            if not data:
                return ""
            self._buffer += data
        command, _, self._buffer = self._buffer.lstrip(b"\n").partition(b"\n\n")
        return command.decode()

    def reply(self, text: str) -> None:
        """Answer a command."""
        self.send(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode())

    def output(self, text: str) -> None:
        """Answer an API command."""
        body = text.encode()
        self.send(b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(body), body))

    def event(self, body: bytes) -> None:
        """Send an event."""
        self.send(b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body))

    def let_in(self) -> None:
        """Ask for the password and take it."""
        self.send(b"Content-Type: auth/request\n\n")
        assert self.expect() == "auth ClueCon"
        self.reply("+OK accepted")

    def wait_for_the_end(self) -> None:
        """Stay until the other side has gone."""
        while self.expect():
            pass


Script = Callable[[Peer], None]
Dial = Callable[..., Link]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """A link to a server that follows a script; nothing of either is left afterwards."""
    links: list[Link] = []
    servers: list[StreamServer] = []
    broken: list[BaseException] = []

    def make(script: Script, on_event: Callable[[bytes], None] | None = None) -> Link:
        def serve(connection: socket.socket, _address: object) -> None:
            with connection:
                try:
                    script(Peer(connection))
                except OSError:
                    pass  # The link went first.
                except AssertionError as error:
                    broken.append(error)

        server = StreamServer(("127.0.0.1", 0), serve, spawn=Pool())
        server.start()
        servers.append(server)
        links.append(Link("127.0.0.1", server.server_port, "ClueCon", on_event))
        return links[-1]

    yield make
    for link in links:
        link.stop()
    for server in servers:
        server.stop(timeout=SOON)
    assert not broken
    readers = [link._receive_events_greenlet for link in links]
    assert all(reader is None or reader.dead for reader in readers)
    assert not any(server.pool for server in servers)


def stay(peer: Peer) -> None:
    """Let the link in and leave it alone."""
    peer.let_in()
    peer.wait_for_the_end()


def echo(peer: Peer) -> None:
    """Let the link in and answer each command with itself."""
    peer.let_in()
    while command := peer.expect():
        peer.output(command)


def connected(dial: Dial, script: Script, **more: object) -> Link:
    """A link that was let in."""
    link = dial(script, **more)
    link.connect()
    return link


# The way in


def test_the_right_password_lets_in(dial: Dial) -> None:
    link = connected(dial, stay)
    assert link.connected
    assert link.loss == ""


def test_a_wrong_password_is_final(dial: Dial) -> None:
    def refuse(peer: Peer) -> None:
        peer.send(b"Content-Type: auth/request\n\n")
        peer.expect()
        peer.reply("-ERR invalid")

    with pytest.raises(LinkRefusedError, match="password"):
        dial(refuse).connect()


def test_a_refused_address_is_final(dial: Dial) -> None:
    body = b"Access Denied, go away.\n"

    def turn_away(peer: Peer) -> None:
        peer.send(
            b"Content-Type: text/rude-rejection\nContent-Length: %d\n\n%s" % (len(body), body)
        )

    with pytest.raises(AddressRefusedError, match=r"address 127\.0\.0\.1 \(apply-inbound-acl"):
        dial(turn_away).connect()


@pytest.mark.parametrize("password", ["x\r", "x\x00", "x\n\napi shutdown"])
def test_a_password_that_cannot_be_sent_is_final_and_is_not_sent(dial: Dial, password: str) -> None:
    heard: list[str] = []

    def listen(peer: Peer) -> None:
        peer.send(b"Content-Type: auth/request\n\n")
        heard.append(peer.expect())

    link = dial(listen)
    link.password = password
    with pytest.raises(LinkRefusedError):
        link.connect()
    assert "".join(heard) == ""


def test_nobody_listening_is_worth_another_try() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        link = Link("127.0.0.1", free.getsockname()[1], "ClueCon")
        with pytest.raises(LinkLostError, match="nothing listens"):
            link.connect()
    link.stop()
    assert not link.connected


def test_an_address_that_cannot_be_reached_is_worth_another_try() -> None:
    link = Link("255.255.255.255", 1, "ClueCon")
    with pytest.raises(LinkLostError, match=r"no connection to 255\.255\.255\.255:1"):
        link.connect()


def test_a_link_that_was_never_connected_can_be_stopped() -> None:
    """The daemon closes both links whichever of them failed."""
    Link("127.0.0.1", 1, "ClueCon").stop()


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(dial: Dial) -> None:
    link = dial(Peer.wait_for_the_end)
    link.timeout = 0.05
    with pytest.raises(LinkLostError, match="password"):
        link.connect()


def test_a_server_that_hangs_up_at_once_is_worth_another_try(dial: Dial) -> None:
    with pytest.raises(LinkLostError, match="closed"):
        dial(lambda peer: None).connect()


def test_a_server_that_hangs_up_on_the_password_is_worth_another_try(dial: Dial) -> None:
    def hang_up(peer: Peer) -> None:
        peer.send(b"Content-Type: auth/request\n\n")
        peer.expect()

    with pytest.raises(LinkLostError):
        dial(hang_up).connect()


# Commands


def test_a_command_gets_its_answer(dial: Dial) -> None:
    def answer(peer: Peer) -> None:
        peer.let_in()
        assert peer.expect() == "event json HEARTBEAT"
        peer.reply("+OK event listener enabled json")
        assert peer.expect() == "api strepoch"
        peer.output("1795000000\n")
        peer.wait_for_the_end()

    link = connected(dial, answer)
    assert link.send("event json HEARTBEAT").text == "+OK event listener enabled json"
    assert link.api("strepoch") == "1795000000"


def test_answers_of_any_bytes_are_texts(dial: Dial) -> None:
    def answer(peer: Peer) -> None:
        peer.let_in()
        peer.expect()
        peer.send(b"Content-Type: api/response\nContent-Length: 4\n\nJos\xe9")
        peer.wait_for_the_end()

    assert connected(dial, answer).api("x") == "Jos\ufffd"


def test_many_at_once_get_each_their_own_answer(dial: Dial) -> None:
    link = connected(dial, echo)
    asking = [gevent.spawn(link.api, f"echo {number}") for number in range(50)]
    gevent.joinall(asking, timeout=SOON)
    assert [asker.value for asker in asking] == [f"api echo {number}" for number in range(50)]


def test_commands_in_one_go_are_answered_in_order(dial: Dial) -> None:
    answers = connected(dial, echo).send_all(["api a", "api b", "api c"])
    assert [answer.text for answer in answers] == ["api a", "api b", "api c"]


def test_a_command_of_megabytes_arrives_whole(dial: Dial) -> None:
    """Nothing of a short write is lost."""

    def measure(peer: Peer) -> None:
        peer.let_in()
        gevent.sleep(0.02)
        peer.output(str(len(peer.expect())))
        peer.wait_for_the_end()

    assert connected(dial, measure).api("x" * 5_000_000) == str(5_000_000 + len("api "))


def test_the_answer_after_a_time_out_goes_to_nobody_and_the_next_to_its_own_command(
    dial: Dial,
) -> None:
    """Else every later answer would be another command's."""

    def be_late(peer: Peer) -> None:
        peer.let_in()
        first = peer.expect()
        second = peer.expect()
        peer.output(f"late answer to {first}")
        peer.output(f"answer to {second}")
        peer.wait_for_the_end()

    link = connected(dial, be_late)
    with pytest.raises(LinkLostError, match="in time"):
        link.send("api first", timeout=0.02)
    assert link.api("second") == "answer to api second"


def test_a_link_that_was_answered_of_late_is_answering(
    dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check that waits behind many commands loses no link that works."""
    link = connected(dial, echo)
    monkeypatch.setattr("fluxcc.pbx.link.COMMAND_TIMEOUT", 0.05)
    link.api("a")
    assert link.is_answering
    gevent.sleep(0.06)
    assert not link.is_answering
    link.api("b")
    assert link.is_answering


@pytest.mark.parametrize("command", ["api a\r", "api a\x00", "api a\n\napi b", "a\n\n"])
def test_what_could_be_two_commands_is_not_sent_at_all(dial: Dial, command: str) -> None:
    heard: list[str] = []

    def listen(peer: Peer) -> None:
        peer.let_in()
        heard.append(peer.expect())
        peer.output("")
        peer.wait_for_the_end()

    link = connected(dial, listen)
    with pytest.raises(PbxRejectedError):
        link.send_all(["api good", command])
    link.api("harmless")
    assert heard == ["api harmless"]


def test_flushing_events_costs_no_answer(dial: Dial) -> None:
    link = connected(dial, echo)
    link.flush_events()
    link.flush_events()
    assert link.api("a") == "api a"


# Events


def test_events_come_as_the_bytes_they_were_between_answers(dial: Dial) -> None:
    events: list[bytes] = []

    def tell(peer: Peer) -> None:
        peer.let_in()
        peer.expect()
        peer.event(b'{"n":"Jos\xe9"}')
        peer.output("done")
        peer.event(b"no json at all")
        peer.expect()
        peer.output("")
        peer.wait_for_the_end()

    link = connected(dial, tell, on_event=events.append)
    assert link.api("a") == "done"
    link.api("b")
    assert events == [b'{"n":"Jos\xe9"}', b"no json at all"]


def test_a_link_for_commands_passes_over_events(dial: Dial) -> None:
    def tell(peer: Peer) -> None:
        peer.let_in()
        peer.expect()
        peer.event(b"{}")
        peer.output("done")
        peer.wait_for_the_end()

    assert connected(dial, tell).api("a") == "done"


# The end


def lost(link: Link) -> str:
    """Why the link is gone; waits for it."""
    assert link.lost.wait(SOON)
    assert not link.connected
    return link.loss


def test_a_cut_in_the_middle_of_a_body_is_a_loss_and_no_event(dial: Dial) -> None:
    events: list[bytes] = []

    def cut(peer: Peer) -> None:
        peer.let_in()
        peer.send(b'Content-Length: 100\nContent-Type: text/event-json\n\n{"Event-Name":')

    link = connected(dial, cut, on_event=events.append)
    assert "closed" in lost(link)
    assert events == []


def test_commands_that_wait_when_the_link_goes_fail_as_unknown_at_once(dial: Dial) -> None:
    def cut(peer: Peer) -> None:
        peer.let_in()
        for _ in range(3):
            peer.expect()

    link = connected(dial, cut)
    started = time.monotonic()
    asking = [gevent.spawn(link.api, "x", 60.0) for _ in range(3)]
    gevent.joinall(asking, timeout=SOON)
    assert [type(asker.exception) for asker in asking] == [LinkLostError] * 3
    assert time.monotonic() - started < SOON


def test_a_lost_link_stays_lost(dial: Dial) -> None:
    link = connected(dial, Peer.let_in)
    why = lost(link)
    with pytest.raises(LinkLostError, match=why):
        link.api("x")
    link.flush_events()
    assert link.loss == why


@pytest.mark.parametrize("write", [lambda link: link.api("x", 60.0), Link.flush_events])
def test_a_connection_that_cannot_be_written_to_is_a_loss(
    dial: Dial, write: Callable[[Link], object]
) -> None:
    link = connected(dial, stay)
    link.sock.shutdown(native_socket.SHUT_WR)
    with suppress(LinkLostError):
        write(link)
    assert "writing failed" in lost(link)


def test_an_answer_to_no_command_is_a_loss(dial: Dial) -> None:
    """From here on nobody could tell whose answer is whose."""

    def babble(peer: Peer) -> None:
        peer.let_in()
        peer.output("what nobody asked")
        peer.wait_for_the_end()

    assert "without a command" in lost(connected(dial, babble))


@pytest.mark.parametrize(
    "noise", [b"Content-Length: -1\n\n", b"Content-Length: 9999999999\n\n", b"X: " + b"a" * 70_000]
)
def test_what_is_no_event_socket_is_a_loss(dial: Dial, noise: bytes) -> None:
    def rave(peer: Peer) -> None:
        peer.let_in()
        peer.expect()
        peer.send(noise)
        peer.wait_for_the_end()

    link = connected(dial, rave)
    with pytest.raises(LinkLostError):
        link.api("x", 60.0)
    assert lost(link)


def test_good_bye_is_a_loss(dial: Dial) -> None:
    def leave(peer: Peer) -> None:
        peer.let_in()
        peer.send(b"Content-Type: text/disconnect-notice\nContent-Length: 5\n\nBye!\n")
        peer.wait_for_the_end()

    assert "disconnect-notice" in lost(connected(dial, leave))


def test_a_reader_that_breaks_takes_the_link_with_it(dial: Dial) -> None:
    """A link without a reader would only look alive."""

    def tell(peer: Peer) -> None:
        peer.let_in()
        peer.expect()
        peer.event(b"{}")
        peer.wait_for_the_end()

    def break_off(body: bytes) -> None:
        raise gevent.GreenletExit

    link = connected(dial, tell, on_event=break_off)
    with pytest.raises(LinkLostError):
        link.api("x", 60.0)
    assert lost(link)


def test_stopping_ends_what_waits(dial: Dial) -> None:
    link = connected(dial, stay)
    asking = gevent.spawn(link.api, "x", 60.0)
    gevent.sleep(0.01)
    link.stop()
    asking.join(SOON)
    assert isinstance(asking.exception, LinkLostError)
    link.stop()


def test_a_wrong_end_leaves_the_other_link_alone(dial: Dial) -> None:
    first, second = connected(dial, echo), connected(dial, echo)
    first.stop()
    assert second.api("a") == "api a"


def test_others_have_their_turn_while_more_comes_than_can_be_read() -> None:
    """gevent does not switch as long as there is something to read: under overload nobody else
    would run, and no request was answered in time."""
    event = b"Content-Length: 10000\nContent-Type: text/event-json\n\n" + b"x" * 10_000
    listener = native_socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"Content-Type: auth/request\n\n")
            connection.recv(1024)
            connection.sendall(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
            for _ in range(300):
                connection.sendall(event * 100)

    sender = threading.Thread(target=flood)
    sender.start()
    longest, events = 0.0, 0

    def handle(_body: bytes) -> None:
        nonlocal events
        events += 1
        time.sleep(0.0002)

    link = Link("127.0.0.1", listener.getsockname()[1], "ClueCon", handle)
    began = before = time.monotonic()
    link.connect()
    while before - began < 1.0:
        gevent.sleep(0)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    link.stop()
    sender.join()
    listener.close()
    assert events > 100
    assert longest < 1.0
