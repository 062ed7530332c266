"""The audit's rows: one a request, on disk before the first command, completed when it ended.

Counterparts: ``executor`` reports beginning and end, ``core.journal`` writes, ``follow_up``
completes the row of a transfer later.
"""

from __future__ import annotations

from msgspec.structs import replace

from fluxcc.core.backlog import Record
from fluxcc.core.ids import MomentIds
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock
from fluxcc.core.requests.follow_up import FollowUps, without
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Conversation
from fluxcc.domain.codes import Status
from fluxcc.domain.effects import Plan
from fluxcc.domain.persons import Person
from fluxcc.domain.requests import Asked, Reply, Request

SHOWN = "show"
"""The action in the audit: an operator was shown a number that its caller hides."""


class AuditTrail:
    """One per daemon."""

    def __init__(
        self, journal: Journal, clock: Clock, follow_ups: FollowUps, ids: MomentIds
    ) -> None:
        """``ids`` gives the ids of all audit rows, those of deletions included."""
        self._journal = journal
        self._clock = clock
        self._follow_ups = follow_ups
        self._ids = ids
        self._running: dict[int, AuditRecord] = {}
        """The rows of requests that are being carried out, by id."""
        self._erased: set[int] = set()
        """Those of them whose number was erased meanwhile."""

    def forget(self, person: Person) -> None:
        """Erase this person from the rows that are written again later: with their end, or with
        what became of their call."""
        for id, row in self._running.items():
            self._running[id] = without(person, row)
            if person.has(row.number):
                self._erased.add(id)
        self._follow_ups.forget(person)

    def begin(
        self,
        request: Request,
        plan: Plan,
        reply: Reply,
        conversation: Conversation | None,
        promised: list[Record],
    ) -> tuple[AuditRecord, bool]:
        """Write the row of a request together with the ``promised`` records. Returns the row, and
        whether all of it is on disk; otherwise it follows."""
        number = plan.number or (conversation.number if conversation else request.number)
        hides = conversation is not None and conversation.is_private
        row = replace(
            self._row(request),
            agent=reply.agent,
            domain=reply.domain,
            call=reply.call,
            number=number,
            subject=plan.subject or request.subject,
            is_private=plan.is_private or hides,
            nth=reply.nth,
        )
        self._running[row.id] = row
        return row, self._journal.commit(*promised, row)

    def end(self, row: AuditRecord, reply: Reply, *, is_followed: bool) -> bool:
        """Complete the row; whether that is on disk. With ``is_followed`` the call's sequel is
        added later."""
        row = self._ended(self._running.pop(row.id, row), reply)
        if row.id in self._erased:
            self._erased.discard(row.id)
            row = replace(row, number="", reason="")
        is_written = self._journal.commit(row)
        if is_followed:
            self._follow_ups.follow(row)
        return is_written

    def refused(self, request: Request, reply: Reply) -> None:
        """Write the row of a refused request."""
        self._journal.note(self._ended(self._row(request), reply))

    def shown(self, block: Block, by: str) -> None:
        """Write that an operator was shown the number of a block whose caller hides it."""
        now = self._clock.now()
        row = AuditRecord(
            id=self._ids.new(self._clock.own()),
            at=now,
            request=f"{SHOWN}-{block.id}-{int(now)}",
            action=SHOWN,
            by=by,
            number=block.number,
            status=Status.OK,
            ended=now,
            subject=block.name,
            domain=block.domain,
            is_private=True,
        )
        self._journal.note(row)

    def malformed(self, asked: Asked, reply: Reply) -> None:
        """Write the row of a malformed request, as far as it could be read."""
        row = AuditRecord(
            id=self._ids.new(self._clock.own()),
            at=self._clock.now(),
            request=reply.request,
            action=reply.action,
            by=asked.by,
            content=asked.content,
            agent=reply.agent,
            domain=reply.domain,
            language=reply.language,
        )
        self._journal.note(self._ended(row, reply))

    def _row(self, request: Request) -> AuditRecord:
        return AuditRecord(
            id=self._ids.new(self._clock.own()),
            at=self._clock.now(),
            content=request.asked.content,
            request=request.id,
            action=request.action,
            by=str(request.actor),
            agent=request.agent.extension,
            domain=request.agent.domain or request.domain,
            call=request.call,
            number=request.number,
            reason=request.reason,
            language=request.language,
            subject=request.subject,
        )

    def _ended(self, row: AuditRecord, reply: Reply) -> AuditRecord:
        return replace(
            row,
            call=reply.call or row.call,
            number=row.number if row.is_private else reply.number or row.number,
            status=reply.status,
            code=reply.code,
            ended=self._clock.now(),
            blocked=reply.blocked,
            expires=reply.expires,
        )
