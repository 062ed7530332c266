"""Asks the daemon in the name of a command: fails with the fitting sentence and exit code.

Counterpart: ``operators.client``, which does the asking.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from fluxcc.cli.session import FAILED, NOT_PERMITTED, UNAVAILABLE, Session
from fluxcc.domain.codes import Code, Status
from fluxcc.marking import _
from fluxcc.operators import client
from fluxcc.protocol.operators import UNAVAILABLE as PBX_UNAVAILABLE
from fluxcc.protocol.operators import Answer, Ask

Shape = TypeVar("Shape")
Result = TypeVar("Result")


def reading(session: Session, shape: type[Shape], name: str, **fields: Any) -> Shape:
    """The daemon's answer to a question (``protocol.operators``) in its shape; ends the program
    where the daemon does not answer."""
    return asked(session, lambda path: client.read(path, Ask(do=name, **fields), shape))


def reading_if_running(
    session: Session, shape: type[Shape], name: str, **fields: Any
) -> Shape | None:
    """As ``reading``; None where no daemon is running, for what the store can answer too."""
    try:
        return client.read(session.settings.control_socket, Ask(do=name, **fields), shape)
    except (OSError, ValueError):
        return None


def carry_out(
    session: Session, action: str, *, added: dict[str, str] | None = None, **fields: Any
) -> None:
    """Ask for an action, print its reply, and end with the fitting exit code. Fields that are None
    are not sent; ``added`` goes into the JSON of what was done."""
    given = {name: value for name, value in fields.items() if value is not None}
    question = Ask(do=action, language=session.language, **given)
    answer = asked(session, lambda path: client.ask(path, question))
    if answer.error == PBX_UNAVAILABLE:
        session.fail(UNAVAILABLE, "pbx-unavailable", _("The daemon has no link to FreeSWITCH now."))
    if answer.error or answer.reply is None:
        session.fail(FAILED, Code.MALFORMED_REQUEST, "{error}", error=answer.error)
    _show(session, answer, added or {})


def _show(session: Session, answer: Answer, added: dict[str, str]) -> None:
    reply = answer.reply
    assert reply is not None  # noqa: S101  # ``carry_out`` has looked
    text = session.sentence(reply)
    if session.as_json:
        more = added if answer.status is Status.OK else {}
        document = {"status": answer.status, **msgspec.to_builtins(reply), "text": text, **more}
        session.show_json(document)
    elif answer.status is Status.OK:
        click.echo(text)
    if answer.status is not Status.OK:
        session.fail(FAILED, reply.code, "{text}", text=text)


def asked(session: Session, question: Callable[[Path], Result]) -> Result:
    """The result of ``question`` on the daemon's socket; ends the program where that fails."""
    path = session.settings.control_socket
    try:
        return question(path)
    except client.MalformedError as error:
        session.fail(FAILED, Code.MALFORMED_REQUEST, "{error}", error=error)
    except PermissionError:
        session.fail(
            NOT_PERMITTED,
            "not-permitted",
            _("You may not use the daemon's socket {path}; ask to be added to its group."),
            path=path,
        )
    except (OSError, ValueError) as error:
        session.fail(
            UNAVAILABLE,
            "daemon-unavailable",
            _("The daemon does not answer on {path} ({error}); is it running?"),
            path=path,
            error=error,
        )
