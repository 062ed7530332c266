"""SIP messages, as little of them as the telephones need."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote
from uuid import uuid4

_SHORT = {"f": "from", "t": "to", "i": "call-id", "m": "contact", "v": "via", "c": "content-type"}
_PHRASES = {
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    404: "Not Found",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}
_ALLOW = "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, OPTIONS, UPDATE"


class Message:
    """One that was received."""

    def __init__(
        self, first: str, headers: list[tuple[str, str]], body: str, peer: tuple[str, int]
    ) -> None:
        self.first, self._headers, self.body, self.peer = first, headers, body, peer

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self._headers if key == name), "")

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.split()[0]

    @property
    def sequence(self) -> tuple[int, str]:
        """Number and method of the transaction."""
        number, _, method = self["cseq"].partition(" ")
        return int(number), method.strip()

    @property
    def branch(self) -> str:
        """The transaction's mark in Via."""
        found = re.search(r"branch=([^;,\s]+)", self["via"])
        return found[1] if found else ""

    @property
    def contact(self) -> str:
        """Where the next request goes."""
        found = re.search(r"<([^>]+)>", self["contact"])
        return found[1] if found else ""

    def response(self, code: int, to: str, contact: str, body: str) -> str:
        """What answers this request."""
        via = [f"Via: {value}" for key, value in self._headers if key == "via"]
        route = [f"Record-Route: {value}" for key, value in self._headers if key == "record-route"]
        receiver = self["to"]
        if to and ";tag=" not in receiver and code > 100:
            receiver = f"{receiver};tag={tag_of(to)}"
        lines = [
            f"SIP/2.0 {code} {_PHRASES[code]}",
            *via,
            *route,
            f"From: {self['from']}",
            f"To: {receiver}",
            f"Call-ID: {self['call-id']}",
            f"CSeq: {self['cseq']}",
            f"Allow: {_ALLOW}",
            "Supported: replaces",
        ]
        if contact:
            lines.append(f"Contact: <{contact}>")
        return _with_body(lines, body)


@dataclass
class Request:
    """One to be sent."""

    method: str
    number: int
    body: str = ""
    headers: str = ""
    """More of them, each with its line end."""
    branch: str = ""

    def text(
        self, *, uri: str, via: str, local: str, remote: str, call_id: str, contact: str
    ) -> str:
        """The whole message."""
        branch = self.branch or f"z9hG4bK{uuid4().hex[:12]}"
        lines = [
            f"{self.method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {via};rport;branch={branch}",
            f"From: {local}",
            f"To: {remote}",
            f"Call-ID: {call_id}",
            f"CSeq: {self.number} {self.method}",
            f"Contact: <{contact}>",
            "Max-Forwards: 70",
            f"Allow: {_ALLOW}",
            "Supported: replaces",
            *self.headers.splitlines(),
        ]
        return _with_body(lines, self.body)


def _with_body(lines: list[str], body: str) -> str:
    if body:
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


def parse(data: bytes, peer: tuple[str, int]) -> Message | None:
    """The message in a datagram; None for a keep-alive."""
    if len(data) < 20:
        return None
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.append((_SHORT.get(key, key), value.strip()))
    return Message(first, headers, body, peer)


def sdp(port: int, direction: str, version: int) -> str:
    """One audio stream, PCMU with telephone events."""
    lines = [
        "v=0",
        f"o=t 1 {version} IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
        f"a={direction}",
        "",
    ]
    return "\r\n".join(lines)


def tag_of(address: str) -> str:
    """The tag of a From or To."""
    found = re.search(r";tag=([^;>]+)", address)
    return found[1] if found else ""


def address_user(address: str) -> str:
    """Whom a From or To names."""
    found = re.search(r"sips?:([^@;>]+)@", address)
    return found[1] if found else ""


def token(text: str) -> str:
    """Text as it may stand in a header of an address."""
    return quote(text, safe="")


def authorization(message: Message, method: str, uri: str, user: str, password: str) -> str:
    """The header that answers a digest challenge (RFC 2617)."""
    header = "Authorization" if message["www-authenticate"] else "Proxy-Authorization"
    challenge = message["www-authenticate"] or message["proxy-authenticate"]

    def part(name: str) -> str:
        found = re.search(name + r'="?([^",]+)', challenge)
        return found[1] if found else ""

    realm, nonce = part("realm"), part("nonce")
    secret, what = _digest(f"{user}:{realm}:{password}"), _digest(f"{method}:{uri}")
    fields = f'username="{user}",realm="{realm}",nonce="{nonce}",uri="{uri}",algorithm=MD5'
    if "qop" in challenge:
        own = uuid4().hex[:8]
        response = _digest(f"{secret}:{nonce}:00000001:{own}:auth:{what}")
        fields += f',qop=auth,nc=00000001,cnonce="{own}"'
    else:
        response = _digest(f"{secret}:{nonce}:{what}")
    return f'{header}: Digest {fields},response="{response}"\r\n'


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
