"""Carries a request out: find the call, decide, write down, act, wait for proof, answer.

One request is one call of ``execute``, in a greenlet of its own. Counterparts: the doors
(``board``, ``control``) bring requests and take replies; ``actions`` decide; ``performer`` acts;
``proof`` waits for what FreeSWITCH's events show.
"""

from __future__ import annotations

import logging
from functools import partial

import msgspec

from fluxcc.actions import ON_CALLS, WITHOUT_CALL
from fluxcc.actions.rules import Rules
from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.core.requests.confirmation import Proof
from fluxcc.core.requests.follow_up import FollowUps
from fluxcc.core.requests.performer import Performer, promised
from fluxcc.core.requests.replies import Replies
from fluxcc.domain.audit import PRESENTED_ON_TRUNK, AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call, Conversation, Outcome
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.effects import BlockNumber, Effect, Plan, steps
from fluxcc.domain.errors import LinkLostError, PbxError, RefusedError
from fluxcc.domain.requests import Reply, Request, Role

OUTCOMES = {
    Code.BLOCKED: Outcome.PRANK,
    Code.RENEWED: Outcome.PRANK,
    Code.NOT_BLOCKED_INTERNAL: Outcome.PRANK,
    Code.NOT_BLOCKED_WITHHELD: Outcome.PRANK,
    Code.CONFERENCE_JOINED: Outcome.CONFERENCE,
    Code.TRANSFERRED: Outcome.TRANSFERRED,
    Code.SURVEY_STARTED: Outcome.SURVEYED,
}
"""What history says of a call on which this was done."""

log = logging.getLogger(__name__)


class Executor:
    """One per daemon."""

    def __init__(
        self,
        *,
        tracker: Tracker,
        blocklist: Blocklist,
        performer: Performer,
        journal: Journal,
        replies: Replies,
        follow_ups: FollowUps,
        pbx: Pbx,
        rules: Rules,
        runtime: Runtime,
        clock: Clock,
        happenings: Happenings,
    ) -> None:
        self._tracker = tracker
        self._blocklist = blocklist
        self._performer = performer
        self._journal = journal
        self._replies = replies
        self._follow_ups = follow_ups
        self._pbx = pbx
        self._rules = rules
        self._runtime = runtime
        self._clock = clock
        self._happenings = happenings
        self._busy_calls: set[int] = set()
        self._last_id = 0

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already."""
        if not self._replies.begin(request.id):
            return None
        try:
            reply = self._replies.find(request.id)
            if reply is None:
                begun = self._clock.monotonic()
                reply = self._carry_out(request)
                self._happenings.request_answered(request, reply, self._clock.monotonic() - begun)
            self._replies.keep(reply)
        finally:
            self._replies.end(request.id)
        return reply

    def refuse(self, reply: Reply, by: str) -> Reply:
        """Write down the refusal of a request that was no request, and remember its reply.

        Returns the earlier reply where the request's ID was used before.
        """
        earlier = self._replies.find(reply.request)
        if earlier is not None:
            return earlier
        now = self._clock.now()
        row = AuditRecord(
            id=self._new_id(now),
            at=now,
            request=reply.request,
            action=reply.action,
            by=by,
            agent=reply.agent,
            call="",
            number="",
            reason="",
            language=reply.language,
        )
        self._journal.note(self._ended(row, reply))
        self._replies.keep(reply)
        return reply

    def _carry_out(self, request: Request) -> Reply:
        asked = self._clock.now()
        row = AuditRecord(
            id=self._new_id(asked),
            at=asked,
            request=request.id,
            action=request.action,
            by=str(request.actor),
            agent=request.agent,
            call=request.call,
            number=request.number,
            reason=request.reason,
            language=request.language,
            subject=_subject(request),
        )
        try:
            call, view, plan = self._decide(request)
        except RefusedError as refusal:
            reply = Reply(
                request=request.id,
                action=request.action,
                code=refusal.code,
                agent=request.agent,
                call=refusal.call,
                number=refusal.number,
                language=request.language,
            )
            self._journal.note(self._ended(row, reply))
            return reply
        if call is None:
            return self._act(request, plan, row, view)
        return self._act_on(call, request, plan, row, view)

    # Decide

    def _decide(self, request: Request) -> tuple[Call | None, Conversation | None, Plan]:
        without_call = WITHOUT_CALL.get(request.action)
        if without_call is not None:
            return None, None, without_call(request, self._rules)
        call = self._find_call(request)
        view = call.seen_by(request.agent)
        if call.id in self._busy_calls:
            raise RefusedError(Code.ACTION_IN_PROGRESS, call=view.customer)
        if not view.customer:
            raise RefusedError(Code.NO_LIVE_CALL)
        return call, view, ON_CALLS[request.action](view, request, self._rules)

    def _find_call(self, request: Request) -> Call:
        if request.call:
            call = self._tracker.call_of(request.call)
            if call is None:
                raise RefusedError(Code.NO_SUCH_CALL, call=request.call)
            if request.actor.role is Role.AGENT and not self._tracker.has_agent(
                call, request.agent
            ):
                raise RefusedError(Code.NOT_YOUR_CALL, call=request.call)
            return call
        calls = self._tracker.agent_calls(request.agent)
        if not calls:
            raise RefusedError(Code.NO_LIVE_CALL)
        if len(calls) > 1:
            raise RefusedError(Code.AMBIGUOUS_CALL)
        return calls[0]

    # Act

    def _act_on(
        self, call: Call, request: Request, plan: Plan, row: AuditRecord, view: Conversation | None
    ) -> Reply:
        """Act on a call, alone, and let its history say so."""
        earlier, had_survey_over = call.outcome, call.is_survey_over
        # Before the first command: the call's last event may come before a command's answer.
        call.outcome = OUTCOMES.get(plan.code, earlier)
        call.is_survey_over = True
        self._busy_calls.add(call.id)
        try:
            reply = self._act(request, plan, row, view)
        finally:
            self._busy_calls.discard(call.id)
        if reply.status is not Status.OK and call.ended is None:
            call.outcome = earlier
            call.is_survey_over = had_survey_over
        return reply

    def _act(
        self, request: Request, plan: Plan, row: AuditRecord, view: Conversation | None
    ) -> Reply:
        block = self._block_to_make(plan.effects, request, view)
        reply = Reply(
            request=request.id,
            action=request.action,
            code=plan.code,
            agent=request.agent or (view.agent if view else ""),
            call=view.customer if view else "",
            number=plan.number,
            blocked=plan.blocked,
            expires=block.until if block else None,
            language=request.language,
        )
        row = msgspec.structs.replace(
            row,
            agent=reply.agent,
            call=reply.call,
            number=reply.number or (view.number if view else row.number),
        )
        if plan.code is Code.NOT_BLOCKED_INTERNAL and view is not None and view.is_on_trunk:
            row = msgspec.structs.replace(row, subject=PRESENTED_ON_TRUNK)
            log.warning(
                "somebody on a trunk presents an internal number, which is never blocked: see"
                " fluxcc_refuse_internal in docs/kit.md",
                extra={"request": request.id, "call": reply.call, "number": reply.number},
            )
        is_written = self._journal.commit(*promised(plan.effects, block), row)
        failure = self._perform(plan, request, block)
        if failure is not None:
            reply = msgspec.structs.replace(reply, code=failure)
        row = self._ended(row, reply)
        is_written &= self._journal.commit(row)
        if reply.code in (Code.TRANSFERRED, Code.DESTINATION_REJECTED):
            self._follow_ups.follow(row)
        return reply if is_written else msgspec.structs.replace(reply, record_pending=True)

    def _perform(self, plan: Plan, request: Request, block: Block | None) -> Code | None:
        """Do it and wait for the proof; the code of what went wrong."""
        proof = Proof(plan.confirmation, self._tracker, self._pbx, self._runtime, self._clock)
        by, is_renewed = str(request.actor), plan.code is Code.RENEWED
        try:
            for step in steps(plan.effects):
                self._runtime.together(
                    [
                        partial(self._performer.perform, effect, by, block, is_renewed=is_renewed)
                        for effect in step
                    ]
                )
            failure = proof.wait()
            if failure in (None, Code.DESTINATION_REJECTED):
                # In both cases the customer has left the agent.
                for effect in plan.afterwards:
                    self._performer.perform(effect, by, block)
        except LinkLostError:
            # An operator's block is on disk, and the gate is told after the next connect.
            has_no_call = block is not None and plan.confirmation is None
            return Code.GATE_PENDING if has_no_call else Code.OUTCOME_UNKNOWN
        except PbxError as error:
            log.warning("FreeSWITCH said no", extra={"request": request.id, "error": str(error)})
            return Code.PBX_REJECTED
        finally:
            proof.forget()
        return failure

    def _block_to_make(
        self, effects: tuple[Effect, ...], request: Request, view: Conversation | None
    ) -> Block | None:
        for effect in effects:
            if isinstance(effect, BlockNumber):
                block = self._blocklist.make(
                    effect.number,
                    effect.duration,
                    self._clock.now(),
                    by=str(request.actor),
                    reason=request.reason,
                    call=view.customer if view else "",
                )
                # At once: while it is being committed the same number may be marked again.
                self._blocklist.put(block)
                return block
        return None

    # Write down

    def _ended(self, row: AuditRecord, reply: Reply) -> AuditRecord:
        """The row of a request that was answered so."""
        return msgspec.structs.replace(
            row,
            call=reply.call or row.call,
            number=reply.number or row.number,
            status=reply.status,
            code=reply.code,
            ended=self._clock.now(),
            blocked=reply.blocked,
            expires=reply.expires,
        )

    def _new_id(self, moment: float) -> int:
        self._last_id = max(self._last_id + 1, int(moment * 1e6))
        return self._last_id


def _subject(request: Request) -> str:
    """What the request is about besides a call or a number, for the audit."""
    if request.entry is None:
        return request.service
    kind = type(request.entry).__name__.lower()
    return msgspec.json.encode({kind: request.entry}).decode()
