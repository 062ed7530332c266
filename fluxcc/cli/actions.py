"""``prank``, ``conference``, ``transfer``, ``hangup``: an agent's four actions, by an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fluxcc.cli.ask import carry_out
from fluxcc.cli.domains import domain_option
from fluxcc.cli.session import Session, json_option, pass_session
from fluxcc.marking import _


def on_a_call(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options by which each of the four finds its call."""
    options = (
        click.option(
            "--agent",
            metavar="EXT",
            help="Whose call: the agent's extension, as 1000@a.example where several domains have"
            " it.",
        ),
        domain_option(_("The agent's SIP domain, in place of the one behind the @.")),
        click.option("--call", metavar="UUID", help="Which call: the UUID of either leg."),
        click.option("--reason", metavar="TEXT", default="", help="Why, for the audit."),
    )
    for option in reversed(options):
        command = option(command)
    return json_option(command)


def _act(session: Session, action: str, **fields: Any) -> None:
    if not fields["agent"] and not fields["call"]:
        raise click.UsageError(session.translate(_("one of --agent and --call is needed")))
    carry_out(session, action, **fields)


@click.command("prank")
@on_a_call
@pass_session
def prank_command(session: Session, /, **fields: Any) -> None:
    """End a call as a prank and block the caller's number for a while.

    \b
    fluxcc prank --agent 1000
    fluxcc prank --call 8745f3b2-0e9e-4f0e-8a5c-9d1f6a4f6b8e --reason "threats"
    """
    _act(session, "prank", **fields)


@click.command("conference")
@on_a_call
@pass_session
def conference_command(session: Session, /, **fields: Any) -> None:
    """Move customer and agent to the agent's own conference room.

    \b
    fluxcc conference --agent 1000
    """
    _act(session, "conference", **fields)


@click.command("transfer")
@click.argument("service")
@on_a_call
@pass_session
def transfer_command(session: Session, /, **fields: Any) -> None:
    """Send the customer to SERVICE, blind, and free the agent.

    \b
    fluxcc transfer invoices --agent 1000
    """
    _act(session, "transfer", **fields)


@click.command("hangup")
@on_a_call
@click.option(
    "--survey/--no-survey",
    default=True,
    help="With the group's survey, where it has one (the default), or without.",
)
@pass_session
def hangup_command(session: Session, /, **fields: Any) -> None:
    """End a call, or send its customer to the survey where the group has one.

    \b
    fluxcc hangup --agent 1000
    fluxcc hangup --agent 1000 --no-survey
    """
    _act(session, "hangup", **fields)
