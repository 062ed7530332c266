"""The agents' door: a request event comes in, its one reply event goes out (contract, section 3).

Counterparts: the Contact Board on the event socket (``client.Board`` is a template), ``protocol.
board`` for the headers, ``admission`` for how many at once, ``execution`` for what is done,
``outbox`` for the way of a reply. A client that can fire events on FreeSWITCH's event socket is
trusted to be a board; what an agent may do is decided in the core.
"""

from __future__ import annotations

import logging
from functools import partial

import gevent
from msgspec.structs import replace

from fluxcc import i18n
from fluxcc.config import find_zone
from fluxcc.core.ports import Pbx
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.persons import Person
from fluxcc.domain.requests import REPLY_LIMIT, Reply, Request
from fluxcc.doors.admission import Admission
from fluxcc.doors.execution import Execution
from fluxcc.doors.outbox import Headers, Outbox
from fluxcc.pbx.events import RequestHeaders
from fluxcc.protocol import board as protocol

ON_THE_WAY = 0.3
"""Seconds of ``REPLY_LIMIT`` that are left for the reply's own way."""
LATEST = REPLY_LIMIT + 2.0
"""Seconds after which a request that was not read yet is refused: the daemon was stopped, or its
machine was suspended. Its board waits for no reply any more, and the agent may have another
customer. FreeSWITCH's clock is known to 2 s."""

log = logging.getLogger(__name__)


class Pending:
    """A request that has no reply yet."""

    def __init__(self, headers: RequestHeaders, language: str, age: float) -> None:
        self.headers = headers
        self.language = language
        self.age = age
        self.at_worst: Reply | None = None
        """What is replied where the request takes too long."""
        self.asked = ""
        """The agent as a well-formed request named them."""
        self.is_answered = False


class Board:
    """One per daemon."""

    def __init__(self, execution: Execution, pbx: Pbx, language: str, zone: str = "") -> None:
        self._execution = execution
        self._outbox = Outbox(pbx)
        self.admission = Admission()
        self.language = language
        """The language of replies to requests that name none."""
        self.zone = zone
        """The time zone of replies to requests that name none; empty for the daemon's own."""
        self._pending: set[Pending] = set()
        self.malformed = 0
        """Malformed requests since the daemon started."""

    # Requests

    def receive(self, headers: RequestHeaders, age: float = 0.0) -> None:
        """Carry a request out in a greenlet of its own, or refuse it where too many are in work.
        It was fired ``age`` seconds ago."""
        asker = (headers.board, headers.agent, headers.domain)
        if self.admission.admit(asker, headers.request):
            gevent.spawn(self._serve, headers, age)
            return
        if self._outbox.is_idle:
            log.warning(
                "too many requests at once; those beyond are refused",
                extra={"board": headers.board, "agent": headers.agent},
            )
        self._outbox.send_later(partial(self._turn_away, headers))

    def answer(self, headers: RequestHeaders, age: float = 0.0) -> None:
        """Carry a request out and send its reply; never raises."""
        pending = Pending(headers, i18n.pick(headers.language, self.language), age)
        self._pending.add(pending)
        timer = gevent.spawn_later(REPLY_LIMIT - ON_THE_WAY, self._overdue, pending)
        try:
            reply = self._reply_to(pending)
        finally:
            self._pending.discard(pending)
            if not pending.is_answered:
                timer.kill(block=False)
        self._reply(pending, reply)

    def _serve(self, headers: RequestHeaders, age: float) -> None:
        try:
            self.answer(headers, age)
        finally:
            self.admission.leave((headers.board, headers.agent, headers.domain))

    def _reply_to(self, pending: Pending) -> Reply | None:
        headers, language = pending.headers, pending.language
        try:
            request = protocol.read_request(headers, language)
        except RefusedError as refusal:
            pending.at_worst = protocol.refuse(headers, refusal.code, language)
            return self._refuse(pending.at_worst, headers)
        pending.asked = headers.agent
        pending.at_worst = request.reply(Code.OUTCOME_UNKNOWN, call=request.call)
        return self._carry_out(replace(request, is_late=pending.age > LATEST))

    def _carry_out(self, request: Request) -> Reply | None:
        try:
            return self._execution.execute(request)
        except Exception:
            # The agent waits for a reply, also after an unexpected error.
            log.exception("a request failed unexpectedly", extra={"request": request.id})
            return request.reply(Code.OUTCOME_UNKNOWN, call=request.call)

    def _refuse(self, reply: Reply, headers: RequestHeaders) -> Reply | None:
        self.malformed += 1
        log.info(
            "a request was malformed",
            extra={
                "request": reply.request,
                "action": reply.action,
                "agent": reply.agent,
                "code": reply.code.value,
            },
        )
        if not reply.request:
            return reply
        return self._execution.refuse(protocol.asked_by_malformed(headers, reply), reply)

    def _turn_away(self, headers: RequestHeaders) -> Headers:
        language = i18n.pick(headers.language, self.language)
        reply = protocol.refuse(headers, Code.TOO_MANY_REQUESTS, language)
        return protocol.reply_headers(reply, language, reply.agent)

    # Replies

    def reply_came_back(self, request: str) -> None:
        """The reply event of this request ID came back by the subscription."""
        self._outbox.came_back(request)

    def send_unsent(self) -> None:
        """Send the replies that may not have gone out before the link was lost."""
        self._outbox.send_again()

    def forget(self, person: Person) -> None:
        """Erase this person from the replies that may be sent once more."""
        self._outbox.forget(person)

    def _reply(self, pending: Pending, reply: Reply | None) -> None:
        if reply is None or pending.is_answered:
            return
        pending.is_answered = True
        home = find_zone(self.zone)
        reader = find_zone(pending.headers.zone) or home
        self._outbox.send(
            protocol.reply_headers(reply, pending.language, pending.asked, reader, home)
        )

    def _overdue(self, pending: Pending) -> None:
        gevent.sleep(self._execution.extra_time(pending.headers.request))
        self._give_up(pending)

    def _give_up(self, pending: Pending) -> None:
        """Reply what is known of a request that is still being carried out; the audit has what
        becomes of it."""
        log.warning(
            "a request takes longer than its reply may",
            extra={"request": pending.headers.request, "action": pending.headers.action},
        )
        self._reply(pending, pending.at_worst)

    # The end

    @property
    def is_idle(self) -> bool:
        """Whether no request is being carried out, of any door, and no reply is being sent."""
        return not self._pending and not self._execution.running and self._outbox.is_idle

    def close(self) -> None:
        """Begin nothing more: every request from now on is refused."""
        self._execution.is_closed = True

    def abandon(self) -> None:
        """Reply to what is still being carried out, because the daemon does not wait for it."""
        for pending in list(self._pending):
            self._give_up(pending)
