"""``token``: what programs show to the HTTP API."""

from __future__ import annotations

import secrets
import time

import click

from fluxcc.cli.accounts import check, read, rights, shown
from fluxcc.cli.ask import carry_out
from fluxcc.cli.domains import DomainColumn
from fluxcc.cli.session import FAILED, Session, json_option, pass_session, printable
from fluxcc.cli.table import Table
from fluxcc.domain.codes import Code
from fluxcc.domain.provisioning import Token, UserRole, digest_of
from fluxcc.marking import _

TOKEN_BYTES = 32
"""Of randomness in a token."""


@click.group("token")
def token_command() -> None:
    """The tokens of the HTTP API."""


@token_command.command("list")
@json_option
@pass_session
def list_tokens(session: Session) -> None:
    """List the tokens by name; the tokens themselves are kept nowhere."""
    tokens = list(read(session, Token).values())
    if session.as_json:
        session.show_json([shown(token) for token in tokens])
        return
    column = DomainColumn(tokens, least=1)
    table = Table(column.titles([_("token"), _("role"), _("extension"), _("since")]))
    for token in tokens:
        cells = (token.name, token.role.value, token.extension or "-")
        table.add(*map(printable, cells), session.moment(token.created), *column.cells(token))
    table.show(session)


@token_command.command("add")
@click.argument("name")
@rights
@json_option
@pass_session
def add_token(session: Session, /, name: str, role: str, extension: str, domain: str) -> None:
    """Make a token of that NAME, and print it: it cannot be shown again.

    \b
    fluxcc token add board --role agent --extension 1000
    fluxcc token add wallboard --role viewer --domain a.example
    """
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    token = Token(name, UserRole(role), extension, domain, digest_of(secret), time.time())
    check(token)
    if name in read(session, Token):
        session.fail(
            FAILED, Code.MALFORMED_REQUEST, _("There is a token of that name; revoke it first.")
        )
    carry_out(session, "set", added={"token": secret}, entry=token)
    if not session.as_json:
        click.echo(secret)


@token_command.command("revoke")
@click.argument("name")
@json_option
@pass_session
def revoke_token(session: Session, /, name: str) -> None:
    """Take the token of that NAME no longer."""
    carry_out(session, "remove", entry=Token(name, UserRole.VIEWER))
