"""``block``, ``unblock``, ``blocks``, ``check``: the blocked numbers.

Changes go through the daemon. Queries go to the daemon too, or to the store where none is running.
"""

from __future__ import annotations

import time

import click
import msgspec
from msgspec.structs import replace

from fluxcc.cli.ask import carry_out, reading_if_running
from fluxcc.cli.domains import DomainColumn, domain_option
from fluxcc.cli.moments import DurationType
from fluxcc.cli.nodes import NodeColumn, node_of, node_option
from fluxcc.cli.numbers import NumberType, number_plan
from fluxcc.cli.session import FAILED, Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored, whole_history
from fluxcc.cli.table import Table
from fluxcc.config import write_duration
from fluxcc.domain.blocks import Block, BlockState, without_number
from fluxcc.domain.clocks import Clocks
from fluxcc.domain.codes import Code
from fluxcc.domain.protection import Protections
from fluxcc.domain.provisioning import Protected
from fluxcc.marking import _
from fluxcc.protocol.operators import (
    BLOCKS,
    CHECK,
    STATUS,
    CheckedNumber,
    DaemonStatus,
    checked,
)

MOST_BLOCKS = 1_000
"""Blocks that ``blocks --all`` lists."""


@click.command("block")
@click.argument("number", type=NumberType())
@click.option("--for", "duration", type=DurationType(), metavar="30m", help="For how long.")
@domain_option(_("In this SIP domain only, not in all."))
@click.option("--reason", metavar="TEXT", default="", help="Why, for the audit.")
@json_option
@pass_session
def block_command(
    session: Session, /, number: str, duration: int | None, domain: str, reason: str
) -> None:
    """Refuse calls from NUMBER, in every spelling, for a while.

    \b
    fluxcc block +5511988887777
    fluxcc block 11988887777 --for 2h --reason "threats"
    """
    if fault := _fault(number):
        session.fail(
            FAILED,
            Code.NUMBER_UNUSABLE,
            _("{number} cannot be read as a number: {fault}."),
            number=printable(number),
            fault=session.translate(fault),
        )
    carry_out(session, "block", number=number, duration=duration, domain=domain, reason=reason)


@click.command("unblock")
@click.argument("number", type=NumberType())
@domain_option(_("In this SIP domain only: a block for all, or for another one, stays."))
@click.option("--reason", metavar="TEXT", default="", help="Why, for the audit.")
@json_option
@pass_session
def unblock_command(session: Session, /, number: str, domain: str, reason: str) -> None:
    """Unblock NUMBER before its time; also as the block's name, where the number is withheld.

    \b
    fluxcc unblock 11988887777
    fluxcc unblock 3f9a1c2e
    """
    carry_out(session, "unblock", number=number, domain=domain, reason=reason)


@click.command("blocks")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended.")
@domain_option(_("Of this SIP domain only."))
@node_option()
@json_option
@pass_session
def blocks_command(session: Session, /, with_ended: bool, domain: str, node: str) -> None:
    """List the blocked numbers."""
    blocks = _all(session, node) if with_ended else _live(session)
    # A live one is known on every node, and shown with the one on which it was marked.
    blocks = [block for block in blocks if node in ("", node_of(block))]
    # One for all domains counts in each.
    blocks = [block for block in blocks if domain in ("", block.domain) or not block.domain]
    if session.as_json:
        session.show_json(msgspec.to_builtins(blocks))
        return
    column, nodes = DomainColumn(blocks, least=1), NodeColumn(blocks)
    titles = [_("number"), _("until"), _("by"), _("attempts"), _("state"), _("reason")]
    grow = any(block.nth for block in blocks)
    if grow:
        titles.append(_("block no."))
    table = Table(nodes.titles(column.titles(titles)))
    for block in blocks:
        table.add(
            printable(_shown(block)),
            session.moment(block.until),
            printable(block.by),
            str(block.attempts),
            block.state,
            printable(block.reason),
            *([str(block.nth or 1)] if grow else []),
            *column.cells(block),
            *nodes.cells(block),
        )
    table.show(session)


@click.command("check")
@click.argument("number", type=NumberType())
@json_option
@pass_session
def check_command(session: Session, number: str) -> None:
    """Explain a number: what it is, how it may be spelt, whether it is blocked. In place of NUMBER
    the name of a block may stand, where the number is withheld."""
    known = reading_if_running(session, CheckedNumber, CHECK, number=number)
    if known is None:
        known = _check_here(session, number)
    if session.as_json:
        session.show_json(msgspec.to_builtins(known))
        return
    session.say(_("Number: {number}"), number=printable(known.number))
    session.say(_("Spellings: {spellings}"), spellings=", ".join(known.spellings) or "-")
    if fault := _fault(number):
        session.say(_("It cannot be read as a number: {fault}."), fault=session.translate(fault))
    if known.internal:
        session.say(_("It is an internal extension; those are never blocked."))
    elif known.protected:
        session.say(_("It is protected; nobody can block it."))
    elif not known.blockable:
        session.say(_("It is withheld or unusable, and cannot be blocked."))
    for block in known.blocks:
        said = (
            _("Blocked in {domain} until {until} by {by}, {attempts} attempts")
            if block.domain
            else _("Blocked until {until} by {by}, {attempts} attempts")
        )
        session.say(
            said,
            domain=printable(block.domain),
            until=session.moment(block.until),
            by=printable(block.by),
            attempts=block.attempts,
        )
        if block.is_private:
            session.say(
                _(
                    "Its caller asked that the number be shown to nobody; for agents it is block"
                    " {block}"
                ),
                block=block.name,
            )
    if not known.blocks:
        session.say(_("Not blocked."))
    if known.next_duration is not None:
        session.say(
            _("Blocks of late: {earlier}; the next one lasts {duration}"),
            earlier=known.earlier,
            duration=write_duration(known.next_duration),
        )


def _fault(number: str) -> str:
    """Why a pasted number cannot be read; empty where it can."""
    from fluxcc.domain import pasted  # noqa: PLC0415  # ``blocks`` is given no number

    return pasted.read(number).fault


def _live(session: Session) -> list[Block]:
    """The blocks that hold now, from the daemon, or from the store where none is running."""
    blocks = reading_if_running(session, list[Block], BLOCKS)
    if blocks is not None:
        # Which of them hold FreeSWITCH's clock says, which the daemon knows.
        return blocks
    # Nobody could note that it was shown.
    clocks = _clocks()
    with stored(session) as store:
        live = [block for block in store.live_blocks() if not block.is_over(clocks)]
    return [without_number(block) for block in live]


def _all(session: Session, node: str) -> list[Block]:
    """Live and ended blocks, from the site or the store. A live one whose time has passed is shown
    as expired: the gate lets the number through, also while no daemon runs."""
    status = reading_if_running(session, DaemonStatus, STATUS)
    clocks = _clocks(status.clock_offset if status else 0.0)
    found = whole_history(session, lambda history: history.blocks(MOST_BLOCKS), node=node)
    return [
        without_number(
            replace(block, state=BlockState.EXPIRED)
            if block.state is BlockState.LIVE and block.is_over(clocks)
            else block
        )
        for block in found
    ]


def _check_here(session: Session, number: str) -> CheckedNumber:
    clocks = _clocks()
    with stored(session) as store:
        live = [block for block in store.live_blocks() if not block.is_over(clocks)]
        entries = [each.name for each in store.entries() if isinstance(each, Protected)]
    plan = number_plan(session.settings)
    protected = Protections((*session.settings.blocks.never, *entries), plan)
    known = checked(
        number,
        plan,
        lambda known: [block for block in live if block.number == known.canonical],
        protected.has,
    )
    known.blocks = [without_number(block) for block in known.blocks]
    known.block = without_number(known.block) if known.block else None
    return known


def _clocks(ahead: float = 0.0) -> Clocks:
    """Both clocks; without a daemon nobody knows FreeSWITCH's."""
    now = time.time()
    return Clocks(now + ahead, now)


def _shown(block: Block) -> str:
    """The number, for an operator: where its caller hides it, with the block's name, by which
    agents know it."""
    return f"{block.number} ({block.name})" if block.is_private else block.number
