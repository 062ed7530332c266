"""``status`` and ``calls``: the daemon's state, live and ended calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from fluxcc.cli.ask import reading, reading_if_running
from fluxcc.cli.domains import DomainColumn, domain_option, split
from fluxcc.cli.moments import Since
from fluxcc.cli.nodes import NodeColumn, node_option
from fluxcc.cli.numbers import persons
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import whole_history
from fluxcc.cli.table import Table
from fluxcc.domain.privacy import told
from fluxcc.marking import _
from fluxcc.protocol.operators import (
    CALLS,
    STATUS,
    DaemonStatus,
    LiveCall,
)
from fluxcc.protocol.site import SITE, SiteStatus

if TYPE_CHECKING:  # importing it is slow
    from fluxcc.domain.calls import CallRecord

MOST_CALLS = 1_000
"""Ended calls that are listed."""
STEPS = {
    "consulted": _("consulted {who}"),
    "handed-over": _("handed over to {who}"),
}
"""Kind of a step of a call's sequel → what is said of it."""


@click.command("status")
@json_option
@pass_session
def status_command(session: Session) -> None:
    """Tell whether the daemon is up and connected, and what it has to do."""
    status = reading(session, DaemonStatus, STATUS)
    if session.as_json:
        session.show_json(msgspec.to_builtins(status))
        return
    facts = msgspec.structs.asdict(status)
    session.say(
        _("fluxcc {version} on {node}, up since {since}"),
        version=status.version,
        node=status.node,
        since=session.moment(status.since),
    )
    if status.connected:
        session.say(
            _("Connected to FreeSWITCH since {since}"),
            since=session.moment(status.connected_since or 0),
        )
    elif status.link_refusal:
        session.say(
            _("NOT connected, FreeSWITCH REFUSES the daemon: {reason}"), reason=status.link_refusal
        )
    else:
        session.say(_("NOT connected to FreeSWITCH: {reason}"), reason=status.link_loss)
    session.say(_("{calls} calls, {legs} legs, {blocks} numbers blocked"), **facts)
    if not status.calls_listed:
        session.say(
            _(
                "FreeSWITCH runs with -nosql and does NOT list its calls: those that began while"
                " the daemon was not connected are missing"
            )
        )
    session.say(
        _("Events: {lag:.3f} s behind, {events_waiting} waiting, {events_dropped} dropped"),
        **facts,
    )
    if status.store_failure:
        session.say(
            _("The store CANNOT be written ({store_failure}); {records_pending} records wait"),
            **facts,
        )
    if status.store_unreadable:
        rows = ", ".join(f"{count} {table}" for table, count in status.store_unreadable.items())
        session.say(_("Rows of the store CANNOT be read, and are left alone: {rows}"), rows=rows)
    if status.records_lost:
        lost = ", ".join(f"{count} {kind}" for kind, count in status.records_lost.items())
        session.say(
            _("History was LOST because the store was away for too long: {lost}"), lost=lost
        )
    _say_retention(session, status)
    _say_persons(session, status)
    _say_gates(session, status)
    _say_survey(session, status)
    _say_site(session)


def _say_retention(session: Session, status: DaemonStatus) -> None:
    if status.clock_doubted:
        session.say(
            _("Old records are NOT deleted: FreeSWITCH's clock and the machine's differ"),
        )
    for kind, share in status.retention_held.items():
        session.say(
            _(
                "Old records are NOT deleted: {share} of {kind} are too old, more than a usual"
                " day leaves (delete them: fluxcc db purge --overdue)"
            ),
            kind=kind,
            share=f"{share:.0%}",
        )


def _say_persons(session: Session, status: DaemonStatus) -> None:
    if status.persons_reached:
        session.say(
            _(
                "Whose numbers are in old records is being read, calls up to {moment} so far;"
                " searching by number finds them all, and takes longer meanwhile"
            ),
            moment=session.moment(status.persons_reached),
        )
    elif status.persons_unread:
        session.say(
            _(
                "Whose numbers are in old records is being read; searching by number finds them"
                " all, and takes longer meanwhile"
            )
        )


def _say_gates(session: Session, status: DaemonStatus) -> None:
    if status.connected and not status.gate_told:
        session.say(
            _(
                "FreeSWITCH's mod_hash does NOT have the blocks: the gate may refuse nobody, and"
                " the daemon ends blocked callers' calls itself"
            )
        )
    if status.gate_differences:
        session.say(
            _("The gate DIFFERED from the blocks in {keys} keys and was told again; see the log"),
            keys=status.gate_differences,
        )
    for context in status.contexts_without_gate:
        session.say(_("The gate is MISSING from dialplan context {context}"), context=context)
    for context in status.contexts_unseen:
        session.say(
            _(
                "Whether dialplan context {context} has the gate CANNOT BE SEEN; the daemon ends"
                " blocked callers' calls there (find out: fluxcc doctor --call)"
            ),
            context=context,
        )


def _say_survey(session: Session, status: DaemonStatus) -> None:
    for group, files in status.unplayable.items():
        session.say(
            _("The survey of group {group} is NOT HEARD in full; FreeSWITCH cannot play: {files}"),
            group=printable(group),
            files=printable(", ".join(files)),
        )
    if status.spool_unread:
        session.say(
            _("The survey's answers CANNOT be taken in ({reason})"),
            reason=printable(status.spool_unread),
        )
    for file, reason in status.spool_files.items():
        session.say(
            _("{file} STAYS in the survey's spool ({reason})"),
            file=printable(file),
            reason=printable(reason),
        )
    if status.spool_unwritten:
        session.say(
            _("The survey's answers CANNOT be written by FreeSWITCH ({reason})"),
            reason=printable(status.spool_unwritten),
        )


@click.command("calls")
@click.option("--ended", is_flag=True, help="Those that have ended, the newest first.")
@click.option("--since", type=Since(), default=0.0, metavar="D", help="With --ended: since 2h.")
@click.option("--number", metavar="N", default="", help="Of this number, in any spelling.")
@click.option("--agent", metavar="A", default="", help="With --ended: of this agent.")
@domain_option(_("Of this SIP domain only."))
@node_option()
@json_option
@pass_session
def calls_command(
    session: Session, /, ended: bool, since: float, number: str, agent: str, domain: str, node: str
) -> None:
    """List the calls that are live now, or those that have ended."""
    if ended:
        agent, domain = split(agent, domain)
        _show_ended(
            session,
            whole_history(
                session,
                lambda history: history.ended_calls(
                    since=since, number=number, agent=agent, domain=domain, limit=MOST_CALLS
                ),
                number=number,
                node=node,
            ),
        )
        return
    calls = reading(session, list[LiveCall], CALLS, **({"node": node} if node else {}))
    _warn_of_site(session)
    calls = [call for call in calls if domain in ("", call.domain)]
    if number:
        person = persons(session.settings).find(number)
        calls = [call for call in calls if person.has(call.number)]
    if session.as_json:
        session.show_json(msgspec.to_builtins(calls))
        return
    column = DomainColumn(calls)
    titles = [_("since"), _("direction"), _("number"), _("agent"), _("group"), _("call")]
    of_site = [_("node")] if session.settings.site.url else []
    table = Table(column.titles(titles) + of_site)
    for call in calls:
        table.add(
            session.moment(call.started),
            call.direction,
            printable(call.number),
            printable(call.agent),
            printable(call.group),
            printable(call.call),
            *column.cells(call),
            *(printable(call.node) for _title in of_site),
        )
    table.show(session)


def _say_site(session: Session) -> None:
    """Say how each other PBX of the site is; those that are not heard of are named apart."""
    if not session.settings.site.url:
        return
    site = reading_if_running(session, SiteStatus, SITE)
    for node in site.nodes if site is not None else []:
        if node.name == (site.node if site else "") or node.silent:
            continue
        is_there = _("connected to FreeSWITCH") if node.connected else _("NOT connected")
        session.say(
            _("PBX {node}: {state}, {calls} calls, {blocks} numbers blocked, {behind} behind"),
            node=printable(node.name),
            state=session.translate(is_there),
            calls=node.calls,
            blocks=node.blocks,
            behind=node.behind,
        )
    _warn(session, site)


def _warn_of_site(session: Session) -> None:
    """Say which PBXs of the site are not in what is shown."""
    if not session.settings.site.url:
        return
    _warn(session, reading_if_running(session, SiteStatus, SITE))


def _warn(session: Session, site: SiteStatus | None) -> None:
    if site is None:
        return
    if site.name_taken_by:
        session.warn(
            _("Another daemon, on {host}, is in the site as {node}: this one takes NO PART."),
            host=printable(site.name_taken_by),
            node=printable(site.node),
        )
    elif site.failure:
        session.warn(
            _("The site's database is NOT reached: {reason}"), reason=printable(site.failure)
        )
    for node in site.nodes:
        if node.silent:
            session.warn(
                _("PBX {node} has NOT been heard of for {seconds:.0f} s."),
                node=printable(node.name),
                seconds=node.silence,
            )


def _show_ended(session: Session, found: Sequence[CallRecord]) -> None:
    calls = [replace(call, number=told(call.number, is_private=call.is_private)) for call in found]
    if session.as_json:
        rows = msgspec.to_builtins(calls)
        for row in rows:
            # The daemon's own, and empty by now.
            del row["state"]
        session.show_json(rows)
        return
    column, nodes = DomainColumn(calls), NodeColumn(calls)
    titles = [
        _("since"),
        _("direction"),
        _("number"),
        _("agent"),
        _("group"),
        _("talked from"),
        _("until"),
        _("outcome"),
        _("meanwhile"),
        _("call"),
    ]
    table = Table(nodes.titles(column.titles(titles)))
    for call in calls:
        table.add(
            session.moment(call.started),
            call.direction,
            printable(call.number),
            printable(call.agent),
            printable(call.group),
            _moment(session, call.bridged),
            _moment(session, call.parted),
            call.outcome,
            printable(_words(session, call.sequel)),
            printable(call.customer_leg),
            *column.cells(call),
            *nodes.cells(call),
        )
    table.show(session)


def _moment(session: Session, epoch: float | None) -> str:
    return "" if epoch is None else session.moment(epoch)


def _words(session: Session, sequel: str) -> str:
    """What happened after the first talk (``CallRecord.sequel``), for a person."""
    said = []
    for step in sequel.split():
        what, _colon, who = step.partition(":")
        sentence = STEPS.get(what)
        said.append(session.translate(sentence).format(who=who) if sentence else step)
    return ", ".join(said)
