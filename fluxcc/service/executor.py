"""Carries a request out: find the call, decide, write down, act, wait for proof, answer.

One request is one call of ``execute``, in a greenlet of its own. Counterparts: the doors
(``board``, ``control``) bring requests and take replies; ``actions`` decide; ``ports.Pbx`` acts;
``tracker`` sees the proof.
"""

from __future__ import annotations

import logging

import msgspec

from fluxcc.actions import ON_CALLS, ON_NUMBERS
from fluxcc.actions.rules import Rules
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block, BlockChange
from fluxcc.domain.calls import Call, Conversation, Outcome
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.effects import (
    AllEnded,
    BlockNumber,
    DisarmSurvey,
    Effect,
    EndLeg,
    Plan,
    ReleaseNumber,
)
from fluxcc.domain.errors import LinkLostError, PbxError, RefusedError
from fluxcc.domain.requests import Action, Reply, Request, Role
from fluxcc.service.blocking import Blocking
from fluxcc.service.journal import Journal
from fluxcc.service.ports import Clock, Pbx, Runtime
from fluxcc.service.replies import Replies
from fluxcc.service.tracker import Tracker

CONFIRMATION = 3.0
"""Seconds that FreeSWITCH has to show what it accepted; the reply is due after 5 (contract, 3)."""
FIRST_NUDGE, LONGEST_NUDGE = 0.001, 0.02
"""Seconds between two nudges while a confirmation is waited for (``Pbx.hurry``)."""
OUTCOMES = {Action.PRANK: Outcome.PRANK}

log = logging.getLogger(__name__)


class Executor:
    """One per daemon."""

    def __init__(
        self,
        *,
        tracker: Tracker,
        blocking: Blocking,
        journal: Journal,
        replies: Replies,
        pbx: Pbx,
        rules: Rules,
        runtime: Runtime,
        clock: Clock,
    ) -> None:
        self._tracker = tracker
        self._blocking = blocking
        self._journal = journal
        self._replies = replies
        self._pbx = pbx
        self._rules = rules
        self._runtime = runtime
        self._clock = clock
        self._busy_calls: set[int] = set()
        self._last_id = 0

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already."""
        if not self._replies.begin(request.id):
            return None
        try:
            reply = self._replies.find(request.id) or self._carry_out(request)
            self._replies.keep(reply)
        finally:
            self._replies.end(request.id)
        return reply

    def _carry_out(self, request: Request) -> Reply:
        asked = self._clock.now()
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
            self._journal.note(self._row(request, reply, self._new_id(asked), asked))
            return reply
        if call is not None:
            self._busy_calls.add(call.id)
        try:
            return self._act(request, plan, call, view, asked)
        finally:
            if call is not None:
                self._busy_calls.discard(call.id)

    # Decide

    def _decide(self, request: Request) -> tuple[Call | None, Conversation | None, Plan]:
        on_number = ON_NUMBERS.get(request.action)
        if on_number is not None:
            return None, None, on_number(request, self._rules)
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

    def _act(
        self,
        request: Request,
        plan: Plan,
        call: Call | None,
        view: Conversation | None,
        asked: float,
    ) -> Reply:
        reply = Reply(
            request=request.id,
            action=request.action,
            code=plan.code,
            agent=request.agent or (view.agent if view else ""),
            call=view.customer if view else "",
            number=plan.number,
            blocked=plan.blocked,
            language=request.language,
        )
        row = self._row(request, None, self._new_id(asked), asked)
        row = msgspec.structs.replace(row, agent=reply.agent, call=reply.call, number=reply.number)
        block = self._block_to_make(plan, request, view)
        if block is not None:
            reply = msgspec.structs.replace(reply, expires=block.until)
        is_written = self._journal.commit(*([block] if block else []), row)
        proof = Proof(plan.confirmation, self._tracker, self._pbx, self._runtime)
        if call is not None:
            # Before the first command: the call's last event may come before a command's answer.
            call.outcome = OUTCOMES.get(request.action, call.outcome)
        try:
            for effect in plan.effects:
                self._perform(effect, block, request)
            if not proof.arrived():
                reply = msgspec.structs.replace(reply, code=Code.PBX_REJECTED)
        except LinkLostError:
            reply = msgspec.structs.replace(reply, code=Code.OUTCOME_UNKNOWN)
        except PbxError as error:
            log.warning("FreeSWITCH said no", extra={"request": request.id, "error": str(error)})
            reply = msgspec.structs.replace(reply, code=Code.PBX_REJECTED)
        finally:
            proof.forget()
        if call is not None and call.ended is None and reply.status is not Status.OK:
            call.outcome = Outcome.LIVE
        is_written &= self._journal.commit(self._row(request, reply, row.id, asked))
        if not is_written:
            reply = msgspec.structs.replace(reply, record_pending=True)
        return reply

    def _block_to_make(
        self, plan: Plan, request: Request, view: Conversation | None
    ) -> Block | None:
        for effect in plan.effects:
            if isinstance(effect, BlockNumber):
                return self._blocking.blocklist.make(
                    effect.number,
                    effect.duration,
                    self._clock.now(),
                    by=str(request.actor),
                    reason=request.reason,
                    call=view.customer if view else "",
                )
        return None

    def _perform(self, effect: Effect, block: Block | None, request: Request) -> None:
        match effect:
            case BlockNumber(number):
                if block is not None:
                    change = (
                        BlockChange.RENEWED
                        if self._blocking.blocklist.find(number)
                        else BlockChange.BLOCKED
                    )
                    self._blocking.enforce(block)
                    self._blocking.tell(change, block, str(request.actor))
            case ReleaseNumber(number):
                live = self._blocking.blocklist.find(number)
                if live is not None:
                    ended = self._blocking.release(live, str(request.actor))
                    self._journal.note(ended)
                    self._blocking.tell(BlockChange.RELEASED, ended, str(request.actor))
            case DisarmSurvey(leg):
                self._pbx.disarm_survey(leg)
            case EndLeg(leg, cause):
                self._pbx.end_leg(leg, cause)

    # Write down

    def _row(self, request: Request, reply: Reply | None, row_id: int, asked: float) -> AuditRecord:
        row = AuditRecord(
            id=row_id,
            at=asked,
            request=request.id,
            action=request.action,
            by=str(request.actor),
            agent=request.agent,
            call=request.call,
            number=request.number,
            reason=request.reason,
            language=request.language,
        )
        if reply is None:
            return row
        return msgspec.structs.replace(
            row,
            agent=reply.agent,
            call=reply.call or request.call,
            number=reply.number or request.number,
            status=reply.status,
            code=reply.code,
            ended=self._clock.now(),
            blocked=reply.blocked,
            expires=reply.expires,
        )

    def _new_id(self, moment: float) -> int:
        self._last_id = max(self._last_id + 1, int(moment * 1e6))
        return self._last_id


class Proof:
    """Waits until FreeSWITCH's own events show what a plan set out to do.

    It listens from before the first command on: the event may come before the command's answer.
    """

    def __init__(
        self, confirmation: AllEnded | None, tracker: Tracker, pbx: Pbx, runtime: Runtime
    ) -> None:
        self._tracker = tracker
        self._pbx = pbx
        self._missing = set(confirmation.legs) if confirmation else set()
        self._legs = tuple(self._missing)
        self._latch = runtime.latch()
        tracker.watch(self._legs, self._leg_ended)
        for leg in self._legs:
            if leg not in tracker.legs:
                self._leg_ended(leg, "")

    def arrived(self) -> bool:
        """Whether the proof came within ``CONFIRMATION`` seconds. Raises ``LinkLostError``."""
        waited, pause = 0.0, FIRST_NUDGE
        while self._missing and waited < CONFIRMATION:
            self._pbx.hurry()
            self._latch.wait(pause)
            waited += pause
            pause = min(pause * 2, LONGEST_NUDGE)
        return not self._missing

    def forget(self) -> None:
        """Listen no longer."""
        self._tracker.unwatch(self._legs, self._leg_ended)

    def _leg_ended(self, leg: str, cause: str) -> None:
        self._missing.discard(leg)
        if not self._missing:
            self._latch.set(True)
