"""Replies on their way to FreeSWITCH: each is sent once, and again after the next connect where
nobody can tell that it went out.

Counterparts: ``board``, which has the replies; ``pbx.switch``, which fires them as events; the
daemon hears its own replies, as every board does (``came_back``).
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable

import gevent

from fluxcc.core.ports import Pbx
from fluxcc.domain.errors import PbxError
from fluxcc.domain.persons import Person
from fluxcc.pbx.events import REPLY
from fluxcc.protocol import board as protocol

MOST_UNCONFIRMED = 10_000
"""Replies that are kept while the link is down."""
MOST_LATER = 100_000
"""Replies without haste that may wait: some 60 MB. What a board asks for beyond that has no reply;
it would come far too late."""
LATER_AT_ONCE = 64
"""Replies without haste that are sent in one write: for so many commands any other one waits, the
health check's too. FreeSWITCH takes some 20 µs for one."""

Headers = list[tuple[str, str]]

log = logging.getLogger(__name__)


class Outbox:
    """One per daemon."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._numbers = itertools.count()
        self._unconfirmed: dict[int, Headers] = {}
        """Replies of which nobody knows yet that they went out, the oldest first."""
        self._later: deque[Callable[[], Headers]] = deque()
        self._is_sending_later = False
        self._in_flight = 0
        self.given_up = 0
        """Replies that were never sent, since the daemon started."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return not self._in_flight and not self._later

    def send(self, headers: Headers) -> None:
        """Send a reply; returns when FreeSWITCH has it, or it waits for the next connect."""
        self._send(self._note([headers]))

    def send_later(self, make: Callable[[], Headers]) -> None:
        """Send the reply that ``make`` makes when it is its turn, so that no other one waits for
        these."""
        if len(self._later) >= MOST_LATER:
            if not self.given_up:
                log.error("a board asks faster than it can be refused; some have no reply")
            self.given_up += 1
            return
        self._later.append(make)
        if not self._is_sending_later:
            self._is_sending_later = True
            gevent.spawn(self._send_those_of_later)

    def send_again(self) -> None:
        """Send what may not have gone out, after a connect."""
        for number, headers in list(self._unconfirmed.items()):
            self._send({number: headers})

    def came_back(self, request: str) -> None:
        """A reply event of this request ID came by the subscription: it went out, although the
        command that sent it may get no answer."""
        for number, headers in self._unconfirmed.items():
            if headers[0][1] == request:
                del self._unconfirmed[number]
                return

    def forget(self, person: Person) -> None:
        """Erase this person's number from the replies that are not confirmed yet, and their text,
        in which it stands too."""
        for number, headers in self._unconfirmed.items():
            if person.has(dict(headers).get(protocol.NUMBER, "")):
                self._unconfirmed[number] = [
                    (name, value)
                    for name, value in headers
                    if name not in (protocol.NUMBER, protocol.TEXT)
                ]

    def _send_those_of_later(self) -> None:
        try:
            while self._later:
                some = [self._later.popleft() for _ in range(min(LATER_AT_ONCE, len(self._later)))]
                self._send(self._note([make() for make in some]))
        finally:
            self._is_sending_later = False

    def _note(self, replies: list[Headers]) -> dict[int, Headers]:
        """The replies, each with a number, as ones that are not confirmed."""
        noted = {next(self._numbers): headers for headers in replies}
        self._unconfirmed |= noted
        while len(self._unconfirmed) > MOST_UNCONFIRMED:
            log.error("a reply was given up: too many wait for the link to FreeSWITCH")
            del self._unconfirmed[next(iter(self._unconfirmed))]
        return noted

    def _send(self, replies: dict[int, Headers]) -> None:
        self._in_flight += 1
        try:
            self._pbx.announce(REPLY, *replies.values())
        except PbxError as error:
            if not self._unconfirmed.keys().isdisjoint(replies):
                log.warning(
                    "a reply may not have been sent; it is after the next connect",
                    extra={"error": str(error)},
                )
        else:
            for number in replies:
                self._unconfirmed.pop(number, None)
        finally:
            self._in_flight -= 1
