"""One connection to the event socket. The only module that imports greenswitch.

``greenswitch.InboundESL`` has the shape: connect, authenticate, send a command and get its answer,
a greenlet that reads. Each override here repairs a flaw of it (``docs/decisions/0002``), which its
docstring names. A link is used once: a lost link stays lost, and a reconnect makes a new one (it is
a resync too, which ``daemon.session`` does).
"""

from __future__ import annotations

import socket as native_socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import gevent
from gevent import socket
from gevent.event import AsyncResult, Event
from gevent.lock import RLock
from greenswitch import InboundESL

from fluxcc.domain.errors import (
    AddressRefusedError,
    LinkAbsentError,
    LinkLostError,
    LinkRefusedError,
    PbxRejectedError,
)
from fluxcc.pbx.frames import EVENT, Frame, FrameError, FrameReader

READ_SIZE = 256 * 1024
BYTES_PER_TURN = 1024 * 1024
"""Bytes after which the reader lets other greenlets run: one or two milliseconds of work."""
CONNECT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 1.5
"""Seconds for which a command's answer is waited for. A board's reply is due after 5 s
(contract, section 3)."""
REPLY_TIMEOUT = 60.0
"""Seconds for which the answer to the command that sends a reply is waited for: sent again, it
would come twice. A link that is dead is lost long before (``daemon.session.check_health``)."""
_FORBIDDEN = ("\r", "\x00", "\n\n")


def yield_to_others() -> None:
    """Run every other greenlet that is ready, those that wait for sockets and timers too.

    ``gevent.sleep(0)`` is not enough: after it the loop runs ready greenlets up to fifty times
    before it looks at sockets and timers, so that slices of 2 ms delayed those by 100 ms.
    """
    gevent.sleep(1e-6)


class Answer(NamedTuple):
    """FreeSWITCH's answer: a command's Reply-Text, or an API command's output."""

    text: str


class Link(InboundESL):  # type: ignore[misc]  # greenswitch has no types
    """One connection; see the module's docstring. ``on_event`` gets each event's body."""

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        on_event: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(host, port, password, timeout=CONNECT_TIMEOUT)
        self.sock: Any = None
        self._on_event = on_event
        self._reader = FrameReader()
        self._received = bytearray(READ_SIZE)
        self._expected: deque[AsyncResult] = deque()
        self._sending = RLock()
        self._loss = ""
        self._answered_at = time.monotonic()
        self.lost = Event()
        """Set when the link is lost."""

    @property
    def loss(self) -> str:
        """Why the link is lost; empty while it is not."""
        return self._loss

    @property
    def is_answering(self) -> bool:
        """Whether an answer came within the time that is given to one. A health check that waits
        behind many commands may get none in its time, on a link that works."""
        return time.monotonic() - self._answered_at < COMMAND_TIMEOUT

    @property
    def _place(self) -> str:
        """Host and port, for a person."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self) -> None:
        """Connect and authenticate.

        Repairs: no time limit on ``auth/request``; exceptions without a reason; no keepalive.
        Raises ``LinkRefusedError`` where FreeSWITCH refuses password or address, ``LinkLostError``
        otherwise.
        """
        try:
            self.sock = socket.create_connection((self.host, self.port), self.timeout)
        except ConnectionRefusedError as error:
            raise LinkAbsentError(f"nothing listens on {self._place}") from error
        except OSError as error:
            raise LinkLostError(f"no connection to {self._place}: {error}") from error
        self.sock.settimeout(None)
        self._keep_alive()
        self.connected = True
        self._receive_events_greenlet = gevent.spawn(self.receive_events)
        if not self._auth_request_event.wait(self.timeout) or self.lost.is_set():
            self._lose(self._loss or "FreeSWITCH did not ask for the password")
            raise self._refusal or LinkLostError(self._loss)
        self.authenticate()

    _refusal: LinkRefusedError | None = None

    def authenticate(self) -> None:
        """Send the password. Repairs: every answer but one exact text was a wrong password."""
        try:
            answer = self.send(f"auth {self.password}")
        except PbxRejectedError:
            self._lose("the password cannot be sent")
            # ``from None``: the cause has the command in it, and so the password.
            raise LinkRefusedError("the password has a line end or a NUL in it") from None
        if not answer.text.startswith("+OK"):
            self._lose("FreeSWITCH refused the password")
            raise LinkRefusedError(f"FreeSWITCH refused the password ({answer.text})")

    def send(self, data: str, timeout: float = COMMAND_TIMEOUT) -> Answer:
        """Send one command and return its answer.

        Repairs: no time-out, no lock, short writes, line ends that begin a second command. ``data``
        may have single line ends, between headers (``commands.custom_event``), and no empty line.
        Raises ``LinkLostError`` where the answer did not come: the command may have been done.
        """
        return self.send_all([data], timeout)[0]

    def send_all(self, commands: Sequence[str], timeout: float = COMMAND_TIMEOUT) -> list[Answer]:
        """Send commands in one write and return their answers, in the same order; as ``send``."""
        return self.wait_all(self.begin_all(commands), timeout)

    def begin_all(self, commands: Iterable[str]) -> list[AsyncResult]:
        """Send commands in one write; ``wait_all`` gets their answers. A text is asked for when
        nothing is in its way any more, so that texts are sent in the order in which they were
        made."""
        with self._sending:
            texts = list(commands)
            for text in texts:
                if any(forbidden in text for forbidden in _FORBIDDEN):
                    raise PbxRejectedError(f"not allowed in a command: {text[:60]!r}")
            if not self.connected:
                raise LinkLostError(self._loss or "not connected")
            if not texts:
                return []
            payload = "".join(f"{text}\n\n" for text in texts).encode("utf-8", "replace")
            answers = [AsyncResult() for _ in texts]
            self._expected.extend(answers)
            try:
                self.sock.sendall(payload)
            except OSError as error:
                self._lose(f"writing failed: {error}")
        return answers

    @staticmethod
    def wait_all(answers: Sequence[AsyncResult], timeout: float = COMMAND_TIMEOUT) -> list[Answer]:
        """The answers to commands that were begun, in the same order; as ``send``."""
        late = LinkLostError("FreeSWITCH did not answer in time")
        try:
            with gevent.Timeout(timeout, late):
                return [answer.get() for answer in answers]
        except LinkLostError as error:
            if error is not late:
                raise
            # A busy process may not have read an answer that has arrived.
            yield_to_others()
            if all(answer.ready() for answer in answers):
                return [answer.get() for answer in answers]
            raise

    def api(self, command: str, timeout: float = COMMAND_TIMEOUT) -> str:
        """Send an API command; its output without the line end."""
        return self.send(f"api {command}", timeout).text.rstrip("\n")

    def flush_events(self) -> None:
        """Make FreeSWITCH send the events that are queued for this connection.

        Its loop writes events after a read or after 20 ms; a single line end is read and skipped
        (``read_packet`` in mod_event_socket.c), so there is no answer to wait for.
        """
        if self.connected and not self._sending.locked():
            try:
                self.sock.send(b"\n")
            except OSError as error:
                self._lose(f"writing failed: {error}")

    def stop(self) -> None:
        """Close the connection and wait until its reader has ended. Repairs: a wait without a
        limit."""
        self._lose("closed")
        reader = self._receive_events_greenlet
        if reader is not None and reader is not gevent.getcurrent():
            reader.join(1.0)

    def forget_received(self) -> None:
        """Overwrite what was received and has been handled. No greenlet is in the middle of it
        then: between two reads nothing waits but the read itself."""
        self._received[:] = bytes(READ_SIZE)
        self._reader.forget()

    def receive_events(self) -> None:
        """Read until the link is lost. Repairs: an endless loop at the end of the stream; a reader
        that ended at a byte that is no UTF-8 or at an unexpected event; a ``readline`` for each
        header."""
        buffer = self._received
        view = memoryview(buffer)
        read = 0
        try:
            while self.connected:
                # gevent returns bytes that have arrived already without running other greenlets.
                size = self.sock.recv_into(buffer)
                if not size:
                    self._lose("FreeSWITCH closed the connection")
                    return
                frames = self._reader.feed(view[:size])
                is_in_the_middle = size == READ_SIZE and not frames
                # A variable would keep the last one until the next comes (``forget_received``).
                frames.reverse()
                while frames:
                    self.handle_event(frames.pop())
                read += size
                if read >= BYTES_PER_TURN or is_in_the_middle:
                    # Under overload, or in a large answer: more bytes have arrived already.
                    read = 0
                    yield_to_others()
        except FrameError as error:
            self._lose(str(error))
        except OSError as error:
            self._lose(f"reading failed: {error}")
        finally:
            # Any exception ends the link: without a reader it would only look alive.
            self._lose("the reader ended")

    def handle_event(self, event: Frame) -> None:
        """Pass a frame on: an event to ``on_event``, an answer to its command."""
        if event.kind == EVENT:
            if self._on_event is not None:
                self._on_event(event.body)
        elif event.kind == "command/reply":
            self._answer(event.reply)
        elif event.kind == "api/response":
            self._answer(event.body.decode("utf-8", "replace"))
        elif event.kind == "auth/request":
            self._auth_request_event.set()
        elif event.kind == "text/rude-rejection":
            ours = self.sock.getsockname()[0]
            self._refusal = AddressRefusedError(
                f"FreeSWITCH at {self._place} refuses this machine's address {ours}"
                " (apply-inbound-acl in event_socket.conf.xml)"
            )
            self._lose("FreeSWITCH refuses this machine's address")
            self._auth_request_event.set()
        elif event.kind == "text/disconnect-notice":
            self._lose("FreeSWITCH ended the connection (disconnect-notice)")

    def _answer(self, text: str) -> None:
        # A command that timed out stays in the queue: its answer still comes, and would go to the
        # next command otherwise.
        if not self._expected:
            self._lose("FreeSWITCH sent an answer without a command")
            return
        self._answered_at = time.monotonic()
        self._expected.popleft().set(Answer(text))

    def _lose(self, why: str) -> None:
        """Close the link; pending commands raise ``LinkLostError``. Repairs: they waited for
        ever."""
        if self.lost.is_set():
            return
        self._loss = why
        self.connected = False
        self._run = False
        self.lost.set()
        self._auth_request_event.set()
        if self.sock is not None:
            with suppress(OSError):
                # Wakes the reader, which waits in recv, by an end of the stream.
                self.sock.shutdown(native_socket.SHUT_RDWR)
            self.sock.close()
        while self._expected:
            self._expected.popleft().set_exception(LinkLostError(why))

    def _keep_alive(self) -> None:
        self.sock.setsockopt(native_socket.IPPROTO_TCP, native_socket.TCP_NODELAY, 1)
        self.sock.setsockopt(native_socket.SOL_SOCKET, native_socket.SO_KEEPALIVE, 1)
        for option, value in (
            (native_socket.TCP_KEEPIDLE, 20),
            (native_socket.TCP_KEEPINTVL, 10),
            (native_socket.TCP_KEEPCNT, 3),
        ):
            self.sock.setsockopt(native_socket.IPPROTO_TCP, option, value)
