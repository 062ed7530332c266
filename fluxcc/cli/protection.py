"""``protect``, ``protected``, ``unprotect``: the numbers that nobody can block."""

from __future__ import annotations

import click
import msgspec

from fluxcc.cli.ask import carry_out
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored
from fluxcc.cli.table import Table
from fluxcc.domain.protection import fault
from fluxcc.domain.provisioning import Protected
from fluxcc.marking import _

IN_SETTINGS = "[blocks] never"
"""In place of a comment, for those that the configuration has."""


@click.command("protect")
@click.argument("number")
@click.option("--comment", metavar="TEXT", default="", help="Whose it is, for people.")
@json_option
@pass_session
def protect_command(session: Session, /, number: str, comment: str) -> None:
    """Protect NUMBER from being blocked, or the numbers that a regular expression matches whole in
    their canonical form. A block that is there ends.

    \b
    fluxcc protect 1133334444 --comment "the hospital"
    fluxcc protect '\\+55113333\\d{4}'
    """
    _check(session, number)
    carry_out(session, "set", entry=Protected(number, comment))


@click.command("unprotect")
@click.argument("number")
@json_option
@pass_session
def unprotect_command(session: Session, /, number: str) -> None:
    """Allow NUMBER, or the numbers of a regular expression, to be blocked again."""
    _check(session, number)
    carry_out(session, "remove", entry=Protected(number))


@click.command("protected")
@json_option
@pass_session
def protected_command(session: Session, /) -> None:
    """List the numbers that nobody can block, those of the configuration first."""
    with stored(session) as store:
        entries = [each for each in store.entries() if isinstance(each, Protected)]
    settings = [Protected(text, IN_SETTINGS) for text in session.settings.blocks.never]
    if session.as_json:
        rows = [
            {"number": each.name, "comment": each.comment, "in_settings": each in settings}
            for each in (*settings, *entries)
        ]
        session.show_json(msgspec.to_builtins(rows))
        return
    table = Table([_("number"), _("comment")])
    for each in (*settings, *entries):
        table.add(printable(each.name), printable(each.comment))
    table.show(session)


def _check(session: Session, number: str) -> None:
    if fault(number):
        raise click.UsageError(
            session.translate(_("{number} is neither a number nor a regular expression")).format(
                number=repr(number)
            )
        )
