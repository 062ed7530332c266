"""The operators' door: one line of JSON in, one out, on a UNIX socket (mode 0660).

Counterpart: ``cli.ask``. Who asks is told by the kernel (SO_PEERCRED), not by the asker, so that
the audit can be believed; who may ask is said by the socket's owner, group and mode.
"""

from __future__ import annotations

import logging
import os
import pwd
import socket as native_socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import msgspec
from gevent import socket
from gevent.server import StreamServer

from fluxcc.core.requests.executor import Executor
from fluxcc.core.retention import Erasure
from fluxcc.domain.actions import ON_CALLS, Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.errors import PbxError, RefusedError, StoreUnavailableError
from fluxcc.domain.provisioning import Group, Room, Service, faults
from fluxcc.domain.requests import (
    EXTENSION,
    LONGEST_REASON,
    LONGEST_SERVICE,
    UUID,
    Actor,
    Reply,
    Request,
    Role,
    clean_text,
)

LONGEST_LINE = 64 * 1024
LONGEST_NUMBER = 64
LONGEST_LANGUAGE = 16
LONGEST_BLOCK = 3650 * 86400
MODE = 0o660
BACKLOG = 64
STORE_UNAVAILABLE = "store-unavailable"

log = logging.getLogger(__name__)


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What the ``fluxcc`` command sends."""

    do: str
    """An ``Action``, one of the readings (``status``, ``calls``), or ``purge``."""
    agent: str = ""
    call: str = ""
    number: str = ""
    duration: int | None = None
    service: str = ""
    group: Group | None = None
    """With ``set`` and ``remove``: exactly one of the three."""
    room: Room | None = None
    offer: Service | None = None
    before: float | None = None
    """With ``purge``: an epoch second. Exactly one of this and ``number``."""
    with_live_block: bool = False
    reason: str = ""
    language: str = ""


class Answer(msgspec.Struct):
    """What it gets. Exactly one of the two is set, or ``error``."""

    reply: Reply | None = None
    status: Status | None = None
    reading: Any = None
    error: str = ""
    """``unavailable``: the PBX does not answer. ``malformed``: nothing a ``fluxcc`` would send."""


class Control:
    """One per daemon."""

    def __init__(
        self,
        path: Path,
        executor: Executor,
        readings: Mapping[str, Callable[[], Any]],
        is_connected: Callable[[], bool],
        doings: Mapping[str, Callable[[Ask, str], Any]] = MappingProxyType({}),
    ) -> None:
        """``readings`` tell something; ``doings`` do something that is no action on a call, for the
        asker of that name."""
        self._path = path
        self._executor = executor
        self._readings = readings
        self._doings = doings
        self._is_connected = is_connected
        self._server: StreamServer | None = None

    def start(self) -> None:
        """Listen. A socket that a former life left behind is replaced."""
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        listener = socket.socket(native_socket.AF_UNIX, native_socket.SOCK_STREAM)
        with short_path(self._path) as path:
            self._path.unlink(missing_ok=True)
            listener.bind(path)
        self._path.chmod(MODE)
        listener.listen(BACKLOG)
        self._server = StreamServer(listener, self._serve)
        self._server.start()

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.stop(timeout=1)
            self._path.unlink(missing_ok=True)

    def _serve(self, connection: socket.socket, _address: object) -> None:
        connection.settimeout(10.0)
        try:
            with connection, connection.makefile("rb") as lines:
                line = lines.readline(LONGEST_LINE)
                if line:
                    connection.sendall(msgspec.json.encode(self.answer(line, _who(connection))))
        except OSError as error:
            log.info("an operator's connection broke", extra={"error": str(error)})

    def answer(self, line: bytes, who: str) -> Answer:
        """The answer to one line."""
        try:
            ask = msgspec.json.decode(line, type=Ask)
            reading = self._readings.get(ask.do)
            if reading is not None:
                return Answer(reading=reading())
            doing = self._doings.get(ask.do)
            if doing is not None:
                return Answer(reading=doing(ask, who))
            request = read_request(ask, who)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            return Answer(error=f"malformed: {error}")
        if request.action in ON_CALLS and not self._is_connected():
            return Answer(error="unavailable")
        try:
            reply = self._executor.execute(request)
        except PbxError:
            return Answer(error="unavailable")
        return Answer(reply=reply, status=reply.status if reply else None)


def read_request(ask: Ask, who: str) -> Request:
    """An operator's line as a request. Raises ``ValueError``."""
    action = Action(ask.do)
    for name, value, shape in (("agent", ask.agent, EXTENSION), ("call", ask.call, UUID)):
        if value and not shape.fullmatch(value):
            raise ValueError(f"{name} is malformed")
    if action in (Action.BLOCK, Action.UNBLOCK):
        if not ask.number:
            raise ValueError("number is malformed")
    elif action in ON_CALLS and not ask.agent and not ask.call:
        raise ValueError("agent or call is missing")
    _check_number(ask)
    given = [entry for entry in (ask.group, ask.room, ask.offer) if entry is not None]
    if len(given) != (action in (Action.SET, Action.REMOVE)):
        raise ValueError("exactly one of group, room and offer goes with set and remove")
    if given and faults(given[0]):
        raise ValueError("; ".join(faults(given[0])))
    if ask.duration is not None and not 0 < ask.duration <= LONGEST_BLOCK:
        raise ValueError("duration is malformed")
    return Request(
        id=f"operator-{uuid4().hex}",
        action=action,
        actor=Actor(Role.OPERATOR, who),
        agent=ask.agent,
        call=ask.call,
        number=ask.number,
        duration=ask.duration,
        service=clean_text(ask.service, LONGEST_SERVICE),
        entry=given[0] if given else None,
        reason=clean_text(ask.reason, LONGEST_REASON),
        language=clean_text(ask.language, LONGEST_LANGUAGE),
    )


def _check_number(ask: Ask) -> None:
    # It goes into the audit as it is, and from there to terminals.
    if len(ask.number) > LONGEST_NUMBER or not ask.number.isprintable():
        raise ValueError("number is malformed")


def purge(erasure: Erasure, ask: Ask, who: str) -> dict[str, Any]:
    """What ``fluxcc db purge`` asks for: ``code``, ``counts``, ``blocked_until``. Raises
    ``ValueError``."""
    if bool(ask.number) == (ask.before is not None):
        raise ValueError("exactly one of number and before goes with purge")
    _check_number(ask)
    by, request = str(Actor(Role.OPERATOR, who)), f"operator-{uuid4().hex}"
    try:
        if ask.before is not None:
            erased = erasure.erase_older(ask.before, by, request)
        else:
            erased = erasure.erase_person(
                ask.number, by, request, with_live_block=ask.with_live_block
            )
    except RefusedError as refusal:
        return {"code": refusal.code}
    except StoreUnavailableError as error:
        return {"code": STORE_UNAVAILABLE, "error": str(error)}
    return {
        "code": Code.ERASED,
        "counts": erased.counts,
        "blocked_until": erased.blocked_until,
    }


def _who(connection: socket.socket) -> str:
    """The login name of the process at the other end, or its number where it has none."""
    credentials = connection.getsockopt(
        native_socket.SOL_SOCKET, native_socket.SO_PEERCRED, struct.calcsize("3i")
    )
    _, user, _ = struct.unpack("3i", credentials)
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


class short_path:  # noqa: N801  # used like a function
    """A name for a socket's path that is short enough for the kernel (108 bytes), in a ``with``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = -1

    def __enter__(self) -> str:
        self._folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *exception: object) -> None:
        os.close(self._folder)
