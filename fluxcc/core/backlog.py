"""The records that wait for the store, in memory.

What was promised (blocks, requests that were carried out, supervisors' entries) waits for as long
as it takes. Of history there is a limit, so that a store that is away for days does not fill the
memory that the promises are in: ended calls are kept as few bytes while the store is away, and
beyond ``MOST_ENDED`` of them, and ``MOST_HISTORY`` other records, the oldest is given up and
counted (``docs/decisions/0017``).

Counterpart: ``journal`` writes what it takes out of here.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import astuple

from fluxcc.core.calls.memory import record
from fluxcc.core.ports import Batch
from fluxcc.domain.agents import SeenDomain
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import Call, CallRecord
from fluxcc.domain.changes import SitePosition, Stamp
from fluxcc.domain.provisioning import Entry, key
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.shared_entries import EntryStamp
from fluxcc.domain.surveys import Survey

PER_BATCH = 1_000
"""Calls in one transaction, and records of history. More would hold up the event loop while they
are converted, and a ``commit`` while they are written."""
MOST_ENDED = 100_000
"""Ended calls that wait at most: 70 MB, and a whole day of a PBX with 4,000 calls an hour."""
MOST_HISTORY = 10_000
"""Other records that nobody was promised, such as refused requests: 15 MB."""


class Removal(msgspec.Struct, frozen=True):
    """A supervisor's entry that is to be deleted."""

    entry: Entry


class Unmarked(msgspec.Struct, frozen=True):
    """Marks of the outbox whose records the site has."""

    ids: tuple[int, ...]


class ErasedBlock(msgspec.Struct, frozen=True):
    """A block that has ended and is to be deleted, because another node erased its person."""

    id: str
    stamp: Stamp
    """Its last change; not where it has changed since."""


Record = (
    Block
    | AuditRecord
    | Survey
    | Entry
    | EntryStamp
    | SeenDomain
    | Removal
    | SitePosition
    | Unmarked
    | ErasedBlock
)
Identity = tuple[str, object]
"""The key of a record: of two with the same key only the newer one is written."""


class Taken(msgspec.Struct, frozen=True):
    """What is in one transaction."""

    calls: dict[int, Call]
    ended: dict[int, bytes]
    promises: dict[Identity, Record]
    history: dict[Identity, Record]

    def __len__(self) -> int:
        return len(self.calls) + len(self.ended) + len(self.promises) + len(self.history)

    def batch(self) -> Batch:
        """It, as the store takes it."""
        ended = [CallRecord(*msgspec.msgpack.decode(packed)) for packed in self.ended.values()]
        calls = [record(call) for call in self.calls.values()]
        return _batch(ended + calls, [*self.history.values(), *self.promises.values()])


class Backlog:
    """One per journal."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        """Live calls; ended ones too while the store can be written."""
        self._ended: OrderedDict[int, bytes] = OrderedDict()
        self._promises: dict[Identity, Record] = {}
        self._history: OrderedDict[Identity, Record] = OrderedDict()
        self.lost: Counter[RecordKind] = Counter()
        """How many records were given up."""

    def __len__(self) -> int:
        return len(self._calls) + len(self._ended) + len(self._promises) + len(self._history)

    @property
    def is_long(self) -> bool:
        """Whether one transaction does not hold all of it."""
        return len(self._calls) + len(self._ended) > PER_BATCH or len(self._history) > PER_BATCH

    def change(self, call: Call, *, is_away: bool) -> None:
        """Keep this call's newest state; ``is_away`` while the store cannot be written."""
        if is_away and call.ended is not None:
            self._calls.pop(call.id, None)
            self._pack(call)
        else:
            self._ended.pop(call.id, None)
            self._calls[call.id] = call

    def promise(self, records: tuple[Record, ...]) -> None:
        """Keep these until they are written."""
        for each in records:
            identity = _identity(each)
            self._history.pop(identity, None)
            self._promises[identity] = each

    def note(self, records: tuple[Record, ...]) -> None:
        """Keep these; requests and surveys, which nobody waits for, up to ``MOST_HISTORY``."""
        for each in records:
            identity = _identity(each)
            if identity in self._promises or not isinstance(each, AuditRecord | Survey):
                self._promises[identity] = each
            else:
                self._history[identity] = each
        while len(self._history) > MOST_HISTORY:
            _, given_up = self._history.popitem(last=False)
            is_request = isinstance(given_up, AuditRecord)
            self.lost[RecordKind.AUDIT if is_request else RecordKind.SURVEYS] += 1

    def take(self) -> Taken:
        """What is in the next transaction: all promises, and of the rest the oldest."""
        ended = _take(self._ended, PER_BATCH)
        calls = _take(self._calls, PER_BATCH - len(ended))
        promises, self._promises = self._promises, {}
        return Taken(calls, ended, promises, _take(self._history, PER_BATCH))

    def put_back(self, taken: Taken) -> None:
        """It was not written: keep it, except what has changed since."""
        for id, packed in reversed(taken.ended.items()):
            if id not in self._calls:
                self._ended.setdefault(id, packed)
                self._ended.move_to_end(id, last=False)
        newer, self._calls = self._calls, {}
        for id, call in taken.calls.items():
            if id not in self._ended:
                self.change(newer.pop(id, call), is_away=True)
        self._calls |= newer
        self._promises = taken.promises | self._promises
        for identity, each in reversed(taken.history.items()):
            if identity not in self._promises:
                self._history.setdefault(identity, each)
                self._history.move_to_end(identity, last=False)
        self._give_up_ended()

    def _pack(self, call: Call) -> None:
        self._ended[call.id] = msgspec.msgpack.encode(astuple(record(call)))
        self._give_up_ended()

    def _give_up_ended(self) -> None:
        while len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
            self.lost[RecordKind.CALLS] += 1


def _take(waiting: dict[Any, Any], limit: int) -> dict[Any, Any]:
    """The first ``limit`` of what waits, taken out."""
    taken = dict(islice(waiting.items(), limit))
    if len(taken) == len(waiting):
        waiting.clear()
    for key_of in taken if waiting else ():
        del waiting[key_of]
    return taken


def _identity(each: Record) -> Identity:
    if isinstance(each, Removal):
        each = each.entry
    if isinstance(each, Entry):
        return type(each).__name__, key(each)
    if isinstance(each, EntryStamp):
        return type(each).__name__, each.thing
    if isinstance(each, SeenDomain):
        return type(each).__name__, each.name
    if isinstance(each, SitePosition):
        return type(each).__name__, ""
    if isinstance(each, Unmarked):
        return type(each).__name__, each.ids
    return type(each).__name__, each.id


def _batch(calls: list[CallRecord], records: list[Record]) -> Batch:
    blocks, audit, surveys, entries, domains, removed = [], [], [], [], [], []
    positions: list[SitePosition] = []
    stamps: list[EntryStamp] = []
    unmarked: list[int] = []
    erased: list[tuple[str, Stamp]] = []
    for each in records:
        match each:
            case Block():
                blocks.append(each)
            case AuditRecord():
                audit.append(each)
            case Survey():
                surveys.append(each)
            case SeenDomain():
                domains.append(each)
            case Removal(gone):
                removed.append(gone)
            case EntryStamp():
                stamps.append(each)
            case SitePosition():
                positions.append(each)
            case Unmarked(ids):
                unmarked += ids
            case ErasedBlock(id, stamp):
                erased.append((id, stamp))
            case _:
                entries.append(each)
    return Batch(
        calls=tuple(calls),
        blocks=tuple(blocks),
        audit=tuple(audit),
        surveys=tuple(surveys),
        entries=tuple(entries),
        domains=tuple(domains),
        removed=tuple(removed),
        entry_stamps=tuple(stamps),
        position=tuple(positions),
        unmarked=tuple(unmarked),
        erased=tuple(erased),
    )
