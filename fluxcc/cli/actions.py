"""``prank``: what an agent does through the board, done by an operator."""

from __future__ import annotations

import click

from fluxcc.cli.ask import carry_out
from fluxcc.cli.session import Session, pass_session


@click.command("prank")
@click.option("--agent", metavar="EXT", help="Whose call: the agent's extension.")
@click.option("--call", metavar="UUID", help="Which call: the UUID of either leg.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the audit.")
@pass_session
def prank_command(session: Session, agent: str | None, call: str | None, reason: str) -> None:
    """End a call as a prank and block the caller's number for a while.

    \b
    fluxcc prank --agent 1000
    fluxcc prank --call 8745f3b2-0e9e-4f0e-8a5c-9d1f6a4f6b8e --reason "threats"
    """
    if not agent and not call:
        raise click.UsageError("one of --agent and --call is needed")
    carry_out(session, "prank", agent=agent, call=call, reason=reason)
