"""``survey report``: what customers said to Avali-E."""

from __future__ import annotations

import csv
import io

import click
import msgspec

from fluxcc.cli.domains import DomainColumn, domain_option, split
from fluxcc.cli.moments import Since
from fluxcc.cli.nodes import NodeColumn, node_of, node_option
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import whole_history
from fluxcc.cli.table import Table
from fluxcc.domain import report
from fluxcc.marking import _

LONGEST_BAR = 20
"""Characters of the longest bar."""


@click.group("survey")
def survey_command() -> None:
    """The survey Avali-E."""


@survey_command.command("report")
@click.option("--group", metavar="G", default="", help="Of this group only.")
@click.option("--agent", metavar="A", default="", help="Of this agent only.")
@click.option("--number", metavar="N", default="", help="Of this number, in any spelling.")
@click.option("--since", type=Since(), default=0.0, metavar="D", help="Since 7d, or a date.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@domain_option(_("Of this SIP domain only."))
@node_option()
@json_option
@pass_session
def report_command(
    session: Session,
    /,
    group: str,
    agent: str,
    number: str,
    since: float,
    domain: str,
    node: str,
    as_csv: bool,
) -> None:
    """Count what customers answered: offered, answered, average, distribution.

    \b
    fluxcc survey report --group sales --since 7d
    fluxcc survey report --since 2026-11-01 --csv > november.csv
    """
    for_group, of_group = split(group, domain)
    for_agent, of_agent = split(agent, of_group)
    surveys = whole_history(
        session,
        lambda history: history.surveys(
            since=since, number=number, group=for_group, agent=for_agent, domain=of_agent
        ),
        number=number,
        node=node,
    )
    lines = report.count(surveys)
    if session.as_json:
        session.show_json(msgspec.to_builtins(lines, str_keys=True))
    elif as_csv:
        click.echo(_csv(lines), nl=False)
    else:
        _show(session, lines)
        unheard = sum(not each.is_heard_in_full for each in surveys)
        if unheard:
            session.say(
                _(
                    "Surveys with questions that FreeSWITCH could not play: {unheard}. Those"
                    " questions are not counted; fluxcc doctor says why."
                ),
                unheard=unheard,
            )


def _csv(lines: list[report.Line]) -> str:
    """One row a line; the distribution has a column an answer from 0 to 10."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("group", "agent", "question", "offered", "answered", "share", "average")
    nodes = ["node"] if any(map(node_of, lines)) else []
    writer.writerow([*names, *(f"answer_{answer}" for answer in range(11)), "domain", *nodes])
    for line in lines:
        values = [_harmless(str(getattr(line, name))) for name in names[:2]]
        values += [str(getattr(line, name)) for name in names[2:6]]
        values.append("" if line.average is None else str(line.average))
        values += [str(line.distribution.get(answer, 0)) for answer in range(11)]
        values.append(_harmless(line.domain))
        writer.writerow([*values, _harmless(node_of(line))] if nodes else values)
    return text.getvalue()


def _harmless(text: str) -> str:
    """A text that a spreadsheet takes neither for a formula nor for another row."""
    text = printable(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _show(session: Session, lines: list[report.Line]) -> None:
    column, nodes = DomainColumn(lines), NodeColumn(lines)
    titles = [
        _("group"),
        _("agent"),
        _("question"),
        _("offered"),
        _("answered"),
        _("share"),
        _("average"),
        _("distribution"),
    ]
    table = Table(nodes.titles(column.titles(titles)))
    for line in lines:
        table.add(
            printable(line.group),
            printable(line.agent),
            str(line.question),
            str(line.offered),
            str(line.answered),
            f"{line.share:.0%}",
            "-" if line.average is None else f"{line.average:.2f}",
            _bars(line),
            *column.cells(line),
            *nodes.cells(line),
        )
    table.show(session)


def _bars(line: report.Line) -> str:
    most = max(line.distribution.values(), default=0)
    return "  ".join(
        f"{answer}:{'█' * max(1, round(times / most * LONGEST_BAR))} {times}"
        for answer, times in line.distribution.items()
    )
