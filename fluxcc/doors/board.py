"""The agents' door: a request event comes in, its one reply event goes out (contract, section 3).

Counterparts: the Contact Board on the event socket (``client.Board`` is a template), ``protocol.
board`` for the headers, ``execution`` for what is done. A client that can fire events on
FreeSWITCH's event socket is trusted to be a board; what an agent may do is decided in the core.
"""

from __future__ import annotations

import logging

from fluxcc import i18n
from fluxcc.config import find_zone
from fluxcc.core.ports import Pbx
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, RefusedError
from fluxcc.domain.persons import Person
from fluxcc.domain.requests import Actor, Reply, Request, Role
from fluxcc.doors.execution import Execution
from fluxcc.pbx.events import REPLY, RequestHeaders
from fluxcc.protocol import board as protocol

MOST_UNSENT = 1_000
"""Replies that are kept while the link is down."""

log = logging.getLogger(__name__)


class Board:
    """One per daemon."""

    def __init__(self, execution: Execution, pbx: Pbx, language: str, zone: str = "") -> None:
        self._execution = execution
        self._pbx = pbx
        self.language = language
        """The language of replies to requests that name none."""
        self.zone = zone
        """The time zone of replies to requests that name none; empty for the daemon's own."""
        self._unsent: list[list[tuple[str, str]]] = []
        self._sending: dict[str, bool] = {}
        """Request ID whose reply is being sent → whether its event has come back already."""
        self.malformed = 0
        """Malformed requests since the daemon started."""

    def answer(self, headers: RequestHeaders) -> None:
        """Carry a request out and send its reply. Runs in a greenlet of its own; never raises."""
        language = i18n.pick(headers.language, self.language)
        try:
            request = protocol.read_request(headers, language)
        except RefusedError as refusal:
            reply: Reply | None = self._refuse(protocol.refuse(headers, refusal.code, language))
            asked = ""
        else:
            reply, asked = self._carry_out(request), headers.agent
        if reply is not None:
            home = find_zone(self.zone)
            reader = find_zone(headers.zone) or home
            self._send(protocol.reply_headers(reply, language, asked, reader, home))

    def forget(self, person: Person) -> None:
        """Erase this person's number from the replies that could not be sent yet, and their text,
        in which it stands too."""
        for at, headers in enumerate(self._unsent):
            if person.has(dict(headers).get(protocol.NUMBER, "")):
                self._unsent[at] = [
                    (name, value)
                    for name, value in headers
                    if name not in (protocol.NUMBER, protocol.TEXT)
                ]

    def _carry_out(self, request: Request) -> Reply | None:
        try:
            return self._execution.execute(request)
        except Exception:
            # The agent waits for a reply, also after an unexpected error.
            log.exception("a request failed unexpectedly", extra={"request": request.id})
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
        """Send the replies that could not be sent while the link was down."""
        unsent, self._unsent = self._unsent, []
        for headers in unsent:
            self._send(headers)

    def reply_came_back(self, request: str) -> None:
        """The reply event of this request ID came back by the subscription: it was sent, although
        the command that sent it may get no answer."""
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
            log.warning(
                "a reply was not sent; it is after the next connect", extra={"error": str(error)}
            )
            self._unsent = [*self._unsent, headers][-MOST_UNSENT:]
        finally:
            self._sending.pop(request, None)
