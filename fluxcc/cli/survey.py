"""``survey report``: what customers said to Avali-E."""

from __future__ import annotations

import click
import msgspec

from fluxcc.cli.domains import DomainColumn, domain_option, split
from fluxcc.cli.moments import Since
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored
from fluxcc.cli.table import Table
from fluxcc.domain import report
from fluxcc.domain.spreadsheet import report_csv
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
    as_csv: bool,
) -> None:
    """Count what customers answered: offered, answered, average, distribution.

    \b
    fluxcc survey report --group sales --since 7d
    fluxcc survey report --since 2026-11-01 --csv > november.csv
    """
    for_group, of_group = split(group, domain)
    for_agent, of_agent = split(agent, of_group)
    with stored(session, number) as store:
        surveys = store.surveys(
            since=since, number=number, group=for_group, agent=for_agent, domain=of_agent
        )
    lines = report.count(surveys)
    if session.as_json:
        session.show_json(msgspec.to_builtins(lines, str_keys=True))
    elif as_csv:
        click.echo(report_csv(lines), nl=False)
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


def _show(session: Session, lines: list[report.Line]) -> None:
    column = DomainColumn(lines)
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
    table = Table(column.titles(titles))
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
        )
    table.show(session)


def _bars(line: report.Line) -> str:
    most = max(line.distribution.values(), default=0)
    return "  ".join(
        f"{answer}:{'█' * max(1, round(times / most * LONGEST_BAR))} {times}"
        for answer, times in line.distribution.items()
    )
