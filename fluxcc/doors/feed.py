"""The lines of the watch stream, kept for those who watch and for those who come back.

The core's signals append to it while FreeSWITCH's events are handled, so a line is only noted then:
a number, a moment and what it is about. It is written when the first watcher reads it, and kept as
written. While nobody has watched for a while nothing is noted at all. Counterparts: ``watch``
sends, ``protocol.watching`` has the shapes. No I/O.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fluxcc.core.core import Core
from fluxcc.core.site.neighbourhood import Neighbourhood
from fluxcc.domain.blocks import Block, BlockChange, BlockState, without_number
from fluxcc.domain.calls import Call, CallChange
from fluxcc.domain.nodes import NodeCall, SiteSight
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import key
from fluxcc.domain.requests import Reply, Request
from fluxcc.domain.surveys import Survey
from fluxcc.doors.readings import facts_elsewhere, facts_of
from fluxcc.protocol.operators import DaemonStatus
from fluxcc.protocol.watching import (
    AnyHappening,
    AttemptHappening,
    BlockHappening,
    CallHappening,
    ReplyHappening,
    SiteHappening,
    StatusHappening,
    SurveyHappening,
    WatchedCall,
)

MOST = 10_000
"""Lines that are kept for those who come back."""
LONGEST = 3600.0
"""Seconds for which they are kept."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the daemon's state."""
NUMBERS_A_SECOND = 1_000_000
"""What a second of the clock counts for in a life's first number, begun seconds too: no later
life, however soon after, begins with a number that an earlier one has used, as a line takes
longer than a microsecond. Below 2**53 until the year 2255."""
ENDS = {BlockState.RELEASED: BlockChange.RELEASED, BlockState.EXPIRED: BlockChange.EXPIRED}

_encode = msgspec.json.Encoder().encode


class _Entry(msgspec.Struct, gc=False):
    """One line, noted or written."""

    number: int
    at: float
    write: Callable[[_Entry], AnyHappening]
    fact: Any
    """What it is about; None once it is written."""
    line: bytes = b""


class Feed:
    """One per daemon."""

    def __init__(
        self,
        core: Core,
        status: Callable[[], DaemonStatus],
        began: float,
        neighbourhood: Neighbourhood | None = None,
    ) -> None:
        """``status`` tells the daemon's state; ``began`` is when this life began, in epoch
        seconds by the machine's clock; ``neighbourhood`` is None where the PBX is alone."""
        self._core = core
        self._now = core.clock.now
        self._status = status
        self.number = int(began * NUMBERS_A_SECOND)
        """Of the last line."""
        self._entries: deque[_Entry] = deque(maxlen=MOST)
        self._is_awake = False
        self._live: set[int] = set()
        """The ids of the calls that are known to have begun."""
        self._unread: dict[int, _Entry] = {}
        """Call's id → its last line, where that is not written yet."""
        self._seen: tuple[object, ...] = ()
        """What was last told of the daemon's state."""
        self._looked = 0.0
        self.wake: list[Callable[[], object]] = []
        """Called once with the next line."""
        self._node = neighbourhood.presence.node if neighbourhood is not None else ""
        self._looking = neighbourhood.looking if neighbourhood is not None else None
        self._listen()

    def _listen(self) -> None:
        happenings = self._core.happenings
        happenings.call_changed.connect(self.call_changed)
        happenings.call_bridged.connect(self.call_bridged)
        happenings.block_changed.connect(self.block_changed)
        happenings.caller_refused.connect(self.caller_refused)
        happenings.request_answered.connect(self.request_answered)
        happenings.survey_answered.connect(self.survey_answered)
        happenings.person_erased.connect(self.forget)
        happenings.numbers_reread.connect(self.begin_anew)
        if self._looking is not None:
            self._looking.is_watched = lambda: self._is_awake
            self._looking.call_changed.connect(self.call_changed_elsewhere)
            self._looking.sight_changed.connect(self.site_changed)

    # Whether it notes anything

    def rouse(self) -> None:
        """Note from now on: there is a watcher."""
        if not self._is_awake:
            self._is_awake = True
            self._live = set(self._core.tracker.calls)
            self._seen = _told(self._status())

    def doze(self) -> None:
        """Note nothing any more, and forget what was noted: nobody has watched for a while."""
        self._is_awake = False
        self.begin_anew()

    def forget(self, _person: Person) -> None:
        """Forget every line, as one may be about this person."""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget every line; who watches is sent everything that is live."""
        self._entries.clear()
        self._unread.clear()
        # None of those who watch has this one, so each of them is missing a line.
        self.number += 1
        self._rouse_watchers()

    # What happens

    def call_changed(self, call: Call) -> None:
        """A call began, changed or ended."""
        if not self._is_awake:
            return
        if call.ended is not None:
            self._live.discard(call.id)
            self._note_call(call, CallChange.ENDED)
        elif call.id not in self._live:
            self._live.add(call.id)
            self._note_call(call, CallChange.BEGAN)
        elif call.id not in self._unread:
            # A line that is still to be written tells this change too.
            self._note_call(call, CallChange.CHANGED)

    def call_bridged(self, call: Call) -> None:
        """An agent and a customer were connected."""
        if not self._is_awake:
            return
        unread = self._unread.get(call.id)
        if unread is not None and unread.fact[1] is CallChange.CHANGED:
            unread.fact = call, CallChange.BRIDGED
        else:
            self._note_call(call, CallChange.BRIDGED)

    def call_changed_elsewhere(self, node: str, call: NodeCall, change: CallChange) -> None:
        """A call on another node of the site began, changed or ended."""
        if not self._is_awake:
            return
        told = self._call_elsewhere(node, call)
        if change is CallChange.ENDED:
            # Within a second; its own node has the moment in its history.
            told.ended = self._now()
        self._note(self._write_call_elsewhere, (told, change))

    def site_changed(self, sight: SiteSight) -> None:
        """Nodes of the site came or went, or the site is reached again, or not."""
        if self._is_awake:
            self._note(self._write_site, sight)

    def block_changed(self, block: Block, earlier: Block | None) -> None:
        """A block was put in force, reworded or ended."""
        if not self._is_awake:
            return
        change = BlockChange.BLOCKED if earlier is None else BlockChange.RENEWED
        self._note(self._write_block, (block, ENDS.get(block.state, change)))

    def caller_refused(self, block: Block) -> None:
        """A blocked caller dialled."""
        if self._is_awake:
            self._note(self._write_attempt, block)

    def request_answered(self, request: Request, reply: Reply, seconds: float) -> None:
        """A request was carried out or refused."""
        if self._is_awake:
            self._note(self._write_reply, (request, reply, seconds))

    def survey_answered(self, survey: Survey) -> None:
        """A customer was offered a survey, or pressed something."""
        if self._is_awake:
            self._note(self._write_survey, survey)

    def look(self) -> None:
        """Note the daemon's state where it has changed, and drop lines that are too old. To be
        called often while there is a watcher; it does something once a second."""
        now = self._core.clock.monotonic()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        while self._entries and self._entries[0].at < self._now() - LONGEST:
            self._entries.popleft()
        status = self._status()
        if _told(status) != self._seen:
            self._seen = _told(status)
            self._note(self._write_status, status)

    def _note_call(self, call: Call, change: CallChange) -> None:
        if len(self._unread) >= MOST:
            # Nobody reads. Without these every change is a line of its own.
            self._unread.clear()
        self._unread[call.id] = self._note(self._write_call, (call, change))

    def _note(self, write: Callable[[_Entry], AnyHappening], fact: Any) -> _Entry:
        self.number += 1
        entry = _Entry(self.number, self._now(), write, fact)
        self._entries.append(entry)
        if self.wake:
            self._rouse_watchers()
        return entry

    def _rouse_watchers(self) -> None:
        wake, self.wake = self.wake, []
        for each in wake:
            each()

    # Reading

    def has(self, number: int) -> bool:
        """Whether everything after the line of that number is here."""
        if number == self.number:
            return True
        return bool(self._entries) and self._entries[0].number - 1 <= number < self.number

    def after(self, number: int, most: int) -> Iterator[bytes]:
        """At most so many lines after that one, the oldest first; ``has`` it."""
        if number == self.number:
            return
        # By index: most are asked for near the end, to which the way from the beginning is long.
        first = number + 1 - self._entries[0].number
        wanted = range(first, min(first + most, len(self._entries)))
        for entry in [self._entries[index] for index in wanted]:
            if not entry.line:
                self._write(entry)
            yield entry.line

    def calls(self) -> list[WatchedCall]:
        """Every live call, of this node and, as far as they were looked at, of the others; the
        oldest first."""
        found = [watched_call(call, self._node) for call in self._core.tracker.calls.values()]
        if self._looking is not None:
            others = self._looking.calls.items()
            found += [self._call_elsewhere(node, call) for (node, _), call in others]
        return sorted(found, key=lambda call: call.id)

    @property
    def site(self) -> SiteSight:
        """The site, as far as it was looked at."""
        return self._looking.sight if self._looking is not None else SiteSight()

    def settle(self) -> int:
        """The number of the last line, after which any change is a line of its own: what is taken
        down now of the calls and blocks is what they are after that line."""
        self._unread.clear()
        return self.number

    def _write(self, entry: _Entry) -> None:
        entry.line = _encode(entry.write(entry)) + b"\n"
        entry.fact = None

    def _write_call(self, entry: _Entry) -> CallHappening:
        call, change = entry.fact
        if self._unread.get(call.id) is entry:
            del self._unread[call.id]
        return CallHappening(
            number=entry.number, at=entry.at, change=change, call=watched_call(call, self._node)
        )

    def _call_elsewhere(self, node: str, call: NodeCall) -> WatchedCall:
        domains = self._core.domains.known
        is_foreign = bool(domains) and call.domain not in ("", *domains)
        facts = facts_elsewhere(call, node)
        return WatchedCall(**facts, id=call.id, holder=call.holder, foreign=is_foreign)

    def _write_call_elsewhere(self, entry: _Entry) -> CallHappening:
        call, change = entry.fact
        return CallHappening(number=entry.number, at=entry.at, change=change, call=call)

    def _write_site(self, entry: _Entry) -> SiteHappening:
        return SiteHappening(number=entry.number, at=entry.at, site=entry.fact)

    def _write_block(self, entry: _Entry) -> BlockHappening:
        block, change = entry.fact
        return BlockHappening(
            number=entry.number, at=entry.at, change=change, block=without_number(block)
        )

    def _write_attempt(self, entry: _Entry) -> AttemptHappening:
        block = without_number(entry.fact)
        return AttemptHappening(number=entry.number, at=entry.at, block=block)

    def _write_reply(self, entry: _Entry) -> ReplyHappening:
        request, reply, seconds = entry.fact
        named = request.entry
        return ReplyHappening(
            number=entry.number,
            at=entry.at,
            reply=reply,
            by=str(request.actor),
            seconds=seconds,
            entry=f"{type(named).__name__.lower()}:{key(named)}" if named is not None else "",
        )

    def _write_survey(self, entry: _Entry) -> SurveyHappening:
        return SurveyHappening(number=entry.number, at=entry.at, survey=entry.fact)

    def _write_status(self, entry: _Entry) -> StatusHappening:
        return StatusHappening(number=entry.number, at=entry.at, status=entry.fact)


def watched_call(call: Call, node: str) -> WatchedCall:
    """A call of this node as the stream tells it."""
    return WatchedCall(
        **facts_of(call),
        node=node,
        id=call.id,
        outcome=call.outcome,
        ended=call.ended,
        cause=call.cause,
        sequel=call.sequel,
        holder=call.holder.extension,
    )


def _told(status: DaemonStatus) -> tuple[object, ...]:
    """What of the daemon's state is a line of its own when it changes."""
    return (
        status.connected,
        status.connected_since,
        status.link_loss,
        status.link_refusal,
        status.calls_listed,
        status.gate_told,
        status.contexts_without_gate,
        status.domains,
        bool(status.store_failure),
        status.spool_unread,
        status.clock_doubted,
    )
