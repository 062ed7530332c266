"""The live blocks in memory, by number, by key of the gate and by end.

It has no clock: ``scheduler`` asks what is due. Counterparts: the gate in FreeSWITCH (mod_hash)
holds the same keys, the store the same blocks.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
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
        """Heap of (end, canonical number); an entry that a renewal made obsolete is skipped."""

    def __len__(self) -> int:
        return len(self._by_number)

    def find(self, number: Number) -> Block | None:
        """The live block of a number; None without one."""
        return self._by_number.get(number.canonical)

    def match(self, caller_id: str) -> Block | None:
        """The live block of a caller ID in any spelling; None for almost all callers.

        A spelling that is a key of the gate is found at once. Others (with a carrier code or
        punctuation) are parsed by libphonenumber, and only where they can be a spelling at all.
        """
        held = self._by_key.get(caller_id)
        if held is not None:
            return self._by_number[held]
        if not self._by_number or not caller_id or (caller_id.isdigit() and caller_id[0] != "0"):
            return None
        return self.find(self._numbers.read(caller_id))

    def is_key(self, caller_id: str) -> bool:
        """Whether this spelling is a key of the gate."""
        return caller_id in self._by_key

    def make(
        self, number: Number, duration: int, now: float, *, by: str, reason: str, call: str
    ) -> Block:
        """A number's block from ``now`` (epoch seconds) on: a new one, or the live one renewed.

        It ends ``duration`` seconds after the full second that follows ``now``, so that it never
        holds for less than ``duration``.
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
        """Put a block in force, in place of the number's earlier one."""
        self._by_number[block.number] = block
        for key in block.keys:
            self._by_key[key] = block.number
        heapq.heappush(self._ends, (block.until, block.number))

    def count_attempt(self, block: Block, now: float) -> Block:
        """Count a blocked caller's call; the block with its new count."""
        counted = msgspec.structs.replace(block, attempts=block.attempts + 1, last_attempt=now)
        self._by_number[block.number] = counted
        return counted

    def remove(
        self, block: Block, state: BlockState, now: float, by: str
    ) -> tuple[Block, list[str]]:
        """End a block in that state: the ended block, and the keys to withdraw from the gate.

        A key that another block has by now is not among them.
        """
        del self._by_number[block.number]
        keys = [key for key in block.keys if self._by_key.get(key) == block.number]
        for key in keys:
            del self._by_key[key]
        return msgspec.structs.replace(block, state=state, ended_at=now, ended_by=by), keys

    def due(self, now: float) -> Iterator[Block]:
        """The live blocks whose time has passed, the oldest first, for the caller to ``remove``.

        Each is checked when its turn comes: while one is withdrawn from the gate, the next may be
        renewed or released. Two renewals within a second leave two entries for one block.
        """
        while (end := self.next_end()) is not None and end <= now:
            _, number = heapq.heappop(self._ends)
            yield self._by_number[number]

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
        """The gate's entries, (key, epoch second of the end); the block that ends last comes first.

        Each is checked when its turn comes, as in ``due``: publishing thousands takes a while.
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
