"""``block``, ``unblock``, ``blocks``, ``check``: the blocked numbers.

Changes go through the daemon; what is only read comes from the store, which knows it also while
the daemon is down.
"""

from __future__ import annotations

import time
from typing import Any

import click
import msgspec

from fluxcc import i18n
from fluxcc.cli.ask import carry_out
from fluxcc.cli.help import translate
from fluxcc.cli.numbers import number_plan
from fluxcc.cli.session import Session, json_option, pass_session, printable
from fluxcc.cli.stored import stored
from fluxcc.cli.table import Table
from fluxcc.config import read_duration
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.marking import _

MOST = 1_000
"""Blocks that ``blocks --all`` lists."""


class DurationType(click.ParamType[int]):
    """``90s``, ``30m``, ``2h``, ``1d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds."""
        try:
            return read_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} {translate(str(error))}", param, ctx)


@click.command("block")
@click.argument("number")
@click.option("--for", "duration", type=DurationType(), metavar="30m", help="For how long.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the audit.")
@json_option
@pass_session
def block_command(session: Session, number: str, duration: int | None, reason: str) -> None:
    """Refuse calls from NUMBER, in every spelling, for a while.

    \b
    fluxcc block +5511988887777
    fluxcc block 11988887777 --for 2h --reason "threats"
    """
    carry_out(session, "block", number=number, duration=duration, reason=reason)


@click.command("unblock")
@click.argument("number")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the audit.")
@json_option
@pass_session
def unblock_command(session: Session, number: str, reason: str) -> None:
    """Let NUMBER through again before its time."""
    carry_out(session, "unblock", number=number, reason=reason)


@click.command("blocks")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended.")
@json_option
@pass_session
def blocks_command(session: Session, with_ended: bool) -> None:
    """List the blocked numbers."""
    now = time.time()
    blocks = [
        block for block in _read(session, with_ended=with_ended) if with_ended or block.until > now
    ]
    if session.as_json:
        session.show_json([_describe(block, now) for block in blocks])
        return
    table = Table([_("number"), _("until"), _("by"), _("attempts"), _("state"), _("reason")])
    for block in blocks:
        table.add(
            printable(block.number),
            i18n.clock_time(block.until),
            printable(block.by),
            str(block.attempts),
            _describe(block, now)["state"],
            printable(block.reason),
        )
    table.show(session)


@click.command("check")
@click.argument("number")
@json_option
@pass_session
def check_command(session: Session, number: str) -> None:
    """Explain a number: what it is, how it may be spelt, whether it is blocked."""
    read = number_plan(session.settings)
    known = read.read(number)
    now = time.time()
    block = next(
        (
            block
            for block in _read(session, with_ended=False)
            if block.number == known.canonical and block.until > now
        ),
        None,
    )
    facts = {
        "number": known.canonical,
        "seen": known.seen,
        "spellings": list(known.spellings),
        "internal": read.is_internal(known.seen),
        "blockable": known.is_usable and not read.is_internal(known.seen),
        "blocked_until": block.until if block else None,
        "block": _describe(block, now) if block else None,
    }
    if session.as_json:
        session.show_json(facts)
        return
    session.say(_("Number: {number}"), number=printable(known.canonical))
    session.say(_("Spellings: {spellings}"), spellings=", ".join(known.spellings) or "-")
    if facts["internal"]:
        session.say(_("It is an internal extension; those are never blocked."))
    elif not known.is_usable:
        session.say(_("It is withheld or unusable, and cannot be blocked."))
    if block:
        session.say(
            _("Blocked until {until} by {by}, {attempts} attempts"),
            until=i18n.clock_time(block.until),
            by=printable(block.by),
            attempts=block.attempts,
        )
    else:
        session.say(_("Not blocked."))


def _read(session: Session, *, with_ended: bool) -> list[Block]:
    with stored(session) as store:
        return store.blocks(limit=MOST) if with_ended else store.live_blocks()


def _describe(block: Block, now: float) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(block)
    if block.state is BlockState.LIVE and block.until <= now:
        # Its time has passed, and the gate lets the number through, although no daemon said so.
        facts["state"] = BlockState.EXPIRED.value
    return facts
