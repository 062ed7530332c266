"""Calls and blocks as a page shows them. Pure; counterpart: ``shapes``, out of which they are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fluxcc.marking import _
from fluxcc.web import shapes
from fluxcc.web.pages import moments, words
from fluxcc.web.pages.words import Translate

PRANK, CONFERENCE, TRANSFER, HANGUP = "prank", "conference", "transfer", "hangup"


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Which columns a table has."""

    domain: bool = False
    node: bool = False
    acts: bool = False


class CallView(msgspec.Struct, kw_only=True):
    """A row of live calls."""

    id: int
    key: str
    uuid: str
    number: str
    agent: str
    group: str
    direction: str
    domain: str
    since: float
    age: str
    talking: bool
    node: str


class BlockView(msgspec.Struct, kw_only=True):
    """A block."""

    key: str
    handle: str
    """By which it is released: the number, or the name where that is not shown."""
    number: str
    domain: str
    since: float
    until: int
    left: str
    remaining: int
    length: int
    ends: str
    began: str
    ended: str
    by: str
    reason: str
    how: str
    attempts: int
    last_attempt: str
    node: str


class ServiceView(msgspec.Struct, frozen=True):
    """Something to transfer to."""

    name: str
    description: str


class Offer(msgspec.Struct, kw_only=True):
    """One of the four actions, on one call."""

    action: str
    title: str
    question: str = ""
    """What is asked before something that cannot be undone."""
    why_not: str = ""
    services: Sequence[ServiceView] = ()


def call_view(call: shapes.Call, now: float, translate: Translate) -> CallView:
    """A live call."""
    since = call.bridged or call.started
    direction = words.DIRECTIONS.get(call.direction, call.direction)
    return CallView(
        id=call.id,
        key=f"call-{call.node}-{call.id}",
        uuid=call.call,
        number=words.number_word(call.number, translate),
        agent=call.agent,
        group=call.group,
        direction=translate(direction),
        domain=call.domain,
        since=since,
        age=moments.span(now - since),
        talking=call.talking,
        node=call.node,
    )


def block_view(block: shapes.Block, now: float, language: str, translate: Translate) -> BlockView:
    """A block, live or ended."""
    ended = block.ended or float(block.until)
    how = words.ENDS.get(block.state, "")
    if block.ended_by and block.state == "released":
        how = f"{translate(how)}: {words.actor_word(block.ended_by, translate)}"
    return BlockView(
        key=f"block-{block.id}",
        handle=block.number if block.number.startswith("+") else block.name,
        number=words.number_word(block.number, translate),
        domain=block.domain,
        since=block.since,
        until=block.until,
        left=moments.span(block.until - now),
        remaining=max(0, int(block.until - now)),
        length=max(1, int(block.until - block.since)),
        ends=moments.moment(block.until, language),
        began=moments.moment(block.since, language),
        ended=moments.moment(ended, language),
        by=words.actor_word(block.by, translate),
        reason=block.reason,
        how=translate(how) if how else "",
        attempts=block.attempts,
        last_attempt=moments.moment(block.last_attempt, language) if block.last_attempt else "",
        node=block.node,
    )


def offers(
    call: shapes.Call, *, has_room: bool, services: Sequence[ServiceView], translate: Translate
) -> list[Offer]:
    """The four actions in the order of the product's manual, each with its reason where it cannot
    be done now."""
    nobody = "" if call.talking or call.holder else translate(_("nobody is talking to them now"))
    no_room = "" if has_room else translate(_("no room was provisioned: ask the supervisor"))
    no_service = "" if services else translate(_("there is no service yet: ask the supervisor"))

    def title(action: str) -> str:
        return translate(words.ACTIONS[action])

    return [
        Offer(action=PRANK, title=title(PRANK), question=translate(_("Confirm the prank?"))),
        Offer(action=CONFERENCE, title=title(CONFERENCE), why_not=nobody or no_room),
        Offer(
            action=TRANSFER,
            title=title(TRANSFER),
            services=services,
            why_not=nobody or no_service,
        ),
        Offer(action=HANGUP, title=title(HANGUP), question=translate(_("End the call now?"))),
    ]
