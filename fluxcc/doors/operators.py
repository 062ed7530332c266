"""The operators' door: one line of JSON in, one out, on a UNIX socket (mode 0660).

Counterparts: ``operators.client`` at the other end, ``protocol.operators`` for the lines,
``readings`` for queries, ``watch`` for the stream, ``askers`` for who asks: the kernel says so
(SO_PEERCRED) and not the line, so that the audit is reliable; the socket's owner, group and mode
decide who may connect.
"""

from __future__ import annotations

import logging
import select
import socket as native_socket
import stat
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent import socket
from gevent.server import StreamServer

from fluxcc.domain.actions import ON_CALLS
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import AnotherDaemonError, PbxError, StartError
from fluxcc.domain.requests import Actor, Request
from fluxcc.doors.askers import Askers, may_read
from fluxcc.doors.execution import Execution
from fluxcc.doors.watch import Watch
from fluxcc.operators.paths import short_path
from fluxcc.protocol.operators import (
    LONGEST_LINE,
    NOT_PERMITTED,
    UNAVAILABLE,
    WATCH,
    Answer,
    Ask,
    read_ask,
    read_request,
)
from fluxcc.single import FileLock

MODE = 0o660
BACKLOG = 64
MOST_CONNECTIONS = 16
"""Operators who are served at the same time; further ones wait. Each may take an answer of some
megabytes slowly, where there are thousands of blocks."""
READ_TIMEOUT = 3.0
"""Seconds for which an operator's line is waited for; the command sends it at once."""
WRITE_TIMEOUT = 10.0
"""Seconds that an operator may take to read the answer."""
LOOKED_AFTER = 2.0
"""Seconds between two looks whether the socket is still there."""
Reading = Callable[[Ask, Actor], Any]
"""(question, asker) → the answer's ``reading``. Raises ``ValueError``."""

log = logging.getLogger(__name__)


class OperatorsDoor:
    """One per daemon."""

    def __init__(
        self,
        path: Path,
        execution: Execution,
        readings: Mapping[str, Reading],
        is_connected: Callable[[], bool],
        askers: Askers,
        watch: Watch,
    ) -> None:
        """``readings`` are the questions that are no actions, by name (``Ask.do``)."""
        self._path = path
        self._execution = execution
        self._readings = readings
        self._is_connected = is_connected
        self._server: StreamServer | None = None
        self._askers = askers
        self._watch = watch
        self._keeper: gevent.Greenlet | None = None
        self._lock = FileLock(path)
        self._identity: tuple[int, int] | None = None
        self._failure = ""
        """Why a socket that was deleted cannot be made again."""

    def start(self) -> None:
        """Listen. A socket that is left from before a crash is replaced. Raises ``StartError``
        where another process listens on it, or where something else is at its path."""
        self._lock.take()
        self._listen()
        self._keeper = gevent.spawn(self._keep)

    def _listen(self) -> None:
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with short_path(self._path) as path:
            if _is_left_over(self._path, path):
                self._path.unlink(missing_ok=True)
            listener = socket.socket(native_socket.AF_UNIX, native_socket.SOCK_STREAM)
            listener.bind(path)
        self._path.chmod(MODE)
        self._identity = _identity(self._path)
        listener.listen(BACKLOG)
        self._server = StreamServer(listener, self._serve, spawn=MOST_CONNECTIONS)
        self._server.start()

    def _keep(self) -> None:
        while True:
            gevent.sleep(LOOKED_AFTER)
            self.look_after()

    def look_after(self) -> None:
        """Listen again where the socket was deleted, by something that cleans its folder: nobody
        could ask the daemon any more, and commands would take it for stopped."""
        if _identity(self._path) is not None:
            return
        former = self._server
        try:
            self._listen()
        except (OSError, StartError) as error:
            if str(error) != self._failure:
                self._failure = str(error)
                log.error("the operators' socket cannot be made", extra={"error": self._failure})
            return
        self._failure = ""
        log.warning("the operators' socket was deleted, and is made again")
        if former is not None:
            # Those who are served already have their answers.
            former.close()

    def stop(self) -> None:
        """Listen no longer, end the streams, and remove the socket, if it is still this one's."""
        self._watch.stop()
        if self._keeper is not None:
            self._keeper.kill()
        if self._server is not None:
            self._server.stop(timeout=1)
            if _identity(self._path) == self._identity:
                self._path.unlink(missing_ok=True)
        self._lock.release()

    def _serve(self, connection: socket.socket, _address: object) -> None:
        connection.settimeout(READ_TIMEOUT)
        try:
            with connection, connection.makefile("rb") as lines:
                line = lines.readline(LONGEST_LINE)
                if line and _has_gone(connection):
                    # It was read late: the agent may have another customer by now.
                    log.warning("an operator's command was not carried out: it waits no longer")
                elif line:
                    connection.settimeout(WRITE_TIMEOUT)
                    self._reply(line, connection)
        except OSError as error:
            log.info("an operator's connection was lost", extra={"error": str(error)})

    def _reply(self, line: bytes, connection: socket.socket) -> None:
        asked = self._read(line, _user(connection))
        if not isinstance(asked, Answer) and asked[0].do == WATCH:
            self._watch.begin(connection, asked[0].after)
        else:
            answer = asked if isinstance(asked, Answer) else self._answer(*asked)
            connection.sendall(msgspec.json.encode(answer))

    def answer(self, line: bytes, user: int) -> Answer:
        """The answer to one line of a process of this user ID."""
        asked = self._read(line, user)
        return asked if isinstance(asked, Answer) else self._answer(*asked)

    def _read(self, line: bytes, user: int) -> tuple[Ask, Actor] | Answer:
        """A line and who asks; an answer where it is malformed."""
        try:
            ask = read_ask(line)
            return ask, self._askers.actor(ask, user)
        except ValueError as error:
            return Answer(error=f"malformed: {error}")

    def _answer(self, ask: Ask, who: Actor) -> Answer:
        try:
            reading = self._readings.get(ask.do)
            if reading is None:
                return self._carry_out(read_request(ask, who))
            if not may_read(who, ask.do):
                return Answer(error=NOT_PERMITTED)
            return Answer(reading=reading(ask, who))
        except ValueError as error:
            return Answer(error=f"malformed: {error}")

    def _carry_out(self, request: Request) -> Answer:
        execute = self._execution.execute
        if request.action in ON_CALLS and not self._is_connected():
            execute = self._execution.execute_elsewhere
        try:
            reply = execute(request) or self._execution.result(request)
        except PbxError:
            return Answer(error=UNAVAILABLE)
        if reply is None:
            reply = request.reply(Code.OUTCOME_UNKNOWN, call=request.call)
        return Answer(reply=reply, status=reply.status)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is there: device and inode."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _is_left_over(path: Path, short: str) -> bool:
    """Whether a socket is there on which nobody listens. Raises ``StartError`` where something else
    is there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{path} is no socket and stays; set control.socket to another path")
    with native_socket.socket(native_socket.AF_UNIX, native_socket.SOCK_STREAM) as asking:
        # One whose queue is full does not answer at once, and is there all the same.
        asking.setblocking(False)
        try:
            asking.connect(short)
        except ConnectionRefusedError:
            return True
        except FileNotFoundError:
            return False
        except BlockingIOError:
            pass
    raise AnotherDaemonError(
        f"another process listens on {path}; end it, or set control.socket to another path"
    )


def _has_gone(connection: socket.socket) -> bool:
    """Whether the process at the other end has closed the connection, and not only ended its
    line so."""
    poll = select.poll()
    poll.register(connection.fileno(), 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _user(connection: socket.socket) -> int:
    """The user of the process at the other end."""
    credentials = connection.getsockopt(
        native_socket.SOL_SOCKET, native_socket.SO_PEERCRED, struct.calcsize("3i")
    )
    _, user, _ = struct.unpack("3i", credentials)
    return int(user)
