"""The agents' door: a request event comes in, its one reply event goes out (contract, section 3).

Counterparts: the Contact Board on the event socket (``client.Board`` is one to copy),
``core.requests.executor`` behind the door. Whoever can fire events on FreeSWITCH's event socket is
trusted to be a board; what an agent may do with it is decided in ``executor``.
"""

from __future__ import annotations

import logging

from fluxcc import i18n
from fluxcc.core.ports import Pbx
from fluxcc.core.requests.executor import Executor
from fluxcc.domain.actions import ALIASES, ON_CALLS, Action
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, RefusedError
from fluxcc.domain.requests import (
    EXTENSION,
    LONGEST_REASON,
    LONGEST_SERVICE,
    REQUEST_ID,
    UUID,
    Actor,
    Reply,
    Request,
    Role,
    clean_text,
)
from fluxcc.pbx.wire import REPLY, RequestHeaders

ACTIONS = {action.value: action for action in ON_CALLS} | ALIASES
"""What a board may ask for. Numbers and settings are the operators' business."""
UNSENT = 1_000
"""Replies kept for the time when the link is back."""

log = logging.getLogger(__name__)


class Board:
    """One per daemon."""

    def __init__(self, executor: Executor, pbx: Pbx, language: str) -> None:
        self._executor = executor
        self._pbx = pbx
        self.language = language
        """What is spoken to a board that does not say."""
        self._unsent: list[list[tuple[str, str]]] = []
        self._sending: dict[str, bool] = {}
        """Request whose reply is being sent → whether it was heard already."""
        self.malformed = 0
        """Requests that were refused before anybody could look at them."""

    def answer(self, headers: RequestHeaders) -> None:
        """Carry a request out and reply. Runs in a greenlet of its own; never raises."""
        language = i18n.pick(headers.language, self.language)
        try:
            request = read_request(headers, language)
            reply = self._carry_out(request)
        except RefusedError as refusal:
            self.malformed += 1
            reply = Reply(
                request=headers.request if REQUEST_ID.fullmatch(headers.request) else "",
                action=clean_text(headers.action, 64),
                agent=clean_text(headers.agent, 64),
                code=refusal.code,
                language=language,
            )
            if reply.request:
                reply = self._executor.refuse(reply, str(Actor(Role.AGENT, reply.agent)))
            log.info(
                "a request was malformed",
                extra={
                    "request": reply.request,
                    "action": reply.action,
                    "agent": reply.agent,
                    "code": reply.code.value,
                },
            )
        if reply is not None:
            self._send(reply_headers(reply, language))

    def _carry_out(self, request: Request) -> Reply | None:
        try:
            return self._executor.execute(request)
        except Exception:
            # Whatever went wrong in here, the agent waits for an answer.
            log.exception("a request broke off", extra={"request": request.id})
            return Reply(
                request=request.id,
                action=request.action,
                agent=request.agent,
                call=request.call,
                code=Code.OUTCOME_UNKNOWN,
            )

    def send_unsent(self) -> None:
        """Send the replies that found no link."""
        unsent, self._unsent = self._unsent, []
        for headers in unsent:
            self._send(headers)

    def heard(self, request: str) -> None:
        """The reply to this request has come back to us: it went out, whatever became of the
        answer to the command that sent it."""
        if request in self._sending:
            self._sending[request] = True
        if self._unsent:
            self._unsent = [headers for headers in self._unsent if headers[0][1] != request]

    def _send(self, headers: list[tuple[str, str]]) -> None:
        request = headers[0][1]
        self._sending[request] = False
        try:
            self._pbx.announce(REPLY, headers)
        except PbxError as error:
            if self._sending.get(request):
                return
            log.warning("a reply waits for the link", extra={"error": str(error)})
            self._unsent = [*self._unsent, headers][-UNSENT:]
        finally:
            self._sending.pop(request, None)


def read_request(headers: RequestHeaders, language: str) -> Request:
    """A board's headers as a request. Raises ``RefusedError``."""
    if not REQUEST_ID.fullmatch(headers.request) or not EXTENSION.fullmatch(headers.agent):
        raise RefusedError(Code.MALFORMED_REQUEST)
    if headers.call and not UUID.fullmatch(headers.call):
        raise RefusedError(Code.MALFORMED_REQUEST)
    if not headers.action:
        raise RefusedError(Code.MALFORMED_REQUEST)
    action = ACTIONS.get(headers.action)
    if action is None:
        raise RefusedError(Code.UNKNOWN_ACTION)
    if action is Action.TRANSFER and not headers.service:
        raise RefusedError(Code.MALFORMED_REQUEST)
    return Request(
        id=headers.request,
        action=action,
        actor=Actor(Role.AGENT, headers.agent),
        agent=headers.agent,
        call=headers.call,
        service=clean_text(headers.service, LONGEST_SERVICE),
        reason=clean_text(headers.reason, LONGEST_REASON),
        language=language,
    )


def reply_headers(reply: Reply, language: str) -> list[tuple[str, str]]:
    """A reply as the contract's headers; those without a value are left out when sent."""
    blocked = "" if reply.blocked is None else str(reply.blocked).lower()
    return [
        ("Fluxcc-Request-ID", reply.request),
        ("Fluxcc-Action", reply.action),
        ("Fluxcc-Agent", reply.agent),
        ("Fluxcc-Status", reply.status.value),
        ("Fluxcc-Code", reply.code.value),
        ("Fluxcc-Text", i18n.sentence(reply, language)),
        ("Fluxcc-Call", reply.call),
        ("Fluxcc-Number", reply.number),
        ("Fluxcc-Blocked", blocked),
        ("Fluxcc-Expires-Epoch", str(reply.expires) if reply.expires else ""),
        ("Fluxcc-Record", "pending" if reply.record_pending else ""),
    ]
