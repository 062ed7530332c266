"""Takes over blocks that the gate has and the store has not: those of a store that was lost or
restored from a backup, or that could not be written before the daemon died
(``docs/decisions/0012``).

The gate enforces them anyway. Taken over, they are also listed, counted, renewed, released, and
published again after FreeSWITCH's next restart. A key is one of a block that has ended where the
store has that block, with that key and that end: the number alone may have been blocked before.
Counterparts: ``recovery`` (the store's blocks, which come first), ``ports.Pbx`` (mod_hash).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid4

from msgspec.structs import replace

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.clocks import both_clocks
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
        blocking: Blocking,
        numbers: NumberPlan,
        journal: Journal,
        runtime: Runtime,
        clock: Clock,
    ) -> None:
        self._pbx = pbx
        self._store = store
        self._table = blocking.table
        self._blocklist = blocking.blocklist
        self._standings = blocking.standings
        self._numbers = numbers
        self._journal = journal
        self._runtime = runtime
        self._clock = clock
        self.is_protected: Callable[[str], bool] = lambda number: False
        """Tells whether nobody can block a canonical number."""
        self._is_running = False

    @property
    def is_done(self) -> bool:
        """Whether it is done, for this life of the daemon."""
        return self._table.is_settled

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
        """Take over the blocks that only the gate has, and the ends that are later there. Raises
        ``PbxError``."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for key, until in self._pbx.gate_entries().items():
            if self._is_news(key, until):
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
        self._table.is_settled = True

    def _is_news(self, key: str, until: int) -> bool:
        """Whether memory does not know that the gate refuses a key for so long. What this life of
        the daemon changed is older in the gate, or the same."""
        known = self._blocklist.end_of(key)
        is_later = until > (self._clock.now() if known is None else known)
        return is_later and not self._table.is_in_change(key)

    def _take(self, number: str, domain: str, keys: dict[str, int]) -> None:
        history = self._runtime.offload(self._store.block_history, number)
        # Others acted on the number while the store was read.
        keys = {key: until for key, until in keys.items() if self._is_news(key, until)}
        released = self._blocklist.released(number, domain)
        over = {
            (key, block.until)
            for block in (*history, *([released] if released else ()))
            if block.state is not BlockState.LIVE
            for key in block.keys
        }
        is_protected = self.is_protected(number)
        new = {key: end for key, end in keys.items() if (key, end) not in over and not is_protected}
        live = self._blocklist.at(number, domain)
        until = max(new.values(), default=0)
        # What is still to come by a clock that is far ahead was dated by it.
        ahead = round(both_clocks(self._clock).ahead)
        if live is not None and until > live.until:
            # It was renewed, and the daemon died before the store could be written.
            keys_of_both = tuple(dict.fromkeys((*live.keys, *new)))
            block = replace(live, until=until, keys=keys_of_both, ahead=ahead)
            block = self._standings.change(block)
            self._put(block, "a block that mod_hash has for longer was prolonged")
        elif live is None and new:
            block = Block(
                id=uuid4().hex,
                number=number,
                keys=tuple(new),
                since=self._clock.now(),
                until=until,
                by=BY_GATE,
                domain=domain,
                ahead=ahead,
            )
            block = self._standings.suppose(block)
            self._put(block, "a block that only mod_hash had was taken over")
        self._table.tell(keys)

    def _put(self, block: Block, what: str) -> None:
        self._blocklist.put(block)
        self._journal.note(block)
        log.warning(what, extra={"block": block.id})
        self._table.tell(block.keys)
