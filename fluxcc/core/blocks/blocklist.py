"""The live blocks in memory, by number, by key of the gate and by end.

It has no clock: ``scheduler`` asks what is due. Counterparts: the gate in FreeSWITCH (mod_hash)
holds the same keys, the store the same blocks.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from secrets import token_hex

import msgspec

from fluxcc.domain.blocks import Block, BlockState, gate_key, is_name, read_gate_key
from fluxcc.domain.calls import NOWHERE
from fluxcc.domain.clocks import LARGEST_DIFFERENCE, Clocks
from fluxcc.domain.numbers import Number, NumberPlan

ID_BYTES = 8
"""Of randomness in a block's id; of a million blocks two have the same once in 40 million PBXs. A
letter stands before it, which tells a block's name from a number."""

Identity = tuple[str, str]
"""Canonical number and SIP domain, of which one live block is at most."""


Changed = Callable[[Block, Block | None], object]


def _ignore(_block: Block, _earlier: Block | None) -> None:
    """Nobody listens."""


class Blocklist:
    """One per daemon."""

    def __init__(self, numbers: NumberPlan, changed: Changed = _ignore) -> None:
        """``changed`` is told of each block that is put in force, reworded or ended: the block as
        it is now, and as it was before."""
        self._numbers = numbers
        self._changed = changed
        self._blocks: dict[Identity, Block] = {}
        self._domains: dict[str, list[str]] = {}
        """Canonical number → the SIP domains in which it is blocked; an empty one stands for
        all."""
        self._by_key: dict[str, Identity] = {}
        """Key of the gate → the block that holds it."""
        self._ends: list[tuple[int, Identity]] = []
        """Heap of (end, block); an entry that a renewal made obsolete is skipped."""
        self._held: list[tuple[int, Identity]] = []
        """Heap of the same by (end in the machine's time, block): what FreeSWITCH's clock alone
        says is over."""
        self._released: dict[Identity, Block] = {}
        """The last block that was taken back, of numbers of which its end is still to come."""

    def __len__(self) -> int:
        return len(self._blocks)

    def find(self, number: Number, domain: str = "") -> Block | None:
        """The live block of a number for that SIP domain, or for all; None without one."""
        return self._blocks.get((number.canonical, domain))

    def find_all(self, number: Number) -> list[Block]:
        """The live blocks of a number, in every domain."""
        domains = self._domains.get(number.canonical, ())
        return [self._blocks[number.canonical, domain] for domain in domains]

    def named(self, name: str) -> Block | None:
        """The one live block of that id, or whose id begins so: its name or more
        (``Block.name``)."""
        if not is_name(name):
            return None
        found = [block for block in self._blocks.values() if block.id.startswith(name)]
        return found[0] if len(found) == 1 else None

    def at(self, number: str, domain: str) -> Block | None:
        """The live block of a canonical number for that SIP domain, or for all."""
        return self._blocks.get((number, domain))

    def match(self, caller_id: str, domain: str = "", homes: str = NOWHERE) -> Block | None:
        """The live block that refuses a caller ID, in any spelling, in a SIP domain (an empty one
        where it is not known yet); None for almost all callers.

        It looks up what the gate does, the one key of the person (``NumberPlan.key``).
        """
        if not self._blocks:
            return None
        key = self._numbers.key(caller_id, homes)
        held = self._by_key.get(key) or self._by_key.get(gate_key(key, domain))
        return self._blocks[held] if held is not None else None

    def is_key(self, key: str) -> bool:
        """Whether this is a key of the gate."""
        return key in self._by_key

    def end_of(self, key: str) -> int | None:
        """The epoch second at which the block ends that holds this key of the gate; None without
        one."""
        identity = self._by_key.get(key)
        return None if identity is None else self._blocks[identity].until

    def released(self, number: str, domain: str) -> Block | None:
        """The last block of a canonical number that was taken back in this life of the daemon,
        where its end is still to come."""
        return self._released.get((number, domain))

    def make(
        self,
        number: Number,
        duration: int,
        now: float,
        *,
        by: str,
        reason: str,
        call: str,
        domain: str = "",
        ahead: int = 0,
    ) -> Block:
        """A number's block from ``now`` (epoch seconds) on: a new one, or the live one renewed.
        ``ahead`` is the block's.

        It ends ``duration`` seconds after the full second that follows ``now``, so that it never
        holds for less than ``duration``; and not in the second of one that was taken back, by which
        the two can be told apart (``reclaim``).
        """
        until = math.ceil(now) + duration
        earlier = self.find(number, domain)
        released = self._released.get((number.canonical, domain))
        if earlier is None and released is not None and released.until == until:
            until += 1
        keys = tuple(gate_key(spelling, domain) for spelling in number.spellings)
        if earlier is None:
            return Block(
                id=f"b{token_hex(ID_BYTES)}",
                number=number.canonical,
                keys=keys,
                since=now,
                until=until,
                by=by,
                reason=reason,
                call=call,
                domain=domain,
                ahead=ahead,
            )
        return msgspec.structs.replace(
            earlier,
            keys=tuple(dict.fromkeys((*earlier.keys, *keys))),
            until=until,
            by=by,
            reason=reason,
            call=call,
            ahead=ahead,
        )

    def put(self, block: Block) -> None:
        """Put a block in force, in place of the earlier one of that number and domain."""
        identity = block.number, block.domain
        earlier = self._blocks.get(identity)
        if earlier is None:
            self._domains.setdefault(block.number, []).append(block.domain)
        else:
            self._let_go(earlier)
        self._blocks[identity] = block
        for key in block.keys:
            self._by_key[key] = identity
        heapq.heappush(self._ends, (block.until, identity))
        self._changed(block, earlier)

    def rederived(self, block: Block, *, in_full: bool = False) -> Block:
        """The block as its number and its keys are read now: an older program, or other settings,
        may have read them otherwise. A key stays where it still means the same person.

        Unless ``in_full``, it is enough that the person is found by them: all the usual ways to
        write a number are worth their time only where the settings are known to have changed.
        """
        person, canonical = self._numbers.person(block.number)
        spellings = dict.fromkeys(read_gate_key(key)[0] for key in block.keys)
        same = [each for each in spellings if self._numbers.person(each)[0] == person]
        is_same = canonical == block.number and len(same) == len(spellings)
        if is_same and person in spellings and not in_full:
            return block
        number = self._numbers.read(block.number)
        if not number.is_usable:
            return block
        wanted = dict.fromkeys((*number.spellings, *same))
        if is_same and wanted.keys() == spellings.keys():
            return block
        keys = tuple(gate_key(spelling, block.domain) for spelling in wanted)
        return msgspec.structs.replace(block, number=canonical, keys=keys)

    def count_attempt(self, block: Block, now: float) -> Block:
        """Count a blocked caller's call; the block with its new count."""
        counted = msgspec.structs.replace(block, attempts=block.attempts + 1, last_attempt=now)
        self._blocks[block.number, block.domain] = counted
        return counted

    def reword(self, block: Block, reason: str) -> Block:
        """Give a live block another reason; the block with it."""
        reworded = msgspec.structs.replace(block, reason=reason)
        self._blocks[block.number, block.domain] = reworded
        self._changed(reworded, block)
        return reworded

    def recount(self, block: Block) -> None:
        """Put a live block in place of its state with other counts of attempts."""
        self._blocks[block.number, block.domain] = block

    def remove(
        self, block: Block, state: BlockState, now: float, by: str
    ) -> tuple[Block, list[str]]:
        """End the live block of that number and domain in that state: the ended block, and the keys
        that nothing holds any more.

        A key that another block has by now is not among them.
        """
        identity = block.number, block.domain
        live = self._blocks.pop(identity)
        domains = self._domains[block.number]
        domains.remove(block.domain)
        if not domains:
            del self._domains[block.number]
        ended = msgspec.structs.replace(live, state=state, ended_at=now, ended_by=by)
        if state is BlockState.RELEASED:
            self._released = {key: each for key, each in self._released.items() if each.until > now}
            self._released[identity] = ended
        self._changed(ended, live)
        return ended, self._let_go(live)

    def _let_go(self, block: Block) -> list[str]:
        """Take its keys from a block that no longer counts; those that it held."""
        identity = block.number, block.domain
        keys = [key for key in block.keys if self._by_key.get(key) == identity]
        for key in keys:
            del self._by_key[key]
        return keys

    def due(self, clocks: Clocks) -> Iterator[Block]:
        """The live blocks whose time has passed, the oldest first, for the caller to ``remove``.
        Those of which FreeSWITCH's clock alone says so are held, out of the way of the others,
        until the machine's says so too or the clocks agree.

        Each is checked when its turn comes: while one is withdrawn from the gate, the next may be
        renewed or released. Two renewals within a second leave two entries for one block.
        """
        if clocks.ahead <= LARGEST_DIFFERENCE:
            self._look_again()
        while (end := self.next_end()) is not None and end <= clocks.at_pbx:
            _, identity = heapq.heappop(self._ends)
            block = self._blocks[identity]
            if block.is_over(clocks):
                yield block
            else:
                heapq.heappush(self._held, (block.until - block.ahead, identity))
        while self._held and self._held[0][0] <= clocks.own:
            _, identity = heapq.heappop(self._held)
            held = self._blocks.get(identity)
            if held is None:
                continue
            if held.is_over(clocks):
                yield held
            else:
                heapq.heappush(self._ends, (held.until, identity))

    def _look_again(self) -> None:
        """Put held blocks among the others again: FreeSWITCH's clock is not far ahead any more."""
        held, self._held = self._held, []
        for _, identity in held:
            if identity in self._blocks:
                heapq.heappush(self._ends, (self._blocks[identity].until, identity))

    @property
    def held(self) -> int:
        """How many blocks are held, those among them that were released since."""
        return len(self._held)

    def next_end(self) -> int | None:
        """The epoch second at which the next block ends that is not held; None where there is
        none."""
        while self._ends:
            until, identity = self._ends[0]
            block = self._blocks.get(identity)
            if block is not None and block.until == until:
                return until
            heapq.heappop(self._ends)
        return None

    def entries(self) -> Iterator[tuple[str, int]]:
        """The gate's entries, (key, epoch second of the end); the block that ends last comes first.

        Each is checked when its turn comes, as in ``due``: publishing thousands takes a while.
        """
        newest_first = sorted(self._blocks.values(), key=lambda block: -block.until)
        for identity in [(block.number, block.domain) for block in newest_first]:
            block = self._blocks.get(identity)
            if block is not None:
                for key in block.keys:
                    if self._by_key.get(key) == identity:
                        yield key, block.until

    def forget(self, has: Callable[[str], bool]) -> None:
        """Forget the ended blocks of a person who ``has`` a number and is erased."""
        self._released = {key: each for key, each in self._released.items() if not has(key[0])}

    def canonical(self, number: str) -> str:
        """A stored canonical number as it is read now."""
        return self._numbers.person(number)[1]

    def all_keys(self) -> list[str]:
        """Every key that the gate must have."""
        return list(self._by_key)

    def blocks(self) -> list[Block]:
        """Every live block."""
        return list(self._blocks.values())
