"""``demo``: the main job, start to end, on this machine."""

from __future__ import annotations

import click

from fluxcc.cli.session import FAILED, Session, pass_session
from fluxcc.cli.web import LAPTOP, fail_without_page
from fluxcc.lab import demo
from fluxcc.lab.port import LabError
from fluxcc.marking import _


@click.command("demo")
@click.option("--simulator", "simulated", is_flag=True, help="Not on a FreeSWITCH in any case.")
@click.option("--keep", is_flag=True, help="The page, with calls that come and go, until Ctrl-C.")
@pass_session
def demo_command(session: Session, simulated: bool, keep: bool) -> None:
    """Show the main job, start to end, on a PBX of its own.

    It runs on a real FreeSWITCH where this machine has one (and SIPp), on the built-in simulator
    elsewhere, and says on which. Nothing that exists already is touched. With --keep it tells no
    story, and is on the simulator.
    """
    if keep:
        _keep(session)
        return
    try:
        story = demo.Story(session.language, session.translate, click.echo)
        demo.run(story, simulated=simulated)
    except demo.StoryError as error:
        session.fail(FAILED, "demo-failed", error.sentence, **error.facts)
    except LabError as error:
        # What PBX and telephones say is for those who look into it, and English.
        session.fail(FAILED, "demo-failed", _("The demo cannot go on: {error}"), error=error)


def _keep(session: Session) -> None:
    try:
        from fluxcc.lab import demo_web  # noqa: PLC0415  # the page is an extra
    except ImportError as error:
        fail_without_page(session, error)
    demo_web.main(click.echo, session.settings.web.listen or LAPTOP)
