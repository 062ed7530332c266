"""The event socket: clients, their commands, and the events they asked for.

Its counterpart is any event-socket client. Replies, their order and their quirks are those of
mod_event_socket.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable

import gevent
from gevent.queue import Full, Queue
from gevent.server import StreamServer

from .channel import Channel
from .events import EVENT_NAMES, Event, Value
from .pbx import Pbx
from .subscription import Subscription

MAX_QUEUED_EVENTS = 100_000
MAX_LOST_EVENTS = 500
REPLY_LIMIT = 512

GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
NOT_FOUND = "-ERR command not found"


class EventSocket:
    """Listens on loopback, one greenlet a client."""

    def __init__(self, pbx: Pbx, port: int, password: str) -> None:
        self._pbx = pbx
        self._password = password
        self._server = StreamServer(("127.0.0.1", port), self._welcome)

    @property
    def port(self) -> int:
        """The port it is bound to, once started."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Bind and accept."""
        self._server.start()

    def serve_forever(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Close the listening socket and every client's."""
        self._server.stop()

    def _welcome(self, connection: socket.socket, address: object) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Client(self._pbx, connection, self._password).serve()


class Client:
    """One connection: reads commands, answers them in order, and writes events between answers."""

    def __init__(self, pbx: Pbx, connection: socket.socket, password: str) -> None:
        self._pbx = pbx
        self._connection = connection
        self._password = password
        self._subscription = Subscription()
        self._is_known = False
        self._lost_events = 0
        self._outgoing: Queue[bytes | None] = Queue(MAX_QUEUED_EVENTS)

    def serve(self) -> None:
        """Serve until the client leaves, says ``exit``, or gives a wrong password."""
        writer = gevent.spawn(self._write)
        self._pbx.bus.listen(self._hear)
        try:
            self._outgoing.put(b"Content-Type: auth/request\n\n")
            self._read()
        except OSError:
            pass
        finally:
            self._pbx.bus.forget(self._hear)
            self._outgoing.put(None)
            writer.join(1)
            writer.kill()
            self._connection.close()

    def _write(self) -> None:
        try:
            for frame in iter(self._outgoing.get, None):
                self._connection.sendall(frame)
        except OSError:
            # The reader sees the end of the connection too, and ends this client.
            return

    def _hear(self, event: Event) -> None:
        if not self._subscription.wants(event):
            return
        try:
            self._outgoing.put_nowait(event.frame(self._subscription.form))
            self._lost_events = 0
        except Full:
            self._lost_events += 1
            if self._lost_events > MAX_LOST_EVENTS:
                self._connection.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        file = self._connection.makefile("rb")
        while lines := _command_lines(file.readline):
            command, headers = lines[0], _headers(lines[1:])
            length = dict(headers).get("Content-Length", "")
            body = _text(file.read(int(length))) if length.isdigit() else ""
            if not self._obey(command, headers, body):
                self._outgoing.put(_disconnect_notice())
                return

    def _obey(self, command: str, headers: list[tuple[str, str]], body: str) -> bool:
        """Carry out one command and answer it; False where the client has to go."""
        verb, _, arguments = command.partition(" ")
        verb = verb.lower()
        if not self._is_known:
            return self._authenticate(verb, arguments)
        if verb == "exit":
            self._reply("+OK bye")
            return False
        if verb == "api" and arguments:
            self._answer_api(arguments)
        elif verb == "bgapi" and arguments:
            self._start_job(arguments, dict(headers).get("Job-UUID") or str(uuid.uuid4()))
        elif verb == "sendevent":
            self._reply(f"+OK {self._send_event(command, arguments, headers, body)}")
        else:
            self._reply(self._subscribe(verb, arguments))
        return True

    def _authenticate(self, verb: str, password: str) -> bool:
        if verb != "auth":
            self._reply(NOT_FOUND)
            return True
        self._is_known = password == self._password
        self._reply("+OK accepted" if self._is_known else "-ERR invalid")
        return self._is_known

    def _subscribe(self, verb: str, arguments: str) -> str:
        commands: dict[str, Callable[[], str]] = {
            "event": lambda: self._subscription.listen(arguments.split()),
            "nixevent": lambda: self._subscription.nix(arguments.split()),
            "noevents": self._subscription.stop,
        }
        if arguments:
            commands["filter"] = lambda: self._subscription.filter(arguments)
        command = commands.get(verb)
        return NOT_FOUND if command is None else command()

    def _answer_api(self, command: str) -> None:
        answer = self._pbx.api(command) or "-ERR no reply\n"
        body = answer.encode("utf-8", "surrogateescape")
        head = f"Content-Type: api/response\nContent-Length: {len(body)}\n\n"
        self._outgoing.put(head.encode() + body)

    def _start_job(self, command: str, job: str) -> None:
        self._reply(f"+OK Job-UUID: {job}", f"Job-UUID: {job}\n")
        gevent.spawn(self._run_job, command, job)

    def _run_job(self, command: str, job: str) -> None:
        name, _, argument = command.partition(" ")
        answer = self._pbx.api(command) or "-ERR no reply\n"
        headers = {"Job-UUID": job, "Job-Command": name}
        if argument:
            headers["Job-Command-Arg"] = argument
        self._pbx.bus.fire("BACKGROUND_JOB", headers, body=answer)

    def _send_event(
        self, command: str, name: str, headers: list[tuple[str, str]], body: str
    ) -> str:
        """Fire a client's event, or hand it to the session it names; return its UUID."""
        event_uuid = str(uuid.uuid4())
        name = name.strip() if name.strip() in EVENT_NAMES else "CUSTOM"
        sent: list[tuple[str, Value]] = [("Command", command), *headers]
        subclass = dict(headers).get("Event-Subclass", "")
        if name == "CUSTOM" and subclass:
            rest = [pair for pair in sent if pair[0] != "Event-Subclass"]
            sent = [("Event-Subclass", subclass), *rest]
        sent.append(("Event-UUID", event_uuid))
        target = next((value for key, value in headers if key.lower() == "unique-id"), "")
        session = self._pbx.switchboard.find(target)
        if session is not None:
            self._hand_over(session, name, sent, body)
        else:
            stamped = [*sent, ("Event-Name", name), *self._pbx.bus.stamp()]
            self._pbx.bus.deliver(Event(name, stamped, body))
        return event_uuid

    def _hand_over(
        self, session: Channel, name: str, sent: list[tuple[str, Value]], body: str
    ) -> None:
        """The session fires the event itself: with its own headers, and without an Event-Name.

        One that is bridged never comes to it, and the event is lost.
        """
        if session.bridged_to is None:
            self._pbx.bus.deliver(Event(name, [*sent, *session.headers()], body))

    def _reply(self, text: str, more: str = "") -> None:
        cut = text.encode("utf-8", "surrogateescape")[:REPLY_LIMIT]
        head = b"Content-Type: command/reply\nReply-Text: " + cut + b"\n"
        self._outgoing.put(head + more.encode() + b"\n")


def _command_lines(readline: Callable[[], bytes]) -> list[str]:
    """The lines up to the next empty one, empty lines before them skipped; none at the end."""
    lines: list[str] = []
    for raw in iter(readline, b""):
        line = _text(raw).rstrip("\r\n")
        if line:
            lines.append(line)
        elif lines:
            return lines
    return []


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    parts = (line.partition(":") for line in lines)
    return [(name, value.lstrip(" ")) for name, colon, value in parts if colon]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _disconnect_notice() -> bytes:
    head = f"Content-Type: text/disconnect-notice\nContent-Length: {len(GOODBYE)}\n\n"
    return head.encode() + GOODBYE
