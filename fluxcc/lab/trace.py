"""What SIPp sent and received, read from the message trace it writes while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Each message is announced with its length, so nothing inside one can pass for the next.
_ANNOUNCEMENT = re.compile(rb"-{20,} [^\n]*\n\w+ message (sent|received) [\[(](\d+)[^\n]*\n\n")
_START_LINE = re.compile(rb"SIP/2\.0 (?P<status>\d{3})|(?P<method>\w+) sip:(?:(?P<user>[^@\s]*)@)?")
_CSEQ = re.compile(rb"^CSeq:\s*\d+\s+(\w+)", re.MULTILINE | re.IGNORECASE)
_CALL_ID = re.compile(rb"^Call-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """One SIP message; ``status`` is 0 for a request, ``user`` is whom a request is for."""

    sent: bool
    status: int
    method: str
    user: str
    call_id: str


class MessageTrace:
    """Reads a growing trace file, each message once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._unread = b""

    def read(self) -> Iterator[Message]:
        """The messages that were written since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as trace:
            trace.seek(self._offset)
            news = trace.read()
        self._offset += len(news)
        self._unread += news
        while announcement := _ANNOUNCEMENT.search(self._unread):
            end = announcement.end() + int(announcement[2])
            if len(self._unread) < end:
                return
            text = self._unread[announcement.end() : end]
            self._unread = self._unread[end:]
            if message := _parse(text, sent=announcement[1] == b"sent"):
                yield message


def _parse(text: bytes, *, sent: bool) -> Message | None:
    start, cseq, call_id = _START_LINE.match(text), _CSEQ.search(text), _CALL_ID.search(text)
    if not (start and cseq and call_id):
        return None
    return Message(
        sent=sent,
        status=int(start["status"] or 0),
        method=(start["method"] or cseq[1]).decode(),
        user=(start["user"] or b"").decode("utf-8", "surrogateescape"),
        call_id=call_id[1].decode("utf-8", "surrogateescape"),
    )
