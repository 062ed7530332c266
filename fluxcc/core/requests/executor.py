"""Carries a request out: find the call, decide, write down, act, wait for confirmation, answer.

One request is one call of ``execute``, in a greenlet of its own. Counterparts: the doors bring
requests and take replies; ``actions`` decide; ``performer`` acts; ``confirmation`` waits for
FreeSWITCH's events; ``audit_trail`` writes the audit's row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from msgspec.structs import replace

from fluxcc.actions import PLANS_ON_CALLS, PLANS_WITHOUT_CALL, rights
from fluxcc.actions.rules import Rules
from fluxcc.core.happenings import Happenings
from fluxcc.core.ports import Clock
from fluxcc.core.requests.audit_trail import AuditTrail
from fluxcc.core.requests.confirmation import Confirmations
from fluxcc.core.requests.directory import Directory
from fluxcc.core.requests.performer import Performer
from fluxcc.core.requests.replies import Replies
from fluxcc.domain.calls import Call, Conversation
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.effects import AllJoined, Plan
from fluxcc.domain.errors import LinkLostError, PbxError, RefusedError
from fluxcc.domain.privacy import told
from fluxcc.domain.requests import REPLY_LIMIT, Asked, Reply, Request

MAY_BE_ELSEWHERE = frozenset({Code.NO_SUCH_CALL, Code.NO_LIVE_CALL})
"""Refusals that another node of the site may know better."""

log = logging.getLogger(__name__)


class Executor:
    """One per daemon."""

    def __init__(
        self,
        directory: Directory,
        rules: Rules,
        performer: Performer,
        confirmations: Confirmations,
        audit: AuditTrail,
        replies: Replies,
        happenings: Happenings,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._rules = rules
        self._performer = performer
        self._confirmations = confirmations
        self._audit = audit
        self._replies = replies
        self._happenings = happenings
        self._clock = clock
        self._busy_calls: set[int] = set()
        self._given_longer: dict[str, float] = {}
        """Request ID → seconds, of rooms that were given longer."""
        self.elsewhere: Callable[[Request], Reply | None] = lambda request: None
        """The reply of the node of the site that has the call; None where none is known to have
        it."""
        self.is_closed = False
        """Whether the daemon is ending: nothing more is begun."""

    @property
    def running(self) -> int:
        """How many requests are being carried out."""
        return self._replies.running

    def execute(self, request: Request) -> Reply | None:
        """The one reply to a request; None while the same request is being carried out already."""
        return self._once(request, self._answer)

    def execute_elsewhere(self, request: Request) -> Reply | None:
        """As ``execute``, of a request for a call while FreeSWITCH is not connected: by another
        node. Raises ``LinkLostError`` where the call may be here, and nothing is kept of it."""
        return self._once(request, self._answer_elsewhere)

    def _once(self, request: Request, answer: Callable[[Request], Reply]) -> Reply | None:
        if self.is_closed:
            # Neither kept nor in the audit: the same request may be asked for in the next life.
            return request.reply(Code.SHUTTING_DOWN)

        def refuse() -> Reply:
            reply = request.reply(Code.REQUEST_ID_REUSED)
            self._audit.refused(request, reply)
            self._happenings.request_answered(request, reply, 0.0)
            return reply

        return self._replies.once(request.asked, lambda: answer(request), refuse)

    def result(self, request: Request) -> Reply | None:
        """The reply to a request that is being carried out already, once it is there; None where it
        takes too long."""
        return self._replies.result(request.asked, REPLY_LIMIT + self.extra_time(request.id))

    def refuse(self, asked: Asked, reply: Reply) -> Reply | None:
        """Write a malformed request into the audit, and keep its reply. As ``execute``, returns the
        reply to be sent, or None for none."""

        def note(reply: Reply) -> Reply:
            self._audit.malformed(asked, reply)
            return reply

        return self._replies.once(
            asked,
            lambda: note(reply),
            lambda: note(replace(reply, code=Code.REQUEST_ID_REUSED)),
        )

    def extra_time(self, request: str) -> float:
        """Seconds that this running request may take beyond the usual limit: a conference in a room
        that was given longer."""
        return self._given_longer.get(request, 0.0)

    def _answer(self, request: Request) -> Reply:
        began = self._clock.monotonic()
        try:
            call, conversation, plan = self._decide(request)
        except RefusedError as refusal:
            if refusal.code in MAY_BE_ELSEWHERE:
                replied = self.elsewhere(request)
                if replied is not None:
                    # That node has it in its audit.
                    return replied
            reply = request.reply(refusal.code, call=refusal.call, number=refusal.number)
            self._audit.refused(request, reply)
        else:
            if call is None:
                reply = self._carry_out(request, plan, conversation)
            else:
                reply = self._carry_out_on(call, request, plan, conversation)
        self._happenings.request_answered(request, reply, self._clock.monotonic() - began)
        return reply

    def _answer_elsewhere(self, request: Request) -> Reply:
        try:
            rights.check(request, self._rules)
            self._directory.find(
                request.agent, request.call, by_operator=request.actor.acts_on_any_call
            )
        except RefusedError as refusal:
            if refusal.code in MAY_BE_ELSEWHERE:
                replied = self.elsewhere(request)
                if replied is not None:
                    return replied
        raise LinkLostError("FreeSWITCH is not connected")

    # Decide

    def _decide(self, request: Request) -> tuple[Call | None, Conversation | None, Plan]:
        rights.check(request, self._rules)
        if request.is_late:
            # The agent may have another customer by now, or have gone on with this one.
            raise RefusedError(Code.TOO_LATE)
        plan_without_call = PLANS_WITHOUT_CALL.get(request.action)
        if plan_without_call is not None:
            return None, None, plan_without_call(request, self._rules)
        call, conversation = self._directory.find(
            request.agent, request.call, by_operator=request.actor.acts_on_any_call
        )
        rights.check_call(request.actor, call)
        if call.id in self._busy_calls:
            raise RefusedError(Code.ACTION_IN_PROGRESS, call=conversation.customer)
        if not conversation.customer:
            raise RefusedError(Code.NO_LIVE_CALL)
        # A plan may ask FreeSWITCH (``Rules``), and others run meanwhile.
        self._busy_calls.add(call.id)
        try:
            plan = PLANS_ON_CALLS[request.action](conversation, request, self._rules)
        except BaseException:
            self._busy_calls.discard(call.id)
            raise
        return call, conversation, plan

    # Act

    def _carry_out_on(
        self, call: Call, request: Request, plan: Plan, conversation: Conversation | None
    ) -> Reply:
        """Act on a call, one action at a time, and set the call's outcome."""
        earlier, had_survey_over = call.outcome, call.is_survey_over
        # Before the first command: the call's last event may come before a command's answer.
        call.outcome = plan.outcome or earlier
        call.is_survey_over = had_survey_over or plan.ends_survey
        try:
            reply = self._carry_out(request, plan, conversation)
        finally:
            self._busy_calls.discard(call.id)
        if reply.status is not Status.OK and call.ended is None:
            call.outcome = earlier
            call.is_survey_over = had_survey_over
        return reply

    def _carry_out(self, request: Request, plan: Plan, conversation: Conversation | None) -> Reply:
        reply = request.reply(
            plan.code,
            **_who(request, conversation, plan),
            call=conversation.customer if conversation else "",
            number=told(plan.number, is_private=plan.is_private),
            blocked=plan.blocked,
            expires=plan.expires,
            **_of_block(plan),
        )
        if plan.warning:
            log.warning(
                plan.warning,
                extra={"request": request.id, "call": reply.call, "number": reply.number},
            )
        records, effects = self._performer.promise(plan.effects, str(request.actor))
        plan = replace(plan, effects=effects)
        row, is_promised = self._audit.begin(request, plan, reply, conversation, records)
        reply = self._as_it_stands(replace(reply, code=self._perform(plan, request)), plan)
        is_moved = plan.is_followed and reply.code is plan.code
        is_followed = is_moved or reply.code is Code.DESTINATION_REJECTED
        is_written = self._audit.end(row, reply, is_followed=is_followed)
        return reply if is_promised and is_written else replace(reply, record_pending=True)

    def _perform(self, plan: Plan, request: Request) -> Code:
        """Do the plan and wait for its confirmation; the reply's code."""
        by = str(request.actor)
        if isinstance(plan.confirmation, AllJoined):
            self._given_longer[request.id] = plan.confirmation.wait
        try:
            with self._confirmations.watch(plan.confirmation) as confirmation:
                is_told = self._performer.perform(plan.effects, by)
                failure = confirmation.wait()
                if failure in (None, Code.DESTINATION_REJECTED):
                    # In both cases the customer has left the agent.
                    self._performer.perform(plan.afterwards, by)
                if failure is not None:
                    return failure
                return plan.code if is_told else plan.code_untold
        except LinkLostError:
            # An operator's block is on disk, and is published to the gate after the next connect.
            return Code.GATE_PENDING if plan.holds_without_link else Code.OUTCOME_UNKNOWN
        except PbxError as error:
            log.warning(
                "FreeSWITCH rejected a command",
                extra={"request": request.id, "error": str(error)},
            )
            return Code.PBX_REJECTED
        finally:
            self._given_longer.pop(request.id, None)

    def _as_it_stands(self, reply: Reply, plan: Plan) -> Reply:
        """The reply as it is true now: its block may have been renewed or released by another
        action while this one was carried out."""
        block = plan.block
        if block is None or reply.status is not Status.OK:
            return reply
        live = self._performer.live(block)
        if live is not None:
            return replace(reply, expires=live.until)
        if block.until <= self._clock.now():
            return reply
        code = Code.RELEASED if plan.confirmation is None else Code.ENDED
        return replace(reply, code=code, blocked=False, expires=None)


def _of_block(plan: Plan) -> dict[str, str | int]:
    """What the reply tells of the plan's block, and of blocks that end because their number is
    protected from now on."""
    if plan.block is None:
        return {"freed": plan.freed} if plan.code is Code.SAVED else {}
    name = plan.block.name if plan.is_private else ""
    return {"block": name, "nth": plan.block.nth}


def _who(request: Request, conversation: Conversation | None, plan: Plan) -> dict[str, str]:
    """The agent and the SIP domain that the reply names: the asker's, and where an operator named
    none, those of the call; of a block its own."""
    agent = request.agent
    if conversation is not None and (not agent or not agent.domain):
        own = conversation.agent
        agent = own if not agent or agent.extension == own.extension else agent
    return {"agent": agent.extension, "domain": plan.domain or agent.domain or request.domain}
