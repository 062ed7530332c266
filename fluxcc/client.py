"""A board's side of the event socket, for use as it is or as a template.

Counterpart: ``fluxcc.doors.board`` in the daemon; the protocol is in ``docs/board.md``. It imports
only the standard library and blocks while it waits, so it can run in a thread of any board in
Python::

    from fluxcc.client import Board

    with Board("127.0.0.1", 8021, password) as board:
        reply = board.prank(agent="1000")
        print(reply.code, reply.text)
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypedDict, Unpack
from uuid import uuid4

REPLY_TIMEOUT = 6.0
"""Seconds for which a reply is waited for; the daemon replies within 5 s. Only to a conference in a
room that was given longer (``fluxcc room add --wait``) may it reply as much later."""
QUICK_NUDGE, QUICK_NUDGES_FOR = 0.001, 0.2
"""Seconds between two blank lines that ask FreeSWITCH for a reply, and for how long; by itself it
looks for events that wait every 20 ms only."""
SLOW_NUDGE, NUDGES_FOR = 0.005, 2.0
"""The same after that. What takes longer comes with FreeSWITCH's beat."""
NUDGES: tuple[tuple[float, float], ...] = (
    (QUICK_NUDGES_FOR, QUICK_NUDGE),
    (NUDGES_FOR, SLOW_NUDGE),
)
_FIELD = re.compile(r"[^\r\n\x00]*")


class BoardError(Exception):
    """FreeSWITCH's event socket refused the connection, or closed it."""


class NoReplyError(BoardError):
    """No reply came in time: the daemon or the link is down. The action may have been done; a
    second request with the same request ID does it at most once."""


@dataclass(frozen=True)
class Reply:
    """The daemon's reply (contract, section 3)."""

    request: str
    status: str
    """``ok``, ``refused``, ``failed`` or ``unknown``."""
    code: str
    text: str
    call: str = ""
    domain: str = ""
    """The agent's SIP domain, where it is known."""
    number: str = ""
    blocked: bool | None = None
    expires: int | None = None
    block: str = ""
    """The block's name, where ``number`` is ``withheld``: ``fluxcc unblock`` takes it."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.status == "ok"


class Options(TypedDict, total=False):
    """What may be said with each of the four actions (``docs/board.md``, request headers)."""

    domain: str
    """The agent's SIP domain; it may stand in the agent, too (``1000@a.example``)."""
    call: str
    """UUID of either leg, where the agent has several calls."""
    reason: str
    """For the audit."""
    language: str
    """``pt_BR`` or ``en``."""
    zone: str
    """The agent's time zone."""
    request: str
    """The request ID; without one it is a new one."""


class Board:
    """One connection. It is not thread-safe: each thread needs its own."""

    def __init__(
        self, host: str, port: int, password: str, *, notices: bool = False, name: str = ""
    ) -> None:
        """Connect and subscribe to replies, and with ``notices`` to blocks and attempts too. The
        ``name`` is the board's, where several boards share a PBX.

        Raises ``BoardError`` or ``OSError``.
        """
        self._name = name
        self._socket = socket.create_connection((host, port), timeout=REPLY_TIMEOUT)
        # Without it the system keeps a blank line back until FreeSWITCH has confirmed the one
        # before it.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._notices: deque[dict[str, str]] = deque()
        self._replies: dict[str, Reply] = {}
        self._read_frame()
        if not self._command(f"auth {password}").startswith("+OK"):
            raise BoardError("FreeSWITCH refused the password")
        names = "fluxcc::reply" + (" fluxcc::block fluxcc::attempt" if notices else "")
        self._command(f"event json CUSTOM {names}")

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def prank(self, agent: str, **options: Unpack[Options]) -> Reply:
        """End the agent's call and block the caller. Raises ``NoReplyError``."""
        return self.wait(self.begin("prank", agent, **options))

    def conference(
        self, agent: str, *, patience: float = REPLY_TIMEOUT, **options: Unpack[Options]
    ) -> Reply:
        """Move customer and agent to the agent's room; otherwise as ``prank``. Where the room was
        given 20 s, ``patience`` has to be 26."""
        return self.wait(self.begin("conference", agent, **options), patience)

    def transfer(self, agent: str, service: str, **options: Unpack[Options]) -> Reply:
        """Send the customer to a service, blind; otherwise as ``prank``."""
        return self.wait(self.begin("transfer", agent, service=service, **options))

    def hangup(self, agent: str, *, survey: str = "", **options: Unpack[Options]) -> Reply:
        """End the call, with the survey where its group has one; ``survey="no"`` for without.
        Otherwise as ``prank``."""
        return self.wait(self.begin("hangup", agent, survey=survey, **options))

    def ask(self, action: str, agent: str, **more: str) -> Reply:
        """Ask for any action and return its reply; ``more`` as for ``begin``.

        Raises ``NoReplyError``.
        """
        return self.wait(self.begin(action, agent, **more))

    def begin(
        self,
        action: str,
        agent: str,
        *,
        domain: str = "",
        call: str = "",
        service: str = "",
        survey: str = "",
        reason: str = "",
        language: str = "",
        zone: str = "",
        request: str = "",
    ) -> str:
        """Ask for any action and return the request ID, for ``wait``; an empty ``request`` gets a
        new one. The domain may stand in ``agent``, too (``1000@a.example``)."""
        request = request or uuid4().hex
        self.send(
            {
                "Fluxcc-Request-ID": request,
                "Fluxcc-Board": self._name,
                "Fluxcc-Action": action,
                "Fluxcc-Agent": agent,
                "Fluxcc-Domain": domain,
                "Fluxcc-Call": call,
                "Fluxcc-Service": service,
                "Fluxcc-Survey": survey,
                "Fluxcc-Reason": reason,
                "Fluxcc-Language": language,
                "Fluxcc-Zone": zone,
            }
        )
        return request

    def send(self, headers: dict[str, str]) -> None:
        """Fire a request event with these headers, those without a value left out."""
        lines = ["sendevent CUSTOM", "Event-Subclass: fluxcc::request"]
        for name, value in headers.items():
            if not _FIELD.fullmatch(value):
                raise ValueError(f"{name} must not have a line end or a NUL in it")
            if value:
                lines.append(f"{name}: {value}")
        self._command("\n".join(lines))

    def wait(self, request: str, patience: float = REPLY_TIMEOUT) -> Reply:
        """The reply to the request with this ID. Raises ``NoReplyError`` after ``patience``
        seconds."""
        began = time.monotonic()
        while request not in self._replies:
            self._read_until(began + patience, _nudge_period(time.monotonic() - began))
        return self._replies.pop(request)

    def notices(self, seconds: float) -> Iterator[dict[str, str]]:
        """The notices that come within that time, each as header → value."""
        deadline = time.monotonic() + seconds
        while True:
            while self._notices:
                yield self._notices.popleft()
            try:
                self._read_until(deadline)
            except NoReplyError:
                return

    def _read_until(self, deadline: float, nudge_period: float | None = None) -> None:
        """Take what comes until then; with ``nudge_period`` for so long, after which a blank line
        asks FreeSWITCH for what waits there."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise NoReplyError("no reply in time")
        self._socket.settimeout(left if nudge_period is None else min(left, nudge_period))
        try:
            self._take(*self._read_frame())
        except TimeoutError as error:
            if nudge_period is None:
                raise NoReplyError("no reply in time") from error
        else:
            return
        finally:
            self._socket.settimeout(REPLY_TIMEOUT)
        self._socket.sendall(b"\n")

    def _command(self, text: str) -> str:
        self._socket.sendall(f"{text}\n\n".encode())
        while True:
            headers, body = self._read_frame()
            if headers.get("content-type") == "command/reply":
                return headers.get("reply-text", "")
            self._take(headers, body)

    def _take(self, headers: dict[str, str], body: bytes) -> None:
        if headers.get("content-type") != "text/event-json":
            return
        event = json.loads(body.decode("utf-8", "replace"))
        if event.get("Event-Subclass") != "fluxcc::reply":
            self._notices.append(event)
            return
        expires = event.get("Fluxcc-Expires-Epoch", "")
        reply = Reply(
            request=event.get("Fluxcc-Request-ID", ""),
            status=event.get("Fluxcc-Status", ""),
            code=event.get("Fluxcc-Code", ""),
            text=event.get("Fluxcc-Text", ""),
            call=event.get("Fluxcc-Call", ""),
            domain=event.get("Fluxcc-Domain", ""),
            number=event.get("Fluxcc-Number", ""),
            blocked={"true": True, "false": False}.get(event.get("Fluxcc-Blocked", "")),
            expires=int(expires) if expires else None,
            block=event.get("Fluxcc-Block", ""),
            headers=event,
        )
        self._replies[reply.request] = reply

    def _read_frame(self) -> tuple[dict[str, str], bytes]:
        while True:
            frame = self._cut_frame()
            if frame is not None:
                return frame
            data = self._socket.recv(65536)
            if not data:
                raise BoardError("FreeSWITCH closed the connection")
            self._buffer += data

    def _cut_frame(self) -> tuple[dict[str, str], bytes] | None:
        """Take a complete frame off the buffer. None leaves the buffer as it is, so that a time-out
        loses no bytes."""
        head, separator, rest = self._buffer.lstrip(b"\n").partition(b"\n\n")
        if not separator:
            return None
        lines = [line.partition(":") for line in head.decode("utf-8", "replace").split("\n")]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        if headers.get("content-type") == "text/rude-rejection":
            raise BoardError("FreeSWITCH refuses this address")
        return headers, rest[:length]


def _nudge_period(waited: float) -> float | None:
    """Seconds until the next blank line, of a reply that was waited for so long already; None where
    no more are sent."""
    return next((period for until, period in NUDGES if waited < until), None)
