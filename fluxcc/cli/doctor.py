"""``doctor``: runs all checks of the installation and prints what they found."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import click

from fluxcc.cli.session import FAILED, Session, json_option, pass_session, printable
from fluxcc.config import Settings, load
from fluxcc.doctor.checks import Result, misconfigured
from fluxcc.doctor.diagnosis import diagnose
from fluxcc.doctor.finding import State
from fluxcc.domain.errors import ConfigurationError, Fault
from fluxcc.marking import _
from fluxcc.operators import client
from fluxcc.protocol.operators import (
    STATUS,
    Ask,
    DaemonStatus,
)
from fluxcc.protocol.site import SITE, SiteStatus

STATES = {
    State.OK: (_("ok"), "green"),
    State.SKIPPED: (_("skipped"), None),
    State.NOTE: (_("note"), "cyan"),
    State.WARNING: (_("warning"), "yellow"),
    State.GRAVE: (_("GRAVE"), "red"),
}


@click.command("doctor")
@click.option("--call", "places_call", is_flag=True, help="Try the gate by a call (mod_loopback).")
@json_option
@pass_session
def doctor_command(session: Session, places_call: bool) -> None:
    """Look the whole installation over, and say what to do about each fault.

    Exit code 1 where anything is grave. Nothing is changed; with --call the gate is tried by a real
    call of nobody's number, which then stands among the ended calls.

    \b
    fluxcc doctor
    fluxcc doctor --json
    """
    try:
        settings = load(session.file, os.environ)
    except ConfigurationError as error:
        results = list(misconfigured(error.faults))
    else:
        results = diagnose(
            settings,
            lambda: ask_status(settings),
            places_call=places_call,
            ask_site=lambda: client.read(settings.control_socket, Ask(do=SITE), SiteStatus),
        )
    is_grave = any(result.finding.state is State.GRAVE for result in results)
    if session.as_json:
        session.show_json(_document(session, results, is_grave=is_grave))
    else:
        _print(session, results)
    sys.exit(FAILED if is_grave else 0)


def ask_status(settings: Settings) -> DaemonStatus:
    """The daemon's status. Raises ``OSError`` or ``ValueError``."""
    return client.read(settings.control_socket, Ask(do=STATUS), DaemonStatus)


def _document(session: Session, results: Iterable[Result], *, is_grave: bool) -> dict[str, Any]:
    return {
        "healthy": not is_grave,
        "findings": [
            {
                "check": check.name,
                "state": finding.state.value,
                "code": finding.code,
                "problem": _sentence(session, finding.problem, finding.facts),
                "remedy": _sentence(session, finding.remedy, finding.facts),
                "facts": {name: str(value) for name, value in finding.facts.items()},
            }
            for check, finding in results
        ],
    }


def _print(session: Session, results: list[Result]) -> None:
    titles = {result.check: session.translate(result.check.title) for result in results}
    states = {state: session.translate(word) for state, (word, _colour) in STATES.items()}
    name_width, state_width = (max(map(len, each.values())) for each in (titles, states))
    indent = " " * (state_width + name_width + 4)
    for check, finding in results:
        state = states[finding.state].ljust(state_width)
        problem, remedy = (
            _sentence(session, sentence, finding.facts)
            for sentence in (finding.problem, finding.remedy)
        )
        head = f"{state}  {titles[check].ljust(name_width)}  "
        text = _fitted(head + problem, indent).rstrip()
        click.echo(click.style(text[:state_width], STATES[finding.state][1]) + text[state_width:])
        if remedy:
            click.echo(_fitted(f"{indent}→ {remedy}", f"{indent}  "))
    counts = {state: sum(r.finding.state is state for r in results) for state in State}
    session.say(
        _("Grave: {grave}. Warnings: {warnings}. Skipped: {skipped}."),
        grave=counts[State.GRAVE],
        warnings=counts[State.WARNING],
        skipped=counts[State.SKIPPED],
    )


def _fitted(text: str, indent: str) -> str:
    """A line wrapped to the terminal's width; unchanged in a pipe."""
    if not sys.stdout.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, len(indent) + 30)
    return textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)


def _sentence(session: Session, message: str, facts: Mapping[str, Any]) -> str:
    # gettext takes an empty text for its own header.
    if not message:
        return ""
    translated = {
        name: session.translate_fault(value) if isinstance(value, Fault) else value
        for name, value in facts.items()
    }
    return printable(session.translate(message).format(**translated))
