"""The agents' door: a request event comes in, its one reply event goes out (contract, section 3).

Counterparts: the Contact Board on the event socket (``client.Board`` is one to copy), the core
behind the door, ``protocol.board`` for the headers. Whoever can fire events on FreeSWITCH's event
socket is trusted to be a board; what an agent may do with it is decided in the core.
"""

from __future__ import annotations

import logging

from fluxcc import i18n
from fluxcc.core.ports import Pbx
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, RefusedError
from fluxcc.domain.requests import Actor, Reply, Request, Role
from fluxcc.doors.execution import Execution
from fluxcc.pbx.events import REPLY, RequestHeaders
from fluxcc.protocol import board as protocol

MOST_UNSENT = 1_000
"""Replies kept for the time when the link is back."""

log = logging.getLogger(__name__)


class Board:
    """One per daemon."""

    def __init__(self, execution: Execution, pbx: Pbx, language: str) -> None:
        self._execution = execution
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
            request = protocol.read_request(headers, language)
        except RefusedError as refusal:
            reply: Reply | None = self._refuse(protocol.refuse(headers, refusal.code, language))
        else:
            reply = self._carry_out(request)
        if reply is not None:
            self._send(protocol.reply_headers(reply, language))

    def _carry_out(self, request: Request) -> Reply | None:
        try:
            return self._execution.execute(request)
        except Exception:
            # Whatever went wrong in here, the agent waits for an answer.
            log.exception("a request broke off", extra={"request": request.id})
            return request.reply(Code.OUTCOME_UNKNOWN, call=request.call)

    def _refuse(self, reply: Reply) -> Reply:
        self.malformed += 1
        if reply.request:
            reply = self._execution.refuse(reply, str(Actor(Role.AGENT, reply.agent)))
        log.info(
            "a request was malformed",
            extra={
                "request": reply.request,
                "action": reply.action,
                "agent": reply.agent,
                "code": reply.code.value,
            },
        )
        return reply

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
            self._unsent = [*self._unsent, headers][-MOST_UNSENT:]
        finally:
            self._sending.pop(request, None)
