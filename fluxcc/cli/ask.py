"""Asks the daemon something over its socket. Counterpart: ``fluxcc.doors.operators``."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from fluxcc import i18n
from fluxcc.cli.session import FAILED, NOT_PERMITTED, UNAVAILABLE, Session
from fluxcc.domain import codes
from fluxcc.domain.codes import Code, Status
from fluxcc.marking import _

TIMEOUT = 8.0
"""Seconds; the daemon answers a request within 5."""


def ask(session: Session, do: str, **fields: Any) -> dict[str, Any]:
    """The daemon's answer to one question; ends the program where there is none."""
    question = {"do": do, "language": session.language}
    question |= {name: value for name, value in fields.items() if value is not None}
    try:
        answer = exchange(session.settings.control_socket, question)
    except PermissionError:
        session.fail(
            NOT_PERMITTED,
            "not-permitted",
            _("You may not use the daemon's socket {path}; ask to be added to its group."),
            path=session.settings.control_socket,
        )
    except (OSError, ValueError) as error:
        session.fail(
            UNAVAILABLE,
            "daemon-unavailable",
            _("The daemon does not answer on {path} ({error}); is it running?"),
            path=session.settings.control_socket,
            error=error,
        )
    if answer.get("error") == "unavailable":
        session.fail(UNAVAILABLE, "pbx-unavailable", _("The daemon has no link to FreeSWITCH now."))
    if answer.get("error"):
        session.fail(FAILED, Code.MALFORMED_REQUEST, "{error}", error=answer["error"])
    return answer


def carry_out(session: Session, action: str, **fields: Any) -> None:
    """Ask for an action, print what became of it, and end with the fitting exit code."""
    answer = ask(session, action, **fields)
    reply = answer["reply"]
    code, status = Code(reply["code"]), Status(answer["status"])
    text = _sentence(session, reply, code)
    if session.as_json:
        session.show_json({"status": status, **reply, "text": text})
    elif status is Status.OK:
        click.echo(text)
    if status is not Status.OK:
        session.fail(FAILED, code, "{text}", text=text)


def _sentence(session: Session, reply: dict[str, Any], code: Code) -> str:
    until = i18n.clock_time(reply["expires"]) if reply.get("expires") else ""
    text = session.translate(codes.SENTENCES[code]).format(number=reply["number"], until=until)
    if reply.get("record_pending"):
        text = f"{text} {session.translate(codes.RECORD_PENDING)}"
    return text


def exchange(path: Path, question: Mapping[str, Any], timeout: float = TIMEOUT) -> dict[str, Any]:
    """The daemon's answer on that socket. Raises ``OSError``, ``ValueError`` for no answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            # By way of the folder's descriptor: a socket's path may have 108 bytes at the most.
            connection.connect(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        connection.sendall(json.dumps(question).encode() + b"\n")
        with connection.makefile("rb") as answer:
            document = json.loads(answer.read())
    if not isinstance(document, dict):
        raise ValueError("no answer")
    return document
