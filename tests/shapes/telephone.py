"""Many SIP telephones on one UDP port of loopback, served by one thread.

``SipPort`` is the port and ``SipTelephone`` one telephone on it (or somebody on the trunk's side);
``line.py`` has the call, ``sip.py`` the messages and ``media.py`` what is heard. Counterpart:
FreeSWITCH's mod_sofia.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from .line import SipLine
from .media import Media
from .port import PATIENCE, Answers, LabError
from .sip import Message, Request, address_user, authorization, parse

FindLeg = Callable[[str], str]
"""The UUID of the PBX's leg that came of a dialled call with this Call-ID."""

_RESEND = (0.5, 1.0, 2.0, 4.0)
"""Seconds after which a request is sent again while nothing was heard of it (RFC 3261, timer A)."""


class SipTelephone:
    """One telephone (``Telephone``), or somebody on the trunk's side."""

    def __init__(
        self, port: SipPort, user: str, device: str, account: str, *, registers: bool
    ) -> None:
        self.port = port
        self.user = user
        self.account = account
        """The directory user as whom it authenticates."""
        self.device = device
        """The user part of its Contact, by which the port knows whom a call is for."""
        self.answers: Answers = "answer"
        self.display = ""
        self._registers = registers
        self._lines: list[SipLine] = []
        self._registered, self._has_authorized = 0, False
        self._registration = (uuid4().hex, itertools.count(1))

    @property
    def lines(self) -> Sequence[SipLine]:
        """All its calls."""
        return tuple(self._lines)

    def register(self, expires: int = 3600) -> None:
        """REGISTER; the port answers the challenge."""
        if not self._registers:
            return
        with self.port.changed:
            self._registered, self._has_authorized = 0, False
            self.port.register(self, expires, "")
            self.port.changed.wait_for(lambda: self._registered, PATIENCE)
        if self._registered != 200:
            raise LabError(f"{self.user} registers and is answered {self._registered}")

    def dial(self, destination: str, call_id: str = "") -> SipLine:
        """INVITE."""
        address = f"sip:{destination}@{self.port.realm}"
        display = f'"{self.display}" ' if self.display else ""
        line = SipLine(
            self,
            call_id or str(uuid4()),
            local=f"{display}<sip:{self.user}@{self.port.realm}>;tag={uuid4().hex[:8]}",
            remote=f"<{address}>",
            target=address,
        )
        line.number = destination
        with self.port.changed:
            self.add(line)
            line.send("INVITE", line.description())
        return line

    def incoming(self, timeout: float = PATIENCE) -> SipLine:
        """The next call that came in."""

        def unpicked() -> SipLine | None:
            return next((one for one in self._lines if one.is_incoming and not one.is_picked), None)

        with self.port.changed:
            line = self.port.changed.wait_for(unpicked, timeout)
            if line is None:
                raise LabError(f"nobody calls {self.user}")
            line.is_picked = True
            return line

    def add(self, line: SipLine) -> None:
        """It has one more call."""
        self._lines.append(line)
        self.port.lines[line.call_id] = line

    # What the port does with it

    def registration(self) -> tuple[str, int]:
        """The Call-ID of its registration and the next number in it."""
        call_id, numbers = self._registration
        return call_id, next(numbers)

    def hear_registrar(self, message: Message, expires: int) -> None:
        """The registrar's answer."""
        if message.status in (401, 407) and not self._has_authorized:
            self._has_authorized = True
            self.port.register(self, expires, self.port.authorize(self, message))
        elif message.status >= 200:
            self._registered = message.status
            self.port.changed.notify_all()

    def be_called(self, message: Message) -> None:
        """A call comes in."""
        tag = uuid4().hex[:8]
        line = SipLine(
            self,
            message["call-id"],
            local=f"{message['to']};tag={tag}",
            remote=message["from"],
            target=message.contact,
        )
        line.invited = message
        line.number = address_user(message["from"])
        line.sequence = 100
        self.add(line)
        refusal = {"busy": 486, "decline": 603}.get(self.answers)
        if refusal:
            self.port.respond(message, refusal, line)
            line.set_state("ended", refusal)
            return
        if message.body:
            self.port.media.start(line.call_id, message.body)
        if self.answers == "early":
            self.port.respond(message, 183, line, line.description())
            line.set_state("ringing", 183)
            return
        self.port.respond(message, 180, line)
        line.set_state("ringing", 180)
        if self.answers == "answer":
            line.set_state("up", 200)
            self.port.respond(message, 200, line, line.description())


class SipPort:
    """A UDP port with all the telephones of one side; ``server`` is FreeSWITCH's profile."""

    def __init__(
        self,
        server: tuple[str, int],
        media: Media,
        find_leg: FindLeg,
        *,
        domain: str,
        password: str,
        host: str = "127.0.0.1",
        registers: bool = True,
    ) -> None:
        self._server = server
        self._password = password
        self._registers = registers
        self.media = media
        self.find_leg = find_leg
        self.domain = domain
        self.realm = domain if registers else f"{server[0]}:{server[1]}"
        """What stands behind the ``@`` in the addresses of this side."""
        self.lines: dict[str, SipLine] = {}
        self.changed = threading.Condition(threading.RLock())
        """Held while anything of this port's telephones changes, told of each change."""
        self._telephones: dict[str, SipTelephone] = {}
        self._registrations: dict[str, tuple[SipTelephone, int]] = {}
        self._unheard: dict[tuple[str, int, str], tuple[float, int, bytes, tuple[str, int]]] = {}
        self._answered: dict[tuple[str, int, str], bytes] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()
        self._is_open = True
        self._thread = threading.Thread(target=self._serve, name="telephones", daemon=True)
        self._thread.start()

    def telephone(self, user: str, account: str = "") -> SipTelephone:
        """One more telephone of this user (who authenticates as another one)."""
        with self.changed:
            count = sum(one.user == user for one in self._telephones.values())
            device = f"{user}-{count + 1}" if count else user
            telephone = SipTelephone(self, user, device, account or user, registers=self._registers)
            self._telephones[device] = telephone
        return telephone

    def close(self) -> None:
        """Nobody is there any more."""
        self._is_open = False
        self._thread.join()
        self._socket.close()

    # Sending

    def register(self, telephone: SipTelephone, expires: int, headers: str) -> None:
        """Send a REGISTER."""
        call_id, number = telephone.registration()
        self._registrations[call_id] = telephone, expires
        address = f"<sip:{telephone.account}@{self.domain}>"
        text = Request("REGISTER", number, "", f"{headers}Expires: {expires}\r\n").text(
            uri=f"sip:{self.domain}",
            via=f"{self.host}:{self.port}",
            local=f"{address};tag={call_id[:8]}",
            remote=address,
            call_id=call_id,
            contact=f"sip:{telephone.device}@{self.host}:{self.port}",
        )
        self._send_until_heard((call_id, number, "REGISTER"), text.encode(), self._server)

    def authorize(self, owner: SipTelephone | SipLine, message: Message) -> str:
        """The header that answers a challenge."""
        if isinstance(owner, SipLine):
            method, uri, user = "INVITE", owner.target, owner.telephone.account
        else:
            method, uri, user = "REGISTER", f"sip:{self.domain}", owner.account
        return authorization(message, method, uri, user, self._password)

    def send(self, line: SipLine, request: Request, to: str = "") -> None:
        """Send a request in a line's dialog."""
        if request.method in ("INVITE", "CANCEL"):
            request.branch = f"z9hG4bK{line.mark}-{request.number}"
        text = request.text(
            uri=line.target,
            via=f"{self.host}:{self.port}",
            local=line.local,
            remote=to or line.remote,
            call_id=line.call_id,
            contact=f"sip:{line.telephone.device}@{self.host}:{self.port}",
        )
        peer = line.invited.peer if line.invited else self._server
        if request.method == "ACK":
            self._socket.sendto(text.encode(), peer)
        else:
            key = line.call_id, request.number, request.method
            self._send_until_heard(key, text.encode(), peer)

    def respond(
        self, message: Message, code: int, line: SipLine | None = None, body: str = ""
    ) -> None:
        """Answer a request, and the same again where it is repeated."""
        contact = f"sip:{line.telephone.device}@{self.host}:{self.port}" if line else ""
        data = message.response(code, line.local if line else "", contact, body).encode()
        number, method = message.sequence
        self._answered[message["call-id"], number, method] = data
        with contextlib.suppress(OSError):
            self._socket.sendto(data, message.peer)

    def _send_until_heard(
        self, key: tuple[str, int, str], data: bytes, peer: tuple[str, int]
    ) -> None:
        self._unheard[key] = time.monotonic() + _RESEND[0], 1, data, peer
        with contextlib.suppress(OSError):
            self._socket.sendto(data, peer)

    def _send_again(self) -> None:
        now = time.monotonic()
        for key, (when, count, data, peer) in list(self._unheard.items()):
            if when > now:
                continue
            if count == len(_RESEND):
                del self._unheard[key]
                continue
            self._unheard[key] = now + _RESEND[count], count + 1, data, peer
            with contextlib.suppress(OSError):
                self._socket.sendto(data, peer)

    # Hearing

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while self._is_open:
                if selector.select(0.1):
                    self._read()
                with self.changed:
                    self._send_again()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data, peer = self._socket.recvfrom(65536)
                message = parse(data, peer)
                if message is None:
                    continue
                with self.changed:
                    self._hear(message)

    def _hear(self, message: Message) -> None:
        call_id = message["call-id"]
        number, method = message.sequence
        if message.status:
            self._unheard.pop((call_id, number, method), None)
            registration = self._registrations.get(call_id)
            if registration:
                registration[0].hear_registrar(message, registration[1])
            elif call_id in self.lines:
                self.lines[call_id].hear_answer(message)
            return
        said = self._answered.get((call_id, number, message.method))
        if said is not None:
            self._socket.sendto(said, message.peer)
        elif message.method != "ACK":
            self._hear_request(message, self.lines.get(call_id))

    def _hear_request(self, message: Message, line: SipLine | None) -> None:
        match message.method:
            case "INVITE" if line is None:
                self._be_called(message)
            case "INVITE" if line and line.state == "up":
                self.media.start(line.call_id, message.body)
                self.respond(message, 200, line, line.description(_answer_to(message.body)))
            case "CANCEL" if line and line.invited and line.state == "ringing":
                self.respond(message, 200, line)
                self.respond(line.invited, 487, line)
                line.reason = message["reason"]
                line.set_state("ended", 487)
            case "BYE" if line:
                self.respond(message, 200, line)
                line.hear_bye(message)
            case "NOTIFY" if line:
                line.notified.append(message.body.strip())
                self.respond(message, 200, line)
            case "REFER":
                self.respond(message, 202, line)
            case _:
                self.respond(message, 200, line)

    def _be_called(self, message: Message) -> None:
        found = re.match(r"INVITE sip:([^@;>]+)@", message.first)
        telephone = self._telephones.get(found[1]) if found else None
        if telephone is None:
            self.respond(message, 404)
        else:
            telephone.be_called(message)


def _answer_to(description: str) -> str:
    for offered, answer in (("a=sendonly", "recvonly"), ("a=inactive", "inactive")):
        if offered in description:
            return answer
    return "sendrecv"
