"""The smallest client of the event socket that a lab needs: one API command, one answer.

It shares nothing with ``fluxcc.pbx`` on purpose: what the lab says about the PBX must not depend on
the code that is being tried. A connection serves one command, so a PBX that was killed and started
again needs no care.
"""

from __future__ import annotations

import socket
from typing import BinaryIO

from .port import LabError


def api(port: int, password: str, command: str, timeout: float = 10.0) -> str:
    """Run one API command and return its answer without the line end that closes it."""
    if "\n" in command or "\r" in command:
        raise LabError(f"an API command is one line: {command!r}")
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout) as link,
            link.makefile("rb") as replies,
        ):
            _expect(replies, "auth/request")
            link.sendall(f"auth {password}\n\n".encode())
            reply, _ = _expect(replies, "command/reply")
            if not reply.get("Reply-Text", "").startswith("+OK"):
                raise LabError(f"the event socket refused the password: {reply}")
            link.sendall(f"api {command}\n\n".encode("utf-8", "surrogateescape"))
            _, body = _expect(replies, "api/response")
    except OSError as error:
        raise LabError(f"no answer from the event socket to {command!r}: {error}") from error
    return body.decode("utf-8", "replace").rstrip("\n")


def _expect(replies: BinaryIO, content_type: str) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = {}
    while (line := replies.readline()) not in {b"", b"\n"}:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers[name] = value.strip()
    body = replies.read(int(headers.get("Content-Length", 0)))
    if headers.get("Content-Type") != content_type:
        raise LabError(f"the event socket said {headers or 'nothing'}, not {content_type}")
    return headers, body
