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
LATER_AT_ONCE = 8
"""Replies without haste that are on their way at the same time: so many commands does any other one
wait for, the health check's too."""

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
        self._senders = 0
        self._in_flight = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return not self._in_flight and not self._later

    def send(self, headers: Headers) -> None:
        """Send a reply; returns when FreeSWITCH has it, or it waits for the next connect."""
        number = next(self._numbers)
        self._unconfirmed[number] = headers
        if len(self._unconfirmed) > MOST_UNCONFIRMED:
            log.error("a reply was given up: too many wait for the link to FreeSWITCH")
            del self._unconfirmed[next(iter(self._unconfirmed))]
        self._send(number, headers)

    def send_later(self, make: Callable[[], Headers]) -> None:
        """Send the reply that ``make`` makes when it is its turn, so that no other one waits for
        these."""
        self._later.append(make)
        if self._senders < LATER_AT_ONCE:
            self._senders += 1
            gevent.spawn(self._send_those_of_later)

    def send_again(self) -> None:
        """Send what may not have gone out, after a connect."""
        for number, headers in list(self._unconfirmed.items()):
            self._send(number, headers)

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
                self.send(self._later.popleft()())
        finally:
            self._senders -= 1

    def _send(self, number: int, headers: Headers) -> None:
        self._in_flight += 1
        try:
            self._pbx.announce(REPLY, headers)
        except PbxError as error:
            if number in self._unconfirmed:
                log.warning(
                    "a reply may not have been sent; it is after the next connect",
                    extra={"error": str(error)},
                )
        else:
            self._unconfirmed.pop(number, None)
        finally:
            self._in_flight -= 1
