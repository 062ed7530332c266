"""Requests for a call that is on another node: there, and their replies back.

The node that has the call carries a request out as if it had been asked there: its rules, its
audit, its memory of request IDs. The node that was asked waits, and answers ``outcome-unknown``
where no reply comes in time. Counterparts: ``core.requests.executor`` asks at the end of its own
knowledge; ``reading`` hears of mail; the port is ``neighbours``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from fluxcc.core.domains import Domains
from fluxcc.core.ports import Clock, Latch, Runtime
from fluxcc.core.site.neighbours import Neighbours
from fluxcc.core.site.presence import Presence
from fluxcc.domain.actions import ON_CALLS
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, SiteUnavailableError
from fluxcc.domain.nodes import MAIL, Hint, Letter, Posting, wanted_names
from fluxcc.domain.requests import Reply, Request

REPLY_WAIT = 4.4
"""Seconds for which a reply is waited for: a board has its own after 4.7 s."""
POST_WAIT = 1.5
"""Seconds for which the site is waited for, to take a request."""
LOOKED_EVERY = 0.5
"""Seconds after which replies are looked for though no hint came."""
IDLE_LOOK = 1.0
"""Seconds after which requests are looked for though no hint came."""
TAKEN_AT_ONCE = 50

log = logging.getLogger(__name__)


class Forwarding:
    """One per daemon that is in a site."""

    def __init__(
        self,
        neighbours: Neighbours,
        presence: Presence,
        domains: Domains,
        execute: Callable[[Request], Reply | None],
        runtime: Runtime,
        apart: Runtime,
        clock: Clock,
    ) -> None:
        """``execute`` carries a request out on this node."""
        self._neighbours = neighbours
        self._presence = presence
        self._domains = domains
        self._execute = execute
        self._runtime = runtime
        self._apart = apart
        self._clock = clock
        self._waiting: dict[str, Latch] = {}
        """Request ID → where its reply is waited for."""
        self._foreign: set[str] = set()
        """Request IDs that came from other nodes and are being carried out."""
        self._is_looking = False
        self._to_look = Hint(0)
        """What is to be looked for."""
        self.sent = self.served = self.unanswered = 0
        """Requests that went to other nodes, that came from them, and that had no reply in time."""

    # Asking

    def elsewhere(self, request: Request) -> Reply | None:
        """The reply of the node that has the call; None where no other node has it, as far as is
        known, so that it is answered here."""
        if request.action not in ON_CALLS or request.id in self._foreign:
            return None
        if not self._presence.is_there:
            return None
        actor = request.actor
        names = wanted_names(
            request.agent,
            request.call,
            [actor.domain] if actor.domain else self._domains.known,
            any_domain=actor.acts_on_any_call and not actor.domain,
        )
        return self._ask(request, names) if names else None

    def _ask(self, request: Request, names: list[str]) -> Reply | None:
        letter = Letter(
            id=request.id,
            content=request.asked.content,
            sender=self._presence.node,
            body=msgspec.json.encode(request).decode(),
        )
        unknown = request.reply(Code.OUTCOME_UNKNOWN, call=request.call)
        latch = self._waiting[request.id] = self._runtime.latch()
        try:
            until = self._presence.server_now + POST_WAIT
            posting: Posting = self._apart.within(
                POST_WAIT, self._neighbours.post, letter, names, until
            )
            if not posting.nodes:
                return None
            if posting.is_silent:
                log.warning("the call's node is not heard of", extra=_facts(request, posting))
                return unknown
            if posting.is_late:
                log.warning("the site took a request too late", extra=_facts(request, posting))
                return unknown
            if len(posting.nodes) > 1:
                return request.reply(Code.AMBIGUOUS_AGENT)
            if posting.is_other:
                return request.reply(Code.REQUEST_ID_REUSED)
            self.sent += 1
            return self._wait(request, latch) or unknown
        except (SiteUnavailableError, TimeoutError) as error:
            # It may have been taken all the same.
            log.error(
                "a request may not have reached its call's node",
                extra={"request": request.id, "error": str(error)},
            )
            return unknown
        finally:
            del self._waiting[request.id]

    def _wait(self, request: Request, latch: Latch) -> Reply | None:
        until = self._clock.monotonic() + REPLY_WAIT
        while (left := until - self._clock.monotonic()) > 0:
            body = latch.wait(min(left, LOOKED_EVERY))
            if body is not None:
                return msgspec.json.decode(body, type=Reply)
            self.look(Hint.REPLIES)
        self.unanswered += 1
        is_withdrawn = self._apart.within(POST_WAIT, self._neighbours.withdraw, request.id)
        log.warning(
            "no reply came from the call's node",
            extra={"request": request.id, "taken": not is_withdrawn},
        )
        return None

    # Mail

    def step(self) -> float:
        """Look for mail that no hint told of; the seconds until the next time."""
        if self._presence.is_there:
            self.look()
        return IDLE_LOOK

    def look(self, hint: Hint = MAIL) -> None:
        """Look for mail now, in another greenlet; once more where that is going on."""
        self._to_look |= hint & MAIL
        if not self._is_looking:
            self._is_looking = True
            self._runtime.spawn(self._look)

    def _look(self) -> None:
        try:
            while self._to_look:
                hint, self._to_look = self._to_look, Hint(0)
                if Hint.REPLIES in hint:
                    self._collect()
                if Hint.REQUESTS in hint:
                    self._take()
        except SiteUnavailableError as error:
            log.info("mail cannot be looked for", extra={"error": str(error)})
        finally:
            self._is_looking = False

    def _collect(self) -> None:
        if not self._waiting:
            return
        found = self._apart.offload(self._neighbours.collect, [*self._waiting])
        for id, body in found.items():
            latch = self._waiting.get(id)
            if latch is not None:
                latch.set(body)

    def _take(self) -> None:
        began = self._clock.monotonic()
        letters: list[Letter] = self._apart.offload(
            self._neighbours.take, self._presence.node, REPLY_WAIT, TAKEN_AT_ONCE
        )
        waited = self._clock.monotonic() - began
        for letter in letters:
            if letter.age + waited <= REPLY_WAIT:
                self._runtime.spawn(self._serve, letter)
            else:
                # Nobody waits for it any more, and the agent may have another customer by now.
                log.warning(
                    "a request from elsewhere came too late and is not carried out",
                    extra={"request": letter.id, "node": letter.sender},
                )
        if len(letters) == TAKEN_AT_ONCE:
            self._to_look |= Hint.REQUESTS

    def _serve(self, letter: Letter) -> None:
        """Carry out a request of another node, and reply."""
        try:
            request = msgspec.json.decode(letter.body, type=Request)
        except msgspec.MsgspecError as error:
            log.error(
                "a request from elsewhere cannot be read",
                extra={"request": letter.id, "node": letter.sender, "error": str(error)},
            )
            return
        self.served += 1
        self._foreign.add(request.id)
        try:
            reply = self._carry_out(request)
        finally:
            self._foreign.discard(request.id)
        if reply is None:
            # It is being carried out already: that one's reply is for both.
            return
        try:
            body = msgspec.json.encode(reply).decode()
            self._apart.offload(self._neighbours.reply, letter, body)
        except SiteUnavailableError as error:
            log.error(
                "a reply cannot be given to the node that asked",
                extra={"request": letter.id, "node": letter.sender, "error": str(error)},
            )

    def _carry_out(self, request: Request) -> Reply | None:
        try:
            return self._execute(request)
        except PbxError:
            return request.reply(Code.OUTCOME_UNKNOWN, call=request.call)
        except Exception:
            # The agent waits for a reply, also after an unexpected error.
            log.exception("a request failed unexpectedly", extra={"request": request.id})
            return request.reply(Code.OUTCOME_UNKNOWN, call=request.call)


def _facts(request: Request, posting: Posting) -> dict[str, str]:
    return {"request": request.id, "node": ", ".join(posting.nodes)}
