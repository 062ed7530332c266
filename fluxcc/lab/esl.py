"""The smallest client of the event socket that a lab needs: one API command, one answer.

It shares nothing with ``fluxcc.pbx`` on purpose: what the lab says about the PBX must not depend on
the code that is being tried. ``api`` has a connection for its one command, so a PBX that was killed
and started again needs no care; ``Links`` keep theirs, for thousands of commands to one that stays.
"""

from __future__ import annotations

import socket
from contextlib import closing
from typing import BinaryIO

from .port import LabError


def api(port: int, password: str, command: str, timeout: float = 10.0) -> str:
    """Run one API command and return its answer without the line end that closes it."""
    with closing(Links(port, password)) as links:
        return links.api(command, timeout)


class Links:
    """Connections to one PBX, as many as there are commands at once."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password
        self._idle: list[_Link] = []

    def api(self, command: str, timeout: float = 10.0) -> str:
        """As the function of that name, by a connection that is kept."""
        if "\n" in command or "\r" in command:
            raise LabError(f"an API command is one line: {command!r}")
        link: _Link | None = None
        try:
            link = self._take() or _Link(self._port, self._password, timeout)
            answer = link.api(command, timeout)
        except BaseException as error:
            # Its answer may still come, and is not the next command's.
            if link is not None:
                link.close()
            if isinstance(error, OSError):
                reason = f"no answer from the event socket to {command!r}: {error}"
                raise LabError(reason) from error
            raise
        self._idle.append(link)
        return answer

    def close(self) -> None:
        """Close those that no command uses."""
        while link := self._take():
            link.close()

    def _take(self) -> _Link | None:
        # Threads share the list: whether one is left is known only when it was taken.
        try:
            return self._idle.pop()
        except IndexError:
            return None


class _Link:
    """One connection that has logged in."""

    def __init__(self, port: int, password: str, timeout: float) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._replies = self._socket.makefile("rb")
        try:
            _expect(self._replies, "auth/request")
            self._socket.sendall(f"auth {password}\n\n".encode())
            reply, _ = _expect(self._replies, "command/reply")
            if not reply.get("Reply-Text", "").startswith("+OK"):
                raise LabError(f"the event socket refused the password: {reply}")
        except BaseException:
            self.close()
            raise

    def api(self, command: str, timeout: float) -> str:
        self._socket.settimeout(timeout)
        self._socket.sendall(f"api {command}\n\n".encode("utf-8", "surrogateescape"))
        _, body = _expect(self._replies, "api/response")
        return body.decode("utf-8", "replace").rstrip("\n")

    def close(self) -> None:
        self._replies.close()
        self._socket.close()


def _expect(replies: BinaryIO, content_type: str) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = {}
    while (line := replies.readline()) not in {b"", b"\n"}:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers[name] = value.strip()
    body = replies.read(int(headers.get("Content-Length", 0)))
    if headers.get("Content-Type") != content_type:
        raise LabError(f"the event socket said {headers or 'nothing'}, not {content_type}")
    return headers, body
