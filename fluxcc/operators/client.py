"""Asks the daemon over the operators' socket. Counterpart: ``doors.operators``.

It blocks, and imports nothing slow: an operator waits for every command.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TypeVar

import msgspec

from fluxcc.domain.actions import Action
from fluxcc.domain.provisioning import LONGEST_WAIT
from fluxcc.operators.paths import short_path
from fluxcc.protocol.operators import Answer, Ask

TIMEOUT = 8.0
"""Seconds for which an answer is waited for; the daemon answers a request within 5 s."""
CONFERENCE_TIMEOUT = TIMEOUT + LONGEST_WAIT
"""The same for a conference: a room of the PBX's may be given longer than usual."""
Shape = TypeVar("Shape")


class MalformedError(ValueError):
    """The daemon rejected the question as malformed; the text is the daemon's."""


def ask(path: Path, question: Ask, timeout: float | None = None) -> Answer:
    """The daemon's answer on that socket; ``timeout`` replaces the usual seconds.

    Raises ``OSError`` where there is none, ``ValueError`` where it cannot be read."""
    usual = CONFERENCE_TIMEOUT if question.do == Action.CONFERENCE else TIMEOUT
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(usual if timeout is None else timeout)
        with short_path(path) as name:
            connection.connect(name)
        connection.sendall(msgspec.json.encode(question) + b"\n")
        with connection.makefile("rb") as answer:
            return msgspec.json.decode(answer.read(), type=Answer)


def read(path: Path, question: Ask, shape: type[Shape], timeout: float | None = None) -> Shape:
    """The answer's ``reading`` in its shape (``protocol.operators``); as ``ask``. Raises
    ``MalformedError`` where the daemon rejects the question."""
    answer = ask(path, question, timeout)
    if answer.error:
        raise MalformedError(answer.error)
    return msgspec.convert(answer.reading, shape)
