"""A block begins, is renewed, is tried against and ends: always in memory, at the gate, in the
journal and in the notices alike, so that the four never tell different stories.

Counterparts: ``blocklist`` (memory), ``ports.Pbx`` (mod_hash and notices), ``journal`` (the store).
What the gate could not be told because the link was down it is told after the next connect
(``core.publisher``).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx
from fluxcc.domain.blocks import Block, BlockChange, BlockState
from fluxcc.domain.errors import PbxError, PbxRejectedError
from fluxcc.domain.numbers import Number

NOTICE = "fluxcc::block"
ATTEMPT = "fluxcc::attempt"
BY_TIME = "time"
"""Who ends a block that ran out."""

log = logging.getLogger(__name__)


class Blocking:
    """One per daemon."""

    def __init__(self, blocklist: Blocklist, pbx: Pbx, journal: Journal, clock: Clock) -> None:
        self.blocklist = blocklist
        self._pbx = pbx
        self._journal = journal
        self._clock = clock
        self._to_withdraw: set[str] = set()
        self.changes: Counter[BlockChange] = Counter()
        """What became of blocks since the daemon started."""
        self.attempts = 0
        """Calls of blocked callers since then."""

    def make(
        self, number: Number, duration: int, by: str, reason: str, call: str
    ) -> tuple[Block, BlockChange]:
        """The block of a number as it shall be from now on; nothing counts yet."""
        is_renewed = self.blocklist.find(number) is not None
        block = self.blocklist.make(
            number, duration, self._clock.now(), by=by, reason=reason, call=call
        )
        return block, BlockChange.RENEWED if is_renewed else BlockChange.BLOCKED

    def enforce(self, block: Block) -> None:
        """Let the gate refuse a number too whose block counts, and is committed, already."""
        self._to_withdraw.difference_update(block.keys)
        try:
            self._pbx.publish_blocks([(key, block.until) for key in block.keys])
        except PbxRejectedError as error:
            # The call must end all the same, and ``attempts`` stands in for the gate.
            log.error("the gate took no block", extra={"error": str(error), "block": block.id})

    def announce(self, change: BlockChange, block: Block, by: str) -> None:
        """Notify whoever listens; a notice that cannot be sent is not repeated."""
        self.changes[change] += 1
        log.info(
            "a block changed",
            extra={
                "change": change.value,
                "number": block.number,
                "until": block.until,
                "by": by,
                "block": block.id,
            },
        )
        self._fire(
            NOTICE,
            [
                ("Fluxcc-Change", change.value),
                ("Fluxcc-Number", block.number),
                ("Fluxcc-Expires-Epoch", str(block.until)),
                ("Fluxcc-By", by),
            ],
        )

    def release(self, block: Block, by: str) -> Block:
        """Take a block back before its time; the ended block, for the journal."""
        ended, keys = self.blocklist.remove(block, BlockState.RELEASED, self._clock.now(), by)
        self._withdraw(keys)
        return ended

    def expire_due(self) -> None:
        """End every block whose time has passed. The gate lets them through by itself already."""
        now = self._clock.now()
        for block in self.blocklist.due(now):
            ended, keys = self.blocklist.remove(block, BlockState.EXPIRED, now, BY_TIME)
            self._journal.note(ended)
            self._withdraw(keys)
            self.announce(BlockChange.EXPIRED, ended, BY_TIME)

    def count_attempt(self, block: Block) -> None:
        """A blocked caller dialled. Only counted here: it happens while events are handled."""
        self.attempts += 1
        self._journal.note(self.blocklist.count_attempt(block, self._clock.now()))

    def announce_attempt(self, block: Block, seen: str) -> None:
        """Notify whoever listens that a blocked caller dialled."""
        self._fire(
            ATTEMPT, [("Fluxcc-Number", block.number), ("Fluxcc-Expires-Epoch", str(block.until))]
        )
        log.info("a blocked caller dialled", extra={"number": seen, "block": block.id})

    def publish_all(self) -> None:
        """Tell a gate that may know nothing everything that it must know, newest first. Raises
        ``PbxError``."""
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
