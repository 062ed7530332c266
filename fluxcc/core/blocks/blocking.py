"""Every change of a block, made in memory, at the gate, in the journal and in the notices alike, so
that the four always agree.

Counterparts: ``blocklist`` (memory), ``ports.Pbx`` (mod_hash and notices), ``journal`` (the store).
A change that could not reach the gate because the link was down does so after the next connect
(``core.publisher``).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx
from fluxcc.domain.blocks import Block, BlockChange, BlockState
from fluxcc.domain.errors import PbxError, PbxRejectedError
from fluxcc.domain.numbers import Number
from fluxcc.domain.privacy import told

NOTICE = "fluxcc::block"
ATTEMPT = "fluxcc::attempt"
BY_TIME = "time"
"""Named in ``ended_by`` and notices as the one who ended a block that ran out."""

log = logging.getLogger(__name__)


class Blocking:
    """One per daemon."""

    def __init__(
        self, blocklist: Blocklist, repeaters: Repeaters, pbx: Pbx, journal: Journal, clock: Clock
    ) -> None:
        self.blocklist = blocklist
        self.repeaters = repeaters
        self._pbx = pbx
        self._journal = journal
        self._clock = clock
        self._to_withdraw: set[str] = set()
        self.changes: Counter[BlockChange] = Counter()
        """Changes of blocks since the daemon started."""
        self.attempts = 0
        """Calls of blocked callers since the daemon started."""

    def make(
        self, number: Number, domain: str, duration: int, by: str, reason: str, call: str
    ) -> tuple[Block, BlockChange]:
        """A number's block for ``duration`` seconds in a SIP domain, or for an empty one in all,
        and whether it is new or renewed. It is not in force yet."""
        is_renewed = self.blocklist.find(number, domain) is not None
        block = self.blocklist.make(
            number, duration, self._clock.now(), by=by, reason=reason, call=call, domain=domain
        )
        return block, BlockChange.RENEWED if is_renewed else BlockChange.BLOCKED

    def nth(self, number: Number, domain: str) -> int:
        """Which block of late the number's next one in a SIP domain is, or its live one."""
        live = self.blocklist.find(number, domain)
        now = live.since if live is not None else self._clock.now()
        earlier = self.repeaters.count(number.canonical, domain, now)
        return max(1, earlier if live is not None else earlier + 1)

    def of_late(self, number: str) -> int:
        """How many blocks of late a canonical number had; in the SIP domain with most of them."""
        return self.repeaters.most(number, self._clock.now())

    def put(self, block: Block) -> None:
        """Make a block count from now on; it is not at the gate yet."""
        self.blocklist.put(block)
        self.repeaters.note(block.number, block.domain, block.since)

    def enforce(self, block: Block) -> None:
        """Publish a block to the gate; it is in memory, and committed, already."""
        self._to_withdraw.difference_update(block.keys)
        try:
            self._pbx.publish_blocks([(key, block.until) for key in block.keys])
        except PbxRejectedError as error:
            # The call must end all the same, and ``attempts`` stands in for the gate.
            log.error("the gate took no block", extra={"error": str(error), "block": block.id})

    def announce(self, change: BlockChange, block: Block, by: str) -> None:
        """Count and log a change, and send its notice; one that cannot be sent is not repeated."""
        self.changes[change] += 1
        log.info(
            "a block changed",
            extra={
                "change": change.value,
                "number": told(block.number, is_private=block.is_private),
                "until": block.until,
                "by": by,
                "block": block.id,
            },
        )
        self._fire(
            NOTICE,
            [
                ("Fluxcc-Change", change.value),
                *_number(block, is_private=block.is_private),
                ("Fluxcc-Expires-Epoch", str(block.until)),
                ("Fluxcc-By", by),
                *_domain(block),
            ],
        )

    def reword(self, block: Block, reason: str) -> None:
        """Give a live block another reason."""
        if reason != block.reason:
            reworded = replace(block, reason=reason)
            self.blocklist.revise(reworded)
            self._journal.note(reworded)

    def release(self, block: Block, by: str) -> Block:
        """End a block before its time; returns the ended block."""
        self.repeaters.take_back(block.number, block.domain, block.since)
        return self._end(block, BlockState.RELEASED, BlockChange.RELEASED, by)

    def expire_due(self) -> None:
        """End every block whose time has passed. The gate has let the number through by itself."""
        for block in self.blocklist.due(self._clock.now()):
            self._end(block, BlockState.EXPIRED, BlockChange.EXPIRED, BY_TIME)

    def _end(self, block: Block, state: BlockState, change: BlockChange, by: str) -> Block:
        ended, keys = self.blocklist.remove(block, state, self._clock.now(), by)
        self._journal.note(ended)
        self._withdraw(keys)
        self.announce(change, ended, by)
        return ended

    def count_attempt(self, block: Block) -> None:
        """Count a blocked caller's call. It sends no command: it is called while events are
        handled."""
        self.attempts += 1
        self._journal.note(self.blocklist.count_attempt(block, self._clock.now()))

    def announce_attempt(self, block: Block, seen: str, *, is_private: bool) -> None:
        """Send the notice that a blocked caller dialled; ``seen`` is the caller ID, which is
        told where neither this call nor the block ``is_private``."""
        is_private = is_private or block.is_private
        number = _number(block, is_private=is_private)
        expires = ("Fluxcc-Expires-Epoch", str(block.until))
        self._fire(ATTEMPT, [*number, expires, *_domain(block)])
        seen = told(seen, is_private=is_private)
        log.info("a blocked caller dialled", extra={"number": seen, "block": block.id})

    def publish_all(self) -> None:
        """Publish every block to the gate, the newest first, and withdraw the keys of blocks that
        ended meanwhile. Raises ``PbxError``."""
        self._pbx.publish_blocks(self.blocklist.entries())
        stale = [key for key in self._to_withdraw if not self.blocklist.is_key(key)]
        self._pbx.withdraw_blocks(stale)
        self._to_withdraw.clear()

    def _withdraw(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        try:
            self._pbx.withdraw_blocks(keys)
        except PbxError:
            self._to_withdraw.update(keys)

    def _fire(self, subclass: str, headers: list[tuple[str, str]]) -> None:
        try:
            self._pbx.announce(subclass, headers)
        except PbxError as error:
            log.warning("a notice was not sent", extra={"subclass": subclass, "error": str(error)})


def _number(block: Block, *, is_private: bool) -> list[tuple[str, str]]:
    """The notices' headers that say who is blocked."""
    number = ("Fluxcc-Number", told(block.number, is_private=is_private))
    return [number, ("Fluxcc-Block", block.name)] if is_private else [number]


def _domain(block: Block) -> list[tuple[str, str]]:
    """The notices' header of a block for one SIP domain alone."""
    return [("Fluxcc-Domain", block.domain)] if block.domain else []
