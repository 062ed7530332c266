"""``user``: who may log in to the page."""

from __future__ import annotations

import sys

import click
from msgspec.structs import replace

from fluxcc.cli.accounts import check, read, rights, shown
from fluxcc.cli.ask import carry_out
from fluxcc.cli.domains import DomainColumn
from fluxcc.cli.session import FAILED, MISCONFIGURED, Session, json_option, pass_session, printable
from fluxcc.cli.table import Table
from fluxcc.domain.codes import SENTENCES, Code
from fluxcc.domain.provisioning import (
    LEAST_PASSWORD,
    LONGEST_PASSWORD,
    Language,
    User,
    UserRole,
)
from fluxcc.marking import _


@click.group("user")
def user_command() -> None:
    """The users of the page."""


@user_command.command("list")
@json_option
@pass_session
def list_users(session: Session) -> None:
    """List the users."""
    users = list(read(session, User).values())
    if session.as_json:
        session.show_json(
            [{**shown(user), "password_hash": bool(user.password_hash)} for user in users]
        )
        return
    column = DomainColumn(users, least=1)
    table = Table(column.titles([_("user"), _("role"), _("extension"), _("language")]))
    for user in users:
        cells = (user.name, user.role.value, user.extension or "-", user.language or "-")
        table.add(*map(printable, cells), *column.cells(user))
    table.show(session)


@user_command.command("add")
@click.argument("name")
@rights
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    help="Language of the page, in place of the browser's.",
)
@json_option
@pass_session
def add_user(
    session: Session,
    /,
    name: str,
    role: str,
    extension: str,
    domain: str,
    language: str | None,
) -> None:
    """Allow NAME to log in to the page. The password is asked for, or is the first line of what is
    piped in. The same name again changes the rights, and leaves the password as it is.

    \b
    fluxcc user add eva --role admin
    fluxcc user add carla --role agent --extension 1000
    """
    known = read(session, User).get(name)
    if language is None:
        language = known.language if known else ""
    user = User(name, UserRole(role), extension, domain, language=language)
    check(user)
    if known is None:
        user = replace(user, password_hash=_new_password(session))
    carry_out(session, "set", entry=user)


@user_command.command("password")
@click.argument("name")
@json_option
@pass_session
def set_password(session: Session, /, name: str) -> None:
    """Set the password of NAME, which ends the log-ins of that user. It is asked for, or is the
    first line of what is piped in."""
    known = read(session, User).get(name)
    if known is None:
        session.fail(FAILED, Code.UNKNOWN_ENTRY, SENTENCES[Code.UNKNOWN_ENTRY])
    carry_out(session, "set", entry=replace(known, password_hash=_new_password(session)))


@user_command.command("remove")
@click.argument("name")
@json_option
@pass_session
def remove_user(session: Session, /, name: str) -> None:
    """Allow NAME to log in no longer, and end the log-ins of that user."""
    carry_out(session, "remove", entry=User(name, UserRole.VIEWER))


def _new_password(session: Session) -> str:
    """A password as it is kept; ends the program where it is none."""
    try:
        # Here, so that every other command works without the page's libraries.
        from argon2 import PasswordHasher  # noqa: PLC0415
    except ImportError:
        session.fail(
            MISCONFIGURED,
            "web-missing",
            _("The page's libraries are not installed: pip install 'fluxcc[web]'."),
        )
    if sys.stdin.isatty():
        prompt = session.translate(_("Password"))
        again = session.translate(_("Once more"))
        password = click.prompt(prompt, hide_input=True, err=True)
        if click.prompt(again, hide_input=True, err=True) != password:
            raise click.UsageError(session.translate(_("The two passwords differ")))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = session.translate(_("A password has from {least} to {longest} characters"))
        raise click.UsageError(message.format(least=LEAST_PASSWORD, longest=LONGEST_PASSWORD))
    return PasswordHasher().hash(password)
