"""The blocked numbers: which, until when, and under which spellings the gate knows them.

It decides nothing about time by itself: ``scheduler`` asks what is over. Counterparts: the gate in
FreeSWITCH (mod_hash) holds the same keys, the store the same blocks.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from uuid import uuid4

import msgspec

from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.numbers import Number, NumberPlan


class Blocklist:
    """One per daemon."""

    def __init__(self, numbers: NumberPlan) -> None:
        self._numbers = numbers
        self._by_number: dict[str, Block] = {}
        self._by_key: dict[str, str] = {}
        """Key of the gate → canonical number of the block that holds it."""
        self._ends: list[tuple[int, str]] = []
        """Heap of (end, canonical number); an entry that a renewal overtook is skipped."""

    def __len__(self) -> int:
        return len(self._by_number)

    def load(self, blocks: Iterable[Block]) -> None:
        """Take over the live blocks of the store."""
        for block in blocks:
            self.put(block)

    def find(self, number: Number) -> Block | None:
        """The live block of a number."""
        return self._by_number.get(number.canonical)

    def match(self, caller_id: str) -> Block | None:
        """The live block that a caller ID falls under, in whatever spelling; None for almost all.

        The spellings that are keys are found at once. The others (a carrier code, punctuation)
        cost a look by libphonenumber, and only where they could be one.
        """
        held = self._by_key.get(caller_id)
        if held is not None:
            return self._by_number[held]
        if not self._by_number or not caller_id or (caller_id.isdigit() and caller_id[0] != "0"):
            return None
        return self.find(self._numbers.read(caller_id))

    def is_key(self, caller_id: str) -> bool:
        """Whether the gate itself knows this spelling."""
        return caller_id in self._by_key

    def make(
        self, number: Number, duration: int, now: float, *, by: str, reason: str, call: str
    ) -> Block:
        """The block as it shall be from ``now`` on: a new one, or the live one renewed.

        It ends ``duration`` seconds after the full second that follows ``now``, so that it never
        holds for less than was promised.
        """
        until = math.ceil(now) + duration
        earlier = self.find(number)
        if earlier is None:
            return Block(
                id=uuid4().hex,
                number=number.canonical,
                keys=number.spellings,
                since=now,
                until=until,
                by=by,
                reason=reason,
                call=call,
            )
        return msgspec.structs.replace(
            earlier,
            keys=tuple(dict.fromkeys((*earlier.keys, *number.spellings))),
            until=until,
            by=by,
            reason=reason,
            call=call,
        )

    def put(self, block: Block) -> None:
        """Let this block count, in place of the number's earlier one."""
        self._by_number[block.number] = block
        for key in block.keys:
            self._by_key[key] = block.number
        heapq.heappush(self._ends, (block.until, block.number))

    def count_attempt(self, block: Block, now: float) -> Block:
        """A blocked caller tried; the block as it is from now on."""
        counted = msgspec.structs.replace(block, attempts=block.attempts + 1, last_attempt=now)
        self._by_number[block.number] = counted
        return counted

    def remove(
        self, block: Block, state: BlockState, now: float, by: str
    ) -> tuple[Block, list[str]]:
        """Let a block no longer count: the ended block, and the keys the gate shall forget.

        A key that another block holds by now is not among them.
        """
        del self._by_number[block.number]
        keys = [key for key in block.keys if self._by_key.get(key) == block.number]
        for key in keys:
            del self._by_key[key]
        return msgspec.structs.replace(block, state=state, ended_at=now, ended_by=by), keys

    def due(self, now: float) -> Iterator[Block]:
        """The live blocks whose time has passed, the oldest first, for the caller to ``remove``.

        Each is looked at when its turn comes: while one is ended at the gate, somebody may renew
        or release the next. Two renewals within a second leave two entries for one block.
        """
        while self._ends and self._ends[0][0] <= now:
            until, number = heapq.heappop(self._ends)
            block = self._by_number.get(number)
            if block is not None and block.until == until:
                yield block

    def next_end(self) -> int | None:
        """The epoch second at which the next block ends; None where there is none."""
        while self._ends:
            until, number = self._ends[0]
            block = self._by_number.get(number)
            if block is not None and block.until == until:
                return until
            heapq.heappop(self._ends)
        return None

    def entries(self) -> Iterator[tuple[str, int]]:
        """What the gate must hold, key and end; the block made or renewed last comes first.

        Each is looked at when its turn comes, as in ``due``: publishing thousands takes a while.
        """
        newest_first = sorted(self._by_number.values(), key=lambda block: -block.until)
        for number in [block.number for block in newest_first]:
            block = self._by_number.get(number)
            if block is not None:
                for key in block.keys:
                    if self._by_key.get(key) == number:
                        yield key, block.until

    def blocks(self) -> list[Block]:
        """Every live block."""
        return list(self._by_number.values())
