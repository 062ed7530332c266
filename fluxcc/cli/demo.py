"""``demo``: the main job, start to end, on this machine."""

from __future__ import annotations

import click

from fluxcc.cli.session import FAILED, Session, pass_session
from fluxcc.lab import demo
from fluxcc.lab.port import LabError


@click.command("demo")
@click.option("--simulator", "simulated", is_flag=True, help="Not on a FreeSWITCH in any case.")
@pass_session
def demo_command(session: Session, simulated: bool) -> None:
    """Show the main job, start to end, on a PBX of its own.

    It runs on a real FreeSWITCH where this machine has one (and SIPp), on the built-in simulator
    elsewhere, and says on which. Nothing that exists already is touched.
    """
    try:
        printer = demo.Printer(session.language, session.translate, click.echo)
        demo.run(printer, simulated=simulated)
    except LabError as error:
        session.fail(FAILED, "demo-failed", "{error}", error=error)
