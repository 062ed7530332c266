"""Erases what is kept of one person, or what is older than a moment, when an operator asks for it.

Of a person it goes through every place in turn: the survey's spool, what is live (``LiveData``),
the store's rows, what its file still holds of them, and what memory still holds. What it could not
reach is part of its result.

Counterparts: ``retention`` does the deletions; ``doors.readings`` calls ``Erasure`` for the command
``db purge``, which uses it by itself where no daemon is running.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.calls.tracker import Tracker
from fluxcc.core.clocks import both_clocks
from fluxcc.core.happenings import Happenings
from fluxcc.core.ids import MomentIds
from fluxcc.core.ports import Batch, Clock, Pbx, Runtime, Spool, Store
from fluxcc.core.requests.replies import Replies
from fluxcc.core.retention import PAUSE_BETWEEN_BATCHES, Deletion, begin_row
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import BY_TIME, BlockState, read_gate_key
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import PbxError, RefusedError, StoreUnavailableError
from fluxcc.domain.numbers import is_withheld
from fluxcc.domain.persons import Person, Persons
from fluxcc.domain.provisioning import Group, Protected, Service
from fluxcc.domain.retention import OUTSIDE, WITH_TEXTS, Erased, Place, RecordKind

PURGE = "purge"
"""The action in the audit."""
WIPE_AFTER = 1.0
"""Seconds from the answer to the overwriting of memory."""

log = logging.getLogger(__name__)


class Report:
    """What an erasure reached and what it left, while it goes on."""

    def __init__(self) -> None:
        self.blocked_until: int | None = None
        self._reached: dict[Place, None] = {}
        self._left: dict[Place, str] = {}

    def note(self, place: Place, *, is_clean: bool, what: str = "") -> None:
        """A place was gone through: nothing is there any more, or ``what`` is left."""
        if is_clean:
            self._reached[place] = None
        else:
            self._left[place] = what

    def result(self, counts: dict[RecordKind, int]) -> Erased:
        """The result, with what no erasure reaches."""
        outside = dict.fromkeys(OUTSIDE, "")
        reached = tuple(place for place in self._reached if place not in self._left)
        return Erased(counts, self.blocked_until, reached, self._left | outside)


class LiveData(Protocol):
    """Data on a person besides the store's ended records: live blocks, the gate, memory."""

    def forget(self, person: Person, by: str, report: Report, *, with_live_block: bool) -> None:
        """Erase it before the rows, and note in ``report`` what was reached and what is left.

        Raises ``StoreUnavailableError``.
        """

    def forget_rest(self, report: Report) -> None:
        """Erase what memory still holds, after the rows."""


class Erasure:
    """Erases what an operator asks for. One per daemon, or per command."""

    def __init__(
        self,
        *,
        store: Store,
        spool: Spool,
        runtime: Runtime,
        clock: Clock,
        persons: Persons,
        live_data: LiveData,
        write: Callable[[AuditRecord], bool],
        ids: MomentIds,
    ) -> None:
        """``write`` writes a row and everything that was to be written before it, and returns
        whether all of it is on disk."""
        self._store = store
        self._spool = spool
        self._runtime = runtime
        self._clock = clock
        self._persons = persons
        self._live_data = live_data
        self._write = write
        self._ids = ids
        self.erase_at_site: Callable[[str], bool] | None = None
        """Has the person with this number erased from the site, or marks it; whether it
        is done already. None where there is no site."""

    def erase_person(
        self, number: str, by: str, request: str, *, with_live_block: bool = False
    ) -> Erased:
        """Erase the records of the person with this number, in every spelling.

        A live call stays. So does a live block, unless ``with_live_block``: as long as it holds
        there is a legitimate interest in it (LGPD, article 7, IX), and it ends by itself. Raises
        ``RefusedError`` for a withheld or unprintable number, and ``StoreUnavailableError``.
        """
        person = self._persons.find(number)
        if is_withheld(person.seen) or not number.isprintable():
            raise RefusedError(Code.NUMBER_UNUSABLE)
        report = Report()
        # The spool first: what is read from it later has nothing of the person, and what was read
        # before is forgotten with the live data or written before the rows are searched.
        self._empty_spool(person, report)
        self._live_data.forget(person, by, report, with_live_block=with_live_block)
        deletion = self._begin(by, request)
        for kind in RecordKind:
            deletion.erase(kind, person)
        for kind in WITH_TEXTS:
            self._erase_mentions(kind, person)
        report.note(Place.OTHERS, is_clean=True)
        self._runtime.offload(self._store.forget_removed, person)
        named = self._runtime.offload(_entries_of, self._store, person)
        report.note(Place.ENTRIES, is_clean=not named, what=", ".join(named))
        if self.erase_at_site:
            # After the rows: what is told of them from now on has nothing of the person.
            report.note(Place.SITE, is_clean=self.erase_at_site(number))
            report.note(Place.NODES, is_clean=False)
        return self._end(deletion, report)

    def erase_older(self, before: float, by: str, request: str) -> Erased:
        """Erase what is older than that moment (epoch seconds), as ``[retention]`` does. Raises
        ``StoreUnavailableError``."""
        # A moment in the future would include the audit row of this deletion.
        before = min(before, both_clocks(self._clock).earlier)
        deletion = self._begin(by, request)
        for kind in RecordKind:
            deletion.purge(kind, before)
        return self._end(deletion, Report())

    def _erase_mentions(self, kind: RecordKind, person: Person) -> None:
        after = None
        while True:
            count, after = self._runtime.offload(self._store.erase_mentions, kind, person, after)
            if after is None:
                return
            if count:
                self._runtime.sleep(PAUSE_BETWEEN_BATCHES)

    def _empty_spool(self, person: Person, report: Report) -> None:
        try:
            left = self._runtime.offload(self._spool.erase, person.has)
        except OSError as error:
            left = error.strerror or type(error).__name__
        report.note(Place.SPOOL, is_clean=not left, what=left)

    def _begin(self, by: str, request: str) -> Deletion:
        now = self._clock.now()
        row = begin_row(self._ids.new(now), now, PURGE, by, request)
        # What is still on its way to the store, and is to be erased there, arrives with the row.
        if not self._write(row):
            raise StoreUnavailableError("the store cannot be written now")
        return Deletion(self._store, self._runtime, row, self._write)

    def _end(self, deletion: Deletion, report: Report) -> Erased:
        deletion.end(self._clock.now())
        counts = {kind: deletion.counts[kind] for kind in RecordKind}
        report.note(Place.ROWS, is_clean=True)
        for place, left in self._runtime.offload(self._store.wipe).items():
            report.note(place, is_clean=not left, what=left)
        self._live_data.forget_rest(report)
        log.info("data was erased", extra={str(kind): count for kind, count in counts.items()})
        return report.result(counts)


class DaemonLiveData:
    """``LiveData`` of the running daemon."""

    def __init__(
        self,
        *,
        blocking: Blocking,
        replies: Replies,
        tracker: Tracker,
        pbx: Pbx,
        persons: Persons,
        runtime: Runtime,
        happenings: Happenings,
    ) -> None:
        self._blocking = blocking
        self._replies = replies
        self._tracker = tracker
        self._pbx = pbx
        self._persons = persons
        self._runtime = runtime
        self._happenings = happenings

    def forget(self, person: Person, by: str, report: Report, *, with_live_block: bool) -> None:
        """See ``LiveData``."""
        # Blocks that are due are ended first, so that they are not written again after the erasure.
        self._blocking.expire_due()
        live = [block for block in self._blocking.blocklist.blocks() if person.has(block.number)]
        if with_live_block:
            for block in live:
                self._blocking.release(block, by)
            live = []
        report.blocked_until = max((block.until for block in live), default=None)
        self._clear_gate(person, report)
        self._replies.forget(person)
        self._blocking.forget(person)
        self._happenings.person_erased(person)
        for call in self._tracker.calls.values():
            call.sequel = tuple(map(person.erase_from, call.sequel))
        for block in self._blocking.blocklist.blocks():
            self._blocking.reword(block, person.erase_from(block.reason))
        calls = [call for call in self._tracker.calls.values() if person.has(call.number)]
        report.note(Place.LIVE_CALL, is_clean=not calls, what=str(len(calls)))

    def forget_rest(self, report: Report) -> None:
        """See ``LiveData``."""
        self._runtime.spawn(self._wipe_memory)
        report.note(Place.MEMORY, is_clean=True)

    def _wipe_memory(self) -> None:
        # The operator has the answer by then, and nothing of the question is in use any more.
        self._runtime.sleep(WIPE_AFTER)
        self._persons.forget()
        self._pbx.forget_received()
        self._runtime.wipe_memory()
        log.info("memory was overwritten")

    def _clear_gate(self, person: Person, report: Report) -> None:
        """Withdraw the keys that no live block holds: those of a block that ended while the link
        was down."""
        blocklist = self._blocking.blocklist
        try:
            keys = [key for key in self._pbx.gate_entries() if person.has(read_gate_key(key)[0])]
            self._blocking.table.tell(keys)
        except PbxError as error:
            report.note(Place.GATE, is_clean=False, what=str(error))
        else:
            held = [key for key in keys if blocklist.is_key(key)]
            report.note(Place.GATE, is_clean=not held, what=str(len(held)))


class StoredLiveData:
    """``LiveData`` while no daemon is running: only the store's.

    A live block cannot be ended here: the gate in FreeSWITCH would go on refusing.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def forget(self, person: Person, by: str, report: Report, *, with_live_block: bool) -> None:
        """See ``LiveData``."""
        now = self._clock.now()
        live = [block for block in self._store.live_blocks() if person.has(block.number)]
        over = tuple(
            replace(block, state=BlockState.EXPIRED, ended_at=now, ended_by=BY_TIME)
            for block in live
            if block.until <= now
        )
        self._store.write(Batch(blocks=over))
        report.blocked_until = max(
            (block.until for block in live if block.until > now), default=None
        )
        report.note(Place.GATE, is_clean=False)
        calls = [call for call in self._store.live_calls() if person.has(call.number)]
        report.note(Place.LIVE_CALL, is_clean=not calls, what=str(len(calls)))

    def forget_rest(self, report: Report) -> None:
        """Nothing to do: this process ends."""


def _entries_of(store: Store, person: Person) -> list[str]:
    """The names of the groups and services that send calls to this person, and the protected
    number."""
    names = []
    for entry in store.entries():
        match entry:
            case Group() | Service() if person.has(entry.destination):
                names.append(entry.name)
            case Protected() if person.has(entry.name):
                names.append(entry.name)
    return names
