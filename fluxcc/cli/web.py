"""``web``: the page and the HTTP API, in the foreground."""

from __future__ import annotations

import os
import resource
import sys
from typing import Any, NoReturn

import click

from fluxcc.cli.session import MISCONFIGURED, UNAVAILABLE, Session, pass_session
from fluxcc.config.values import read_address
from fluxcc.marking import _

LAPTOP = "127.0.0.1:8137"
"""Where it listens if nobody says where."""


class Address(click.ParamType[str]):
    """An address and a port."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See ``click.ParamType``."""
        try:
            read_address(str(value))
        except ValueError:
            self.fail(f"{value!r} is no address and port, such as {LAPTOP}", param, ctx)
        return str(value)


@click.command("web")
@click.option("--listen", type=Address(), metavar="HOST:PORT", help="In place of [web] listen.")
@pass_session
def web_command(session: Session, listen: str | None) -> None:
    """Serve the page and the HTTP API (systemd does so).

    The first user is made by fluxcc user add.
    """
    os.umask(os.umask(0o777) | 0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = session.settings
    wanted = listen or settings.web.listen
    if not wanted and os.environ.get("INVOCATION_ID"):
        # Off as delivered: the unit may be enabled before anybody has said where to listen.
        session.fail(
            MISCONFIGURED, "not-listening", _("It listens nowhere: set web.listen to an address.")
        )
    try:
        from fluxcc.web import serving  # noqa: PLC0415  # asyncio and Litestar take their time
    except ImportError as error:
        fail_without_page(session, error)
    from fluxcc import logs  # noqa: PLC0415

    logs.set_up(settings.log.level, settings.log.format)
    if not listen and not settings.web.listen:
        session.say(_("The page is on http://{address}/"), address=LAPTOP)
    if not serving.serve(settings, read_address(wanted or LAPTOP)):
        sys.exit(MISCONFIGURED)


def fail_without_page(session: Session, error: ImportError) -> NoReturn:
    """End with what to do where the page's libraries, which are an extra, are missing."""
    session.fail(
        UNAVAILABLE,
        "not-installed",
        _("The page is not installed ({error}): pip install 'fluxcc[web]'"),
        error=error,
    )
