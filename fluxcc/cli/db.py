"""``db``: upgrades the store's schema, renames its node, and erases records of people.

Where a daemon runs, it erases, so that it does not write the records again; otherwise the command
does, in the same way (``core.retention``).
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import NoReturn

import click

from fluxcc.cli.ask import asked
from fluxcc.cli.erased import say_places
from fluxcc.cli.moments import Since
from fluxcc.cli.numbers import NumberType
from fluxcc.cli.session import (
    FAILED,
    NOT_PERMITTED,
    UNAVAILABLE,
    Session,
    json_option,
    pass_session,
)
from fluxcc.config.values import NODE
from fluxcc.domain import codes
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import AnotherDaemonError, StoreUnavailableError
from fluxcc.domain.requests import Actor, Role
from fluxcc.marking import _
from fluxcc.operators import client
from fluxcc.protocol.operators import (
    CLOCK_DOUBTED,
    PURGE,
    STATUS,
    STORE_UNAVAILABLE,
    Ask,
    DaemonStatus,
    Purged,
)
from fluxcc.store.upkeep import read_identity, rename_node, revision, upgrade

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


@db_command.command("rename-node")
@click.argument("names", nargs=-1, required=True, metavar="[OLD] NEW")
@json_option
@pass_session
def rename_node_command(session: Session, names: tuple[str, ...]) -> None:
    """Give everything that node OLD stored to node NEW; the daemon must be stopped.

    Without OLD it is the node whose store this is. Of a group, room or service that both have, that
    of NEW stays.

    \b
    fluxcc db rename-node pbx1
    fluxcc db rename-node old-host pbx1
    """
    if len(names) > 2 or not all(map(NODE.fullmatch, names)):
        raise click.UsageError(session.translate(_("one or two names are needed, without blanks")))
    _require_stopped(session)
    url = session.settings.store.url
    try:
        found = read_identity(url)
        old = names[0] if len(names) == 2 else found.kept or found.heir
        if old == names[-1] or old not in (found.kept, *found.nodes):
            session.fail(
                FAILED,
                "unknown-node",
                _("Name the node to rename; the store has rows of: {nodes}"),
                nodes=", ".join(found.nodes) or "-",
            )
        rows = rename_node(url, old, names[-1])
    except StoreUnavailableError as error:
        _fail_on_store(session, str(error))
    if session.as_json:
        session.show_json({"old": old, "new": names[-1], "rows": rows})
        return
    session.say(
        _("Node {old} is called {new} now: {calls} calls, {blocks} blocks, {entries} entries."),
        old=old,
        new=names[-1],
        **rows,
    )
    named = session.settings.pbx.node
    if named not in ("", names[-1]):
        session.say(
            _("pbx.node still says {node}: set it to {new}, or remove it."),
            node=named,
            new=names[-1],
        )


def _require_stopped(session: Session) -> None:
    """End the program where a daemon runs, or does not tell whether it does: it would go on writing
    under its former name."""

    def is_running(path: Path) -> bool:
        try:
            client.read(path, Ask(do=STATUS), DaemonStatus)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    if asked(session, is_running):
        _fail_on_daemon(session)
    _require_unlocked(session)


def _require_unlocked(session: Session) -> None:
    """End the program where a daemon has the store's lock: its socket may have been deleted."""
    from fluxcc import bootstrap  # noqa: PLC0415  # the core takes its time

    for lock in bootstrap.locks(session.settings):
        # A lock that root makes here could not be taken by the service.
        if lock.path.exists():
            try:
                lock.take()
            except AnotherDaemonError:
                _fail_on_daemon(session)
            lock.release()


def _fail_on_daemon(session: Session) -> NoReturn:
    session.fail(FAILED, "daemon-running", _("Stop the daemon first: systemctl stop fluxcc"))


@db_command.command("purge")
@click.option(
    "--number",
    type=NumberType(),
    metavar="N",
    default="",
    help="Of this number, in every spelling.",
)
@click.option("--before", type=Since(), metavar="D", help="Older than 90d, or than a date.")
@click.option("--overdue", is_flag=True, help="What [retention] says, however much it is.")
@click.option("--with-live-block", is_flag=True, help="With --number: end its block too.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
@pass_session
def purge_store(
    session: Session,
    /,
    number: str,
    before: float | None,
    overdue: bool,
    with_live_block: bool,
    yes: bool,
) -> None:
    """Erase what is kept of one person, or what is old, for good.

    Of a person go the ended calls, the surveys and the ended blocks; the audit keeps what was done
    and by whom, without number and reason. A call that is going on stays, and so does a live block:
    it ends by itself. What is older than D goes whole. With --overdue goes what the daemon deletes
    each day and held back because it is more than usual (fluxcc status). It tells what it did not
    reach, such as backups and what FreeSWITCH keeps by itself.

    \b
    fluxcc db purge --number +5511988887777
    fluxcc db purge --before 30d --yes
    fluxcc db purge --overdue
    """
    if bool(number) + (before is not None) + overdue != 1:
        raise click.UsageError(
            session.translate(_("exactly one of --number, --before and --overdue is needed"))
        )
    if with_live_block and not number:
        raise click.UsageError(session.translate(_("--with-live-block goes with --number")))
    if not yes and not session.as_json and sys.stdin.isatty():
        click.confirm(session.translate(_("What is erased does not come back. Go on?")), abort=True)
    question = Ask(
        do=PURGE, number=number, before=before, overdue=overdue, with_live_block=with_live_block
    )
    purged = _purge(session, question)
    if purged.code == CLOCK_DOUBTED:
        session.fail(
            FAILED,
            CLOCK_DOUBTED,
            _("FreeSWITCH's clock and the machine's differ: put them right first (fluxcc doctor)"),
        )
    if purged.code == STORE_UNAVAILABLE:
        _fail_on_store(session, purged.error)
    if purged.code != Code.ERASED:
        code = Code(purged.code)
        session.fail(FAILED, code, codes.SENTENCES[code], number=number)
    if session.as_json:
        session.show_json(
            {
                "code": purged.code,
                "counts": purged.counts,
                "blocked_until": purged.blocked_until,
                "reached": purged.reached,
                "left": purged.left,
            }
        )
        return
    _say_purged(session, purged, number)


def _say_purged(session: Session, purged: Purged, number: str) -> None:
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
            until=session.moment(purged.blocked_until),
        )
    if number:
        say_places(session, purged)


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
    if question.overdue:
        session.fail(
            UNAVAILABLE,
            "daemon-unavailable",
            _("What is overdue is deleted by the daemon, which compares the clocks: start it."),
        )
    _require_unlocked(session)
    try:
        who = Actor(Role.OPERATOR, getpass.getuser())
        return readings.purge(bootstrap.erasure(session.settings), question, who)
    except ValueError as error:
        session.fail(FAILED, Code.MALFORMED_REQUEST, "{error}", error=error)


def _fail_on_store(session: Session, error: str) -> NoReturn:
    session.fail(
        NOT_PERMITTED, "store-unavailable", _("The store cannot be used: {error}"), error=error
    )
