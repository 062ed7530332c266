"""One call on a SIP telephone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from .port import PATIENCE, LabError, Line, LineState
from .sip import Message, Request, address_user, sdp, tag_of, token

if TYPE_CHECKING:
    from .telephone import SipTelephone

_ORDER: dict[LineState, int] = {"new": 0, "ringing": 1, "up": 2, "ended": 3}


class SipLine:
    """One call (``Line``): a dialog and what the PBX said in it."""

    def __init__(
        self, telephone: SipTelephone, call_id: str, *, local: str, remote: str, target: str
    ) -> None:
        self._telephone = telephone
        self._port = telephone.port
        self.call_id = call_id
        self.mark = uuid4().hex
        """By which its transactions are known."""
        self.local, self.remote, self.target = local, remote, target
        self.invited: Message | None = None
        """The INVITE that came in; None for a call that was dialled."""
        self.number = ""
        self.state: LineState = "new"
        self.status = 0
        self.reason = ""
        """What the PBX said of the end: the header Reason."""
        self.is_on_hold = False
        self.notified: list[str] = []
        """What became of a REFER, as the PBX told: lines such as ``SIP/2.0 200 OK``."""
        self.is_picked = False
        self.sequence = 0
        self._version = 0
        self._has_authorized = False
        self._said: dict[int, int] = {}
        self._leg = ""

    def __repr__(self) -> str:
        return f"<line of {self._telephone.user}: {self.state} {self.status} {self.reason}>"

    # What its owner sees and does

    @property
    def leg(self) -> str:
        """The Call-ID of what FreeSWITCH dials is the leg's UUID (``conf/``)."""
        if not self._leg:
            self._leg = self.call_id if self.is_incoming else self._port.find_leg(self.call_id)
        return self._leg

    @property
    def telephone(self) -> SipTelephone:
        """Whose it is."""
        return self._telephone

    @property
    def is_incoming(self) -> bool:
        """Whether the PBX called."""
        return self.invited is not None

    def answer(self) -> None:
        """Say 200; returns when the PBX has heard it (ACK)."""
        with self._port.changed:
            if self.state == "ringing" and self.invited:
                self.set_state("up", 200)
                self._port.respond(self.invited, 200, self, self.description())
        self.wait("up")

    def hold(self) -> None:
        """re-INVITE with ``a=sendonly``."""
        self._reinvite("sendonly")
        self.is_on_hold = True

    def resume(self) -> None:
        """re-INVITE with ``a=sendrecv``."""
        self._reinvite("sendrecv")
        self.is_on_hold = False

    def refer(self, destination: str) -> None:
        """REFER to a number."""
        self._refer(f"<sip:{destination}@{self._port.domain}>")

    def refer_replacing(self, other: Line) -> None:
        """REFER to the far end of another line, with Replaces (RFC 3891)."""
        assert isinstance(other, SipLine)
        tags = f"to-tag%3D{tag_of(other.remote)}%3Bfrom-tag%3D{tag_of(other.local)}"
        user = address_user(other.remote) or "unknown"
        self._refer(f"<sip:{user}@{self._port.domain}?Replaces={token(other.call_id)}%3B{tags}>")

    def press(self, digits: str) -> None:
        """Telephone events in the media."""
        self._port.media.press(self.call_id, digits)
        deadline = time.monotonic() + PATIENCE
        while self._port.media.is_pressing(self.call_id):
            if time.monotonic() > deadline:
                raise LabError(f"keys are not sent: {self}")
            time.sleep(0.01)

    def hang_up(self) -> None:
        """BYE, CANCEL or 486, whichever fits."""
        with self._port.changed:
            if self.state == "up":
                self.send("BYE")
                self.set_state("ended")
            elif self.invited and self.state == "ringing":
                self._port.respond(self.invited, 486, self)
                self.set_state("ended", 486)
            elif self.state != "ended":
                self._port.send(self, Request("CANCEL", 1 + self._has_authorized))

    def wait(self, state: LineState, timeout: float = PATIENCE) -> SipLine:
        """This line, once it is in that state."""
        with self._port.changed:
            self._port.changed.wait_for(
                lambda: self.state == "ended" or _ORDER[self.state] >= _ORDER[state], timeout
            )
        if self.state != state:
            raise LabError(f"{state} was waited for: {self}")
        return self

    # What the port does with it

    def set_state(self, state: LineState, status: int | None = None) -> None:
        """Tell whoever waits."""
        if state == "ended":
            self._port.media.stop(self.call_id)
        if self.state != "ended":
            self.state = state
        if status is not None:
            self.status = status
        self._port.changed.notify_all()

    def description(self, direction: str = "sendrecv") -> str:
        """The next version of what this side offers (SDP)."""
        self._version += 1
        return sdp(self._port.media.port, direction, self._version)

    def send(self, method: str, body: str = "", headers: str = "") -> int:
        """Send a request in the dialog; its number."""
        self.sequence += 1
        self._port.send(self, Request(method, self.sequence, body, headers))
        return self.sequence

    def hear_answer(self, message: Message) -> None:
        """A response to one of its own requests."""
        number, method = message.sequence
        code = message.status
        if method == "INVITE" and code >= 200:
            self._finish_invite(message, number, code)
        elif method == "INVITE" and code > 100 and self.state in ("new", "ringing"):
            self._learn(message)
            self.set_state("ringing", code)
        if code >= 200:
            self._said[number] = code
            self._port.changed.notify_all()

    def _finish_invite(self, message: Message, number: int, code: int) -> None:
        request = Request("ACK", number)
        if code < 300:
            self._learn(message)
            self._port.send(self, request)
            if self.state != "ended":
                self.set_state("up", code)
            return
        request.branch = message.branch
        self._port.send(self, request, to=message["to"])
        if number != self.sequence:
            return  # said again, of an INVITE that was sent anew with an authorization
        challenge = message["www-authenticate"] or message["proxy-authenticate"]
        if challenge and not self._has_authorized:
            self._has_authorized = True
            self.send("INVITE", self.description(), self._port.authorize(self, message))
        elif self.state in ("new", "ringing"):
            self.reason = message["reason"]
            self.set_state("ended", code)

    def _learn(self, message: Message) -> None:
        if "tag=" in message["to"]:
            self.remote = message["to"]
        if message.contact:
            self.target = message.contact
        if message.body:
            self._port.media.start(self.call_id, message.body)

    def hear_bye(self, message: Message) -> None:
        """The PBX ended it."""
        self.reason = message["reason"]
        self.set_state("ended")

    def _reinvite(self, direction: str) -> None:
        self._request("INVITE", self.description(direction))

    def _refer(self, to: str) -> None:
        by = self.local.split(";")[0]
        self._request("REFER", "", f"Refer-To: {to}\r\nReferred-By: {by}\r\n")

    def _request(self, method: str, body: str = "", headers: str = "") -> None:
        with self._port.changed:
            if self.state != "up":
                raise LabError(f"{method} on a call that is not up: {self}")
            number = self.send(method, body, headers)
            self._port.changed.wait_for(lambda: number in self._said, PATIENCE)
        if not 200 <= self._said.get(number, 0) < 300:
            raise LabError(f"{method} was answered {self._said.get(number)}: {self}")
