"""Takes over blocks that the gate has and the store has not: those of a store that was lost, or
that could not be written before the daemon died (``docs/decisions/0012``).

The gate enforces them anyway. Taken over, they are also listed, counted, renewed, released, and
published again after FreeSWITCH's next restart. Counterparts: ``recovery`` (the store's blocks,
which come first), ``ports.Pbx`` (mod_hash).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid4

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx, Runtime, Store
from fluxcc.domain.blocks import Block, BlockState, read_gate_key
from fluxcc.domain.errors import PbxError, StoreUnavailableError
from fluxcc.domain.numbers import NumberPlan

BY_GATE = "gate"
"""The asker (``by``) of a block that was taken over from the gate: the real one is not known."""

log = logging.getLogger(__name__)


class Reclaim:
    """One per daemon; ``begin`` until it is done, once the store's own blocks are in memory."""

    def __init__(
        self,
        pbx: Pbx,
        store: Store,
        blocklist: Blocklist,
        numbers: NumberPlan,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
        is_protected: Callable[[str], bool],
    ) -> None:
        """``is_protected`` tells whether nobody can block a canonical number."""
        self._pbx = pbx
        self._store = store
        self._blocklist = blocklist
        self._numbers = numbers
        self._journal = journal
        self._runtime = runtime
        self._clock = clock
        self._is_protected = is_protected
        self.is_done = False
        self._is_running = False

    def begin(self) -> None:
        """Do ``step`` beside the caller, unless it is done or under way. Where FreeSWITCH or the
        store does not answer, a later ``begin`` tries again."""
        if not self.is_done and not self._is_running:
            self._is_running = True
            self._runtime.spawn(self._try)

    def _try(self) -> None:
        try:
            self.step()
        except PbxError as error:
            log.warning("the blocks in mod_hash were not read", extra={"reason": str(error)})
        finally:
            self._is_running = False

    def step(self) -> None:
        """Take over the blocks that only the gate has. Raises ``PbxError``."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        now = self._clock.now()
        for key, until in self._pbx.gate_entries().items():
            if until > now and not self._blocklist.is_key(key):
                spelling, domain = read_gate_key(key)
                number = self._numbers.read(spelling).canonical
                found.setdefault((number, domain), {})[key] = until
        try:
            for (number, domain), keys in found.items():
                self._take(number, domain, keys)
        except StoreUnavailableError as error:
            log.warning(
                "blocks that only mod_hash has were not taken over; it is tried again",
                extra={"reason": str(error)},
            )
            return
        self.is_done = True

    def _take(self, number: str, domain: str, keys: dict[str, int]) -> None:
        history = self._runtime.offload(self._store.block_history, number)
        if any(self._blocklist.is_key(key) for key in keys):
            return  # The number was blocked while the store was read.
        if self._is_protected(number) or any(
            block.state is not BlockState.LIVE and not keys.keys().isdisjoint(block.keys)
            for block in history
        ):
            # It ended while the link was down, or nobody can block the number any more.
            self._pbx.withdraw_blocks(keys)
            return
        block = Block(
            id=uuid4().hex,
            number=number,
            keys=tuple(keys),
            since=self._clock.now(),
            until=max(keys.values()),
            by=BY_GATE,
            domain=domain,
        )
        self._blocklist.put(block)
        self._journal.note(block)
        log.warning("a block that only mod_hash had was taken over", extra={"block": block.id})
