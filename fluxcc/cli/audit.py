"""``audit``: who did what, when, to which call, with which outcome."""

from __future__ import annotations

import click
import msgspec
from msgspec.structs import replace

from fluxcc.cli.domains import DomainColumn, domain_option, split
from fluxcc.cli.moments import Since
from fluxcc.cli.nodes import NodeColumn, node_option
from fluxcc.cli.numbers import NumberType
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import whole_history
from fluxcc.cli.table import Table
from fluxcc.domain.privacy import told
from fluxcc.marking import _

MOST_ROWS = 1_000
"""Rows that are listed."""


@click.command("audit")
@click.option("--since", type=Since(), default=0.0, metavar="D", help="Since 2h, or a date.")
@click.option(
    "--number", type=NumberType(), metavar="N", default="", help="Of this number, in any spelling."
)
@click.option("--agent", metavar="A", default="", help="Of this agent.")
@domain_option(_("Of this SIP domain only."))
@node_option()
@json_option
@pass_session
def audit_command(
    session: Session, /, since: float, number: str, agent: str, domain: str, node: str
) -> None:
    """Tell who asked for what, and what became of it; the newest first.

    \b
    fluxcc audit --since 2h
    fluxcc audit --number 11988887777
    """
    agent, domain = split(agent, domain)
    found = whole_history(
        session,
        lambda history: history.audit(
            since=since, number=number, agent=agent, domain=domain, limit=MOST_ROWS
        ),
        number=number,
        node=node,
    )
    rows = [replace(row, number=told(row.number, is_private=row.is_private)) for row in found]
    if session.as_json:
        session.show_json(msgspec.to_builtins(rows))
        return
    column, nodes = DomainColumn(rows), NodeColumn(rows)
    titles = [_("when"), _("by"), _("action"), _("agent"), _("number"), _("outcome"), _("details")]
    table = Table(nodes.titles(column.titles(titles)))
    for row in rows:
        table.add(
            session.moment(row.at),
            printable(row.by),
            row.action,
            printable(row.agent),
            printable(row.number),
            row.code or row.status,
            printable(" ".join(filter(None, (row.subject, row.sequel, row.reason)))),
            *column.cells(row),
            *nodes.cells(row),
        )
    table.show(session)
