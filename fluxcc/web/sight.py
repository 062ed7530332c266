"""What a visitor may see of what there is, and how: other domains' things are left out, numbers
are masked or whole. Pure.

Counterparts: ``shapes``, which this fills in; ``permissions`` says which routes there are at all.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fluxcc.domain import blocks as domain_blocks
from fluxcc.domain import requests, surveys
from fluxcc.domain.agents import Agent
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.calls import CallRecord, Outcome
from fluxcc.domain.nodes import SiteSight
from fluxcc.domain.privacy import masked, masked_in, told
from fluxcc.domain.provisioning import Entry, Room, UserRole
from fluxcc.domain.written import as_written
from fluxcc.protocol.operators import CheckedNumber, DaemonStatus
from fluxcc.protocol.watching import (
    AnyHappening,
    AttemptHappening,
    BlockHappening,
    CallHappening,
    ReplyHappening,
    SiteHappening,
    StatusHappening,
    SurveyHappening,
    WatchedCall,
)
from fluxcc.web import shapes
from fluxcc.web.visitor import Visitor


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of visitor sees; the same for all who see the same."""

    domain: str = ""
    """The one SIP domain that is seen; empty for all."""
    agent: Agent | None = None
    """The one agent whose calls are seen."""
    is_whole: bool = False
    """Whether numbers are shown whole."""

    @classmethod
    def of(cls, visitor: Visitor) -> Sight:
        """The visitor's."""
        is_agent = visitor.role is UserRole.AGENT
        return cls(
            domain=visitor.domain,
            agent=visitor.agent if is_agent else None,
            is_whole=visitor.sees_whole_numbers,
        )

    def number(self, number: str) -> str:
        """A number as it is shown."""
        return number if self.is_whole else masked(number)

    def has_domain(self, domain: str) -> bool:
        """Whether what is set for this domain is seen; what is set for all is everybody's."""
        return not self.domain or not domain or domain == self.domain

    def is_within(self, domain: str) -> bool:
        """Whether what happens in this domain is seen. Where it is not known, or not yet, it may be
        another's."""
        return self.domain in ("", domain)

    def has_call(self, call: WatchedCall | CallRecord) -> bool:
        """Whether the call is seen: by an agent the own ones, and those that they have parked."""
        if self.agent is None:
            return self.is_within(call.domain)
        if getattr(call, "foreign", False) and not self.agent.domain:
            return False
        is_own = self.agent.may_be(Agent(call.agent, call.domain))
        return is_own or (getattr(call, "holder", "") == self.agent.extension != "")

    def has_block(self, block: domain_blocks.Block) -> bool:
        """Whether the block is seen."""
        return self.agent is None and self.has_domain(block.domain)

    def has_entry(self, entry: Entry) -> bool:
        """Whether the entry is seen; of rooms, an agent sees the own one."""
        if self.agent is not None and isinstance(entry, Room):
            return self.agent.may_be(Agent(entry.extension, entry.domain))
        return self.has_domain(entry.domain)

    def call(self, call: WatchedCall) -> shapes.Call:
        """A live call, or one that ended just now."""
        return shapes.Call(
            id=call.id,
            call=call.call,
            state="live" if call.ended is None else "ended",
            direction=call.direction,
            number=self.number(call.number),
            shown=as_written(self.number(call.number)),
            agent=call.agent,
            group=call.group,
            domain=call.domain,
            started=call.started,
            bridged=call.bridged,
            ended=call.ended,
            talking=call.talking,
            # Of a call that ended on another PBX the stream does not tell what became of it.
            outcome="" if call.ended and call.outcome is Outcome.LIVE else call.outcome,
            cause=call.cause,
            sequel=list(call.sequel),
            holder=call.holder,
            node=call.node,
        )

    def record(self, call: CallRecord) -> shapes.Call:
        """A call as the store has it."""
        return shapes.Call(
            id=call.id,
            call=call.customer_leg,
            state="live" if call.ended is None else "ended",
            direction=call.direction,
            number=self.number(told(call.number, is_private=call.is_private)),
            agent=call.agent,
            group=call.group,
            domain=call.domain,
            started=call.started,
            bridged=call.bridged,
            ended=call.ended,
            outcome=call.outcome,
            cause=call.cause,
            sequel=call.sequel.split(),
            node=node_of(call),
        )

    def block(self, block: domain_blocks.Block) -> shapes.Block:
        """A block."""
        shown = domain_blocks.without_number(block).number
        return shapes.Block(
            id=block.id,
            name=block.name,
            number=self.number(shown),
            shown=as_written(self.number(shown)),
            domain=block.domain,
            since=block.since,
            until=block.until,
            by=block.by,
            reason=block.reason if self.is_whole else masked_in(block.reason),
            state=block.state,
            ended=block.ended_at,
            ended_by=block.ended_by,
            attempts=block.attempts,
            last_attempt=block.last_attempt,
            nth=block.nth,
            node=node_of(block),
        )

    def reply(self, reply: requests.Reply, text: str) -> shapes.Reply:
        """A reply, with its sentence."""
        return shapes.Reply(
            request=reply.request,
            action=reply.action,
            status=reply.status,
            code=reply.code,
            text=text,
            agent=reply.agent,
            domain=reply.domain,
            call=reply.call,
            number=self.number(reply.number),
            blocked=reply.blocked,
            expires=reply.expires,
            block=reply.block,
            nth=reply.nth,
            freed=reply.freed,
            record_pending=reply.record_pending,
        )

    def checked(self, number: CheckedNumber) -> shapes.Number:
        """What is known of a number."""
        return shapes.Number(
            number=self.number(number.number),
            spellings=number.spellings if self.is_whole else [],
            internal=number.internal,
            blockable=number.blockable,
            protected=number.protected,
            blocked_until=number.blocked_until,
            blocks=[self.block(each) for each in number.blocks if self.has_block(each)],
            earlier=number.earlier,
            next_duration=number.next_duration,
        )

    def audit(self, row: AuditRecord) -> shapes.AuditRow:
        """A row of the audit. There may be numbers in free text."""
        return shapes.AuditRow(
            id=row.id,
            at=row.at,
            request=row.request,
            action=row.action,
            by=row.by,
            status=row.status,
            code=row.code,
            agent=row.agent,
            domain=row.domain,
            call=row.call,
            number=self.number(told(row.number, is_private=row.is_private)),
            reason=row.reason if self.is_whole else masked_in(row.reason),
            subject=row.subject if self.is_whole else masked_in(row.subject),
            sequel=row.sequel,
            ended=row.ended,
            blocked=row.blocked,
            expires=row.expires,
            node=node_of(row),
        )

    def survey(self, survey: surveys.Survey) -> shapes.Survey:
        """A survey."""
        return shapes.Survey(
            id=survey.id,
            call=survey.call,
            number=self.number(survey.number),
            group=survey.group,
            agent=survey.agent,
            domain=survey.domain,
            direction=survey.direction,
            started=survey.started,
            offered=survey.offered,
            questions=survey.questions,
            answers=list(survey.answers),
        )

    def status(
        self,
        status: DaemonStatus | None,
        *,
        is_reached: bool,
        calls: int,
        blocks: int,
        clock: float,
        site: SiteSight,
    ) -> shapes.Status:
        """The daemon's state; ``calls`` and ``blocks`` are how many of them are seen."""
        if status is None:
            return shapes.Status(reached=False)
        return shapes.Status(
            reached=is_reached,
            connected=status.connected,
            connected_since=status.connected_since,
            link_loss=status.link_loss,
            node=status.node,
            version=status.version,
            calls=calls,
            blocks=blocks,
            gate_told=status.gate_told,
            store_failure=status.store_failure,
            domains=[each for each in status.domains if self.has_domain(each)],
            clock=clock,
            nodes=list(site.nodes),
            silent_nodes=list(site.silent),
            site_failure=site.failure,
        )

    def event(self, happening: AnyHappening) -> Any | None:
        """What is told of a happening; None where it is not seen. Of the state and the
        site, which are told by ``live``, nothing."""
        match happening:
            case CallHappening(at=at, change=change, call=call) if self.has_call(call):
                return shapes.CallEvent(at=at, change=change, call=self.call(call))
            case BlockHappening(at=at, change=change, block=block) if self.has_block(block):
                return shapes.BlockEvent(at=at, change=change, block=self.block(block))
            case AttemptHappening(at=at, block=block) if self.has_block(block):
                return shapes.AttemptEvent(at=at, block=self.block(block))
            case SurveyHappening(at=at, survey=survey) if self._has_survey(survey):
                return shapes.SurveyEvent(at=at, survey=self.survey(survey))
            case ReplyHappening(at=at, reply=reply) if self._has_reply(reply):
                return shapes.ReplyEvent(
                    at=at,
                    by=happening.by,
                    seconds=happening.seconds,
                    reply=self.reply(reply, ""),
                    entry=happening.entry,
                )
            case _:
                return None

    def _has_survey(self, survey: surveys.Survey) -> bool:
        return self.agent is None and self.is_within(survey.domain)

    def _has_reply(self, reply: requests.Reply) -> bool:
        if self.agent is None:
            return self.is_within(reply.domain)
        return bool(reply.agent) and self.agent.may_be(Agent(reply.agent, reply.domain))


KINDS = {
    CallHappening: "call",
    BlockHappening: "block",
    AttemptHappening: "attempt",
    ReplyHappening: "reply",
    SurveyHappening: "survey",
    StatusHappening: "status",
    SiteHappening: "status",
}
"""Happening → the event's name."""


def node_of(record: object) -> str:
    """The PBX on which it was, or on which a block was marked first; empty where there is only
    one."""
    return getattr(record, "node", "") or getattr(record, "origin", "")
