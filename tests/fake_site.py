"""What stands in for a site's PostgreSQL in the core's tests.

Counterpart: ``fluxcc.core.site.port.Site``, which each ``FakeSite`` is for one node; behind them is
one ``FakeDatabase``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fluxcc.core.ports import Batch
from fluxcc.domain.blocks import Block
from fluxcc.domain.changes import Change, Expiry, Kind, SitePosition, Tally
from fluxcc.domain.erasing import erasure_of, superseded
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.domain.nodes import Hint
from fluxcc.domain.persons import Person
from fluxcc.domain.retention import RecordKind
from tests.fakes import NOW


class FakeDatabase:
    """The last change of each thing, and every change that counted, in order."""

    def __init__(self) -> None:
        self.name = "site-1"
        self.now = lambda: NOW
        """Its clock."""
        self.registers: dict[tuple[str, str], Change] = {}
        self.log: list[Change] = []
        self.claims: dict[tuple[str, int], tuple[str, Expiry]] = {}
        """Block and end → who writes of it."""
        self.history: dict[tuple[str, str, Any], Any] = {}
        """Every record of history by its node, kind and id."""
        self.ages: dict[str, Mapping[RecordKind, float]] = {}
        """For how long each node keeps its records."""

    def lose(self, number: int) -> None:
        """A replica takes over that has only the first ``number`` changes."""
        self.name += "'"
        del self.log[number:]
        self.registers = {(each.kind, each.key): each for each in self.log}


class FakeSite:
    """``core.site.port`` of one node, whose way to the database can be cut."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self._name = ""
        """What the database was called when it was opened."""
        self.is_cut = False
        self.is_answer_lost = False
        """Whether the way is cut right after the next offer was taken."""
        self.hints = 0
        self.records = 0
        """Batches of history that were taken."""
        self.dropped: dict[RecordKind, float] = {}
        self.purged: dict[RecordKind, float] = {}
        self.prunings = 0

    def _check(self) -> None:
        if self.is_cut:
            raise SiteUnavailableError("the fake site is cut off")
        if self._name != self._database.name:
            raise SiteUnavailableError("the fake site is another one by now")

    def open(self) -> SitePosition:
        """Where its changes end."""
        if not self.is_cut:
            self._name = self._database.name
        self._check()
        return SitePosition(self._database.name, len(self._database.log))

    def offer(self, changes: Sequence[Change]) -> None:
        """Each counts where it is later."""
        self._check()
        things = [(change.kind, change.key) for change in changes]
        assert len(set(things)) == len(things), "each change is of another thing"
        for thing, change in zip(things, map(_as_sent, changes), strict=True):
            known = self._database.registers.get(thing)
            if self._is_erased(change):
                continue
            if known is None or change.stamp > known.stamp:
                self._database.registers[thing] = change
                self._database.log.append(change)
        if self.is_answer_lost:
            self.is_answer_lost = False
            raise SiteUnavailableError("the fake site's answer was lost")

    def _is_erased(self, change: Change) -> bool:
        """Whether it tells of an erased block in a state of before that."""
        if change.kind not in {Kind.BLOCK, Kind.TALLY}:
            return False
        told = msgspec.json.decode(change.body)
        id = told["id" if change.kind == Kind.BLOCK else "block"]
        erased = self._database.registers.get((Kind.ERASED, id))
        is_later = erased is not None and change.stamp > erased.stamp
        return erased is not None and not (change.kind == Kind.BLOCK and is_later)

    def claim(self, node: str, expiries: Sequence[Expiry]) -> list[Expiry]:
        """The first one has it."""
        self._check()
        claims = self._database.claims
        found = [claims.setdefault((e.block, e.until), (node, e)) for e in expiries]
        return [expiry for owner, expiry in found if owner == node]

    def hint(self) -> None:
        """Nobody waits."""
        self._check()
        self.hints += 1

    def changes(self, after: int, limit: int) -> tuple[list[Change], int]:
        """A part of the log."""
        self._check()
        page = self._database.log[after : after + limit]
        return page, after + len(page)

    def standing(self, after: tuple[str, str], limit: int) -> list[Change]:
        """A part of the registers."""
        self._check()
        later = sorted(thing for thing in self._database.registers if thing > after)
        return [self._database.registers[thing] for thing in later[:limit]]

    def is_pruned(self, number: int) -> bool:
        """Everything is kept."""
        self._check()
        return False

    def prune(self) -> None:
        """Everything is kept."""
        self._check()
        self.prunings += 1

    def wait(self, seconds: float) -> Hint:
        """No hint comes."""
        self._check()
        return Hint(0)

    def record(self, node: str, batch: Batch) -> None:
        """Every record as it is now."""
        self._check()
        kinds = {
            RecordKind.CALLS: batch.calls,
            RecordKind.AUDIT: batch.audit,
            RecordKind.SURVEYS: batch.surveys,
            RecordKind.BLOCKS: batch.blocks,
        }
        for kind, records in kinds.items():
            for each in records:
                self._database.history[node, kind, each.id] = each
        self.records += 1

    def recorded(self, node: str) -> float | None:
        """The id of the newest call tells it."""
        self._check()
        ids = [id for of, kind, id in self._database.history if (of, kind) == (node, "calls")]
        return max(map(int, ids)) / 1e6 if ids else None

    def erase(self, person: Person, after: Any) -> tuple[int, Any]:
        """All at once, in the second step."""
        self._check()
        if after is None:
            return 0, 1
        history = self._database.history
        theirs = [key for key, each in history.items() if person.has(each.number)]
        for key in theirs:
            del history[key]
        self._erase_blocks(person)
        return len(theirs), None

    def _erase_blocks(self, person: Person) -> None:
        """Those that have ended; their changes keep their numbers and say nothing more."""
        registers, log = self._database.registers, self._database.log
        erased, held = {}, set()
        for thing, change in [each for each in registers.items() if each[0][0] == Kind.BLOCK]:
            block = msgspec.json.decode(change.body, type=Block)
            if not person.has(block.number):
                continue
            remains = erasure_of(block, self._database.now())
            if remains is None:
                held.add(block.id)
                continue
            del registers[thing]
            erased[Kind.ERASED, block.id] = remains
        for thing, change in [each for each in registers.items() if each[0][0] == Kind.TALLY]:
            tally = msgspec.json.decode(change.body, type=Tally)
            if person.has(tally.number) and tally.block not in held:
                del registers[thing]
        for change in [each for each in log if each.kind == Kind.BLOCK]:
            block = msgspec.json.decode(change.body, type=Block)
            remains = superseded(block, self._database.now())
            known = erased.get((Kind.ERASED, block.id), registers.get((Kind.ERASED, block.id)))
            is_later = known is None or remains.stamp > known.stamp
            if person.has(block.number) and block.id not in held and is_later:
                erased[Kind.ERASED, block.id] = remains
        for place, change in enumerate(log):
            told = msgspec.json.decode(change.body) if change.body else {}
            id = told.get("block", told.get("id"))
            if person.has(told.get("number", "")) and id not in held:
                log[place] = Change("", "", change.at, change.node, "")
        registers |= erased
        log += erased.values()

    def keep(self, node: str, ages: Mapping[RecordKind, float]) -> None:
        """Note it."""
        self._check()
        self._database.ages[node] = dict(ages)

    def drop(self, kind: RecordKind, before: float) -> list[str]:
        """Note it."""
        self._check()
        self.dropped[kind] = before
        return []

    def purge(self, kind: RecordKind, node: str, before: float, limit: int) -> int:
        """Note it."""
        self._check()
        self.purged[kind] = before
        return 0


def _as_sent(change: Change) -> Change:
    """The change as another process has it."""
    return msgspec.json.decode(msgspec.json.encode(change), type=Change)
