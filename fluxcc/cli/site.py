"""``site``: the PBXs that share their blocks, and this one's part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn, TypeVar

import click
import msgspec

from fluxcc.cli.ask import reading_if_running
from fluxcc.cli.session import FAILED, UNAVAILABLE, Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored
from fluxcc.cli.table import Table
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.changes import MICROSECONDS, Change, Kind
from fluxcc.domain.errors import SiteUnavailableError, StoreUnavailableError
from fluxcc.domain.shared_entries import EntryChange, clashing_entries, read_change
from fluxcc.marking import _
from fluxcc.protocol.operators import (
    STATUS,
    DaemonStatus,
)
from fluxcc.protocol.site import SITE, SiteNode, SiteStatus, site_nodes

Found = TypeVar("Found")
HERE, SITE_S = "here", "site"
WHICH_COUNTS = {
    HERE: _(
        "{number}: blocked here until {here}, in the site until {there}; the mark made here counts"
    ),
    SITE_S: _(
        "{number}: blocked here until {here}, in the site until {there}; the site's mark counts"
    ),
}
LONG_WAITING = 30.0
"""Seconds from which it is told what waits."""
WHICH_ENTRY_COUNTS = {
    (HERE, False): _("{entry}: not as in the site; the one here counts"),
    (SITE_S, False): _("{entry}: not as in the site; the site's counts"),
    (HERE, True): _("{entry}: removed in the site; the one here counts"),
    (SITE_S, True): _("{entry}: removed in the site, and here too then"),
}
"""By whose counts, and whether the site's was removed."""
PER_PAGE = 500
MOST_BLOCKS = 100_000


@click.group("site")
def site_command() -> None:
    """The site: the PBXs that share their blocks."""


@site_command.command("status")
@json_option
@pass_session
def site_status(session: Session) -> None:
    """Tell which PBXs are in the site, and how far behind each is.

    It asks the daemon; where none runs, the site's database.
    """
    _need_site(session)
    status = reading_if_running(session, SiteStatus, SITE) or _ask_database(session)
    if session.as_json:
        session.show_json(msgspec.to_builtins(status))
        return
    if status.name_taken_by:
        session.say(
            _("Another daemon, on {host}, is in the site as {node}: this one takes NO PART."),
            host=printable(status.name_taken_by),
            node=printable(status.node),
        )
    elif status.failure:
        session.say(
            _("The site's database is NOT reached: {reason}"), reason=printable(status.failure)
        )
    elif status.telling_failure:
        session.say(
            _("Changes of this PBX CANNOT be told: {reason}"),
            reason=printable(status.telling_failure),
        )
    _say_what_waits(session, status)
    titles = [
        _("node"),
        _("heard of"),
        _("version"),
        _("FreeSWITCH"),
        _("behind"),
        _("waiting"),
        _("clock"),
        _("calls"),
        _("blocks"),
    ]
    table = Table(titles)
    for node in status.nodes:
        table.add(*_cells(session, node))
    table.show(session)


def _say_what_waits(session: Session, status: SiteStatus) -> None:
    """Say what of this PBX the site does not have yet, and what it will never have."""
    if status.history_failure:
        session.say(
            _("The history of this PBX CANNOT be told: {reason}"),
            reason=printable(status.history_failure),
        )
    if status.waiting_for >= LONG_WAITING:
        session.say(
            _("{count} records of this PBX wait for the site, the oldest for {seconds:.0f} s."),
            count=status.waiting,
            seconds=status.waiting_for,
        )
    if status.erasing:
        session.say(
            _("{count} persons are still to be erased from the site."), count=status.erasing
        )
    lost = sum(status.history_lost.values())
    if lost:
        session.say(
            _("{count} records were deleted for their age before the site had them."), count=lost
        )


def _cells(session: Session, node: SiteNode) -> list[str]:
    offset = "-" if node.clock_offset is None else f"{node.clock_offset:+.1f} s"
    heard = _("{seconds:.0f} s ago") if not node.silent else _("NOT HEARD OF for {seconds:.0f} s")
    return [
        printable(node.name),
        session.translate(heard).format(seconds=node.silence),
        printable(node.version),
        session.translate(_("connected") if node.connected else _("NOT connected")),
        str(node.behind),
        f"{node.waiting} ({node.waiting_for:.0f} s)" if node.waiting else "0",
        offset,
        str(node.calls),
        str(node.blocks),
    ]


@site_command.command("join")
@json_option
@pass_session
def site_join(session: Session) -> None:
    """Look what becomes of this PBX's blocks, groups, rooms, services, protected numbers, users and
    tokens in the site, before its daemon is in it.

    The daemon joins by itself when it starts with [site] url set: its blocks are the site's from
    then on, as marked when they began. Of a number that both have blocked, the later mark counts;
    of a group, a user and so on that both have, the site's. This command creates the site's tables
    where there are none, and tells which.
    """
    _need_site(session)
    with stored(session) as store:
        own = [each for each in store.blocks(limit=MOST_BLOCKS) if each.state is BlockState.LIVE]
        entries, stamps = store.entries(), store.entry_stamps()
    theirs, their_entries = _all_of_site(session)
    clashes = clashing(own, theirs)
    of_entries = clashing_entries(entries, stamps, their_entries, session.settings.pbx.node)
    if session.as_json:
        told = [{"number": o.number, "domain": o.domain, "counts": by} for o, _t, by in clashes]
        session.show_json(
            {
                "blocks": len(own),
                "clashes": told,
                "entries": len(entries),
                "entry_clashes": [
                    {"entry": mine.stamp.thing, "counts": whose(mine, other)}
                    for mine, other in of_entries
                ],
            }
        )
        return
    session.say(
        _("{blocks} blocks of this PBX, {clashes} of them clash with the site's."),
        blocks=len(own),
        clashes=len(clashes),
    )
    for mine, other, counts in clashes:
        session.say(
            WHICH_COUNTS[counts],
            number=mine.name or mine.number,
            here=session.moment(mine.until),
            there=session.moment(other.until),
        )
    session.say(
        _(
            "{entries} groups, rooms, services, protected numbers, users and tokens of this PBX,"
            " {clashes} of them clash with the site's."
        ),
        entries=len(entries),
        clashes=len(of_entries),
    )
    for own_entry, in_site in of_entries:
        session.say(
            WHICH_ENTRY_COUNTS[whose(own_entry, in_site), in_site.entry is None],
            entry=f"{own_entry.stamp.kind} {printable(own_entry.stamp.name)}",
        )


def _all_of_site(session: Session) -> tuple[list[Block], list[EntryChange]]:
    """The blocks and entries that the site has; ends the program where it does not answer."""
    from fluxcc.site.postgresql import PostgresqlSite  # noqa: PLC0415  # SQLAlchemy takes its time

    theirs: list[Block] = []
    their_entries: list[EntryChange] = []
    try:
        site = PostgresqlSite(session.settings.site.url)
        site.open()
        after = "", ""
        while page := site.standing(after, PER_PAGE):
            after = page[-1].kind, page[-1].key
            theirs += read_all(Kind.BLOCK, page, lambda each: read_block(each.body))
            their_entries += read_all(Kind.ENTRY, page, read_change)
        site.close()
    except SiteUnavailableError as error:
        _fail_unavailable(session, error)
    return theirs, their_entries


def read_block(body: str) -> Block:
    """A block as the site has it."""
    return msgspec.json.decode(body, type=Block)


def read_all(
    kind: Kind, changes: Sequence[Change], read: Callable[[Change], Found]
) -> Iterator[Found]:
    """What those of a kind say; without what this version cannot read, which the daemon passes
    over too."""
    for change in changes:
        if change.kind == kind:
            with suppress(msgspec.MsgspecError, ValueError):
                yield read(change)


def whose(mine: EntryChange, other: EntryChange) -> str:
    """Which of two entries of one name counts: ``here`` or ``site``."""
    return HERE if mine.is_later_than(other) else SITE_S


def clashing(own: list[Block], theirs: list[Block]) -> list[tuple[Block, Block, str]]:
    """The own blocks of numbers that the site knows from elsewhere, with the site's, and whose of
    the two counts: ``here`` or ``site``."""
    known = {(block.number, block.domain): block for block in theirs}
    found = []
    for block in own:
        other = known.get((block.number, block.domain))
        if other is None or other.id == block.id:
            continue
        mine = block.changed or int(block.since * MICROSECONDS)
        found.append((block, other, HERE if mine > other.changed else SITE_S))
    return found


@site_command.command("leave")
@click.option("--node", metavar="NAME", default="", help="Another PBX, which is there no more.")
@pass_session
def site_leave(session: Session, /, node: str) -> None:
    """Take this PBX out of the site's list. Its blocks stay, here and in the site.

    Its daemon must be ended first, and [site] url be taken out of its configuration before it
    starts again.
    """
    _need_site(session)
    from fluxcc.site.neighbours import PostgresqlNeighbours  # noqa: PLC0415

    name = node or session.settings.pbx.node
    running = reading_if_running(session, DaemonStatus, STATUS)
    if running is not None and name == session.settings.pbx.node:
        session.fail(
            FAILED, "daemon-running", _("The daemon is running; end it: systemctl stop fluxcc")
        )
    try:
        neighbours = PostgresqlNeighbours(session.settings.site.url)
        is_known = name in {each.name for each in neighbours.nodes()}
        neighbours.leave(name)
        neighbours.close()
    except SiteUnavailableError as error:
        _fail_unavailable(session, error)
    if not is_known:
        session.fail(FAILED, "unknown-node", _("The site knows no PBX {node}."), node=name)
    if name == session.settings.pbx.node:
        _forget_site(session)
    session.say(_("{node} is in the site no more."), node=name)


def _forget_site(session: Session) -> None:
    """Forget the site in this PBX's store: when it comes back it is as one that is new, and what it
    has changed meanwhile counts."""
    from fluxcc.store.upkeep import leave_site  # noqa: PLC0415  # SQLAlchemy takes its time

    try:
        untold = leave_site(session.settings.store.url, session.settings.pbx.node)
    except StoreUnavailableError as error:
        session.fail(UNAVAILABLE, "store-unavailable", "{error}", error=error)
    if untold:
        session.warn(_("{count} records of this PBX had not been told to the site."), count=untold)


def _need_site(session: Session) -> None:
    if not session.settings.site.url:
        session.fail(FAILED, "no-site", _("This PBX is in no site: [site] url is not set."))


def _ask_database(session: Session) -> SiteStatus:
    from fluxcc.site.neighbours import PostgresqlNeighbours  # noqa: PLC0415

    name = session.settings.pbx.node
    try:
        neighbours = PostgresqlNeighbours(session.settings.site.url)
        nodes = neighbours.nodes()
        neighbours.close()
    except SiteUnavailableError as error:
        _fail_unavailable(session, error)
    return SiteStatus(node=name, nodes=site_nodes(nodes))


def _fail_unavailable(session: Session, error: Exception) -> NoReturn:
    session.fail(
        UNAVAILABLE,
        "site-unavailable",
        _("The site's database does not answer: {error}"),
        error=error,
    )
