"""``db``: upgrades the store's schema, and erases records of people.

Where a daemon runs, it erases, so that it does not write the records again; otherwise the command
does, in the same way (``core.retention``).
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import NoReturn

import click

from fluxcc import i18n
from fluxcc.cli.ask import asked
from fluxcc.cli.moments import Since
from fluxcc.cli.session import (
    FAILED,
    NOT_PERMITTED,
    UNAVAILABLE,
    Session,
    json_option,
    pass_session,
)
from fluxcc.domain import codes
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.marking import _
from fluxcc.operators import client
from fluxcc.protocol.operators import PURGE, STORE_UNAVAILABLE, Ask, Purged
from fluxcc.store.upkeep import revision, upgrade

PURGE_TIMEOUT = 3600.0
"""Seconds: millions of old records go in small steps."""


@click.group("db")
def db_command() -> None:
    """Look after the store."""


@db_command.command("upgrade")
@json_option
@pass_session
def upgrade_store(session: Session) -> None:
    """Create the store where there is none, bring its schema up to date otherwise.

    The daemon does the same when it starts. Back up the store before.

    \b
    fluxcc db upgrade
    """
    url = session.settings.store.url
    try:
        before = revision(url)
        aside = upgrade(url)
        after = revision(url)
    except StoreUnavailableError as error:
        _fail_on_store(session, str(error))
    if session.as_json:
        session.show_json(
            {"before": before, "after": after, "set_aside": str(aside) if aside else None}
        )
        return
    if aside:
        session.say(_("The store was corrupt; it was set aside as {aside}."), aside=aside)
    if not before or aside:
        session.say(_("A new store was made, with schema {after}."), after=after)
    elif before == after:
        session.say(_("The store is up to date, with schema {after}."), after=after)
    else:
        session.say(
            _("The store was brought from schema {before} to {after}."), before=before, after=after
        )


@db_command.command("purge")
@click.option("--number", metavar="N", default="", help="Of this number, in every spelling.")
@click.option("--before", type=Since(), metavar="D", help="Older than 90d, or than a date.")
@click.option("--with-live-block", is_flag=True, help="With --number: end its block too.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
@pass_session
def purge_store(
    session: Session, /, number: str, before: float | None, with_live_block: bool, yes: bool
) -> None:
    """Erase what is kept of one person, or what is old, for good.

    Of a person go the ended calls, the surveys and the ended blocks; the audit keeps what was done
    and by whom, without number and reason. A call that is going on stays, and so does a live block:
    it ends by itself. What is older than D goes whole.

    \b
    fluxcc db purge --number +5511988887777
    fluxcc db purge --before 30d --yes
    """
    if bool(number) == (before is not None):
        raise click.UsageError(
            session.translate(_("exactly one of --number and --before is needed"))
        )
    if with_live_block and not number:
        raise click.UsageError(session.translate(_("--with-live-block goes with --number")))
    if not yes and not session.as_json and sys.stdin.isatty():
        click.confirm(session.translate(_("What is erased does not come back. Go on?")), abort=True)
    question = Ask(do=PURGE, number=number, before=before, with_live_block=with_live_block)
    purged = _purge(session, question)
    if purged.code == STORE_UNAVAILABLE:
        _fail_on_store(session, purged.error)
    if purged.code != Code.ERASED:
        code = Code(purged.code)
        session.fail(FAILED, code, codes.SENTENCES[code], number=number)
    if session.as_json:
        session.show_json(
            {"code": purged.code, "counts": purged.counts, "blocked_until": purged.blocked_until}
        )
        return
    session.say(
        _("Erased: {calls} calls, {surveys} surveys, {blocks} ended blocks."), **purged.counts
    )
    if number:
        session.say(_("Rows of the audit without a number now: {audit}."), **purged.counts)
    else:
        session.say(_("Rows of the audit: {audit}."), **purged.counts)
    if purged.blocked_until:
        session.say(
            _("The number stays blocked until {until}; --with-live-block ends that too."),
            until=i18n.clock_time(purged.blocked_until),
        )


def _purge(session: Session, question: Ask) -> Purged:
    """Erase in the daemon, or in this process where none runs."""

    def purge(path: Path) -> Purged:
        try:
            return client.read(path, question, Purged, PURGE_TIMEOUT)
        except (FileNotFoundError, ConnectionRefusedError):
            return _purge_here(session, question)

    return asked(session, purge)


def _purge_here(session: Session, question: Ask) -> Purged:
    # Importing the core is slow, and it is not needed where a daemon erases.
    from fluxcc import bootstrap  # noqa: PLC0415
    from fluxcc.doors import readings  # noqa: PLC0415

    if question.with_live_block:
        session.fail(
            UNAVAILABLE,
            "daemon-unavailable",
            _("A live block can be ended only while the daemon runs: FreeSWITCH must know of it."),
        )
    try:
        return readings.purge(bootstrap.erasure(session.settings), question, getpass.getuser())
    except ValueError as error:
        session.fail(FAILED, Code.MALFORMED_REQUEST, "{error}", error=error)


def _fail_on_store(session: Session, error: str) -> NoReturn:
    session.fail(
        NOT_PERMITTED, "store-unavailable", _("The store cannot be used: {error}"), error=error
    )
