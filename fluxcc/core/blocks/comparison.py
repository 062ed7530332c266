"""Compares the gate's table in mod_hash with memory from time to time, and mends what differs.

Every change tells the gate (``gate_table``), so nothing should ever differ. What does all the same
is counted and logged: an administrator who deleted a key, a command that FreeSWITCH did long after
the daemon had given up on it, or a fault of ours. ``daemon.jobs`` calls ``step``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.gate_table import KEYS_PER_TURN, GateTable
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.domain.errors import PbxError

PERIOD = 30.0
"""Seconds between two comparisons. ``fluxcc doctor`` keeps a trial key for no longer."""

log = logging.getLogger(__name__)


class Difference(StrEnum):
    """What is wrong with a key of the gate."""

    MISSING = "missing"
    """Memory has a block, and the gate lets the caller through."""
    SUPERFLUOUS = "superfluous"
    """Memory has no block, and the gate refuses."""
    WRONG_END = "wrong-end"
    """Both refuse, until different seconds."""


class Comparison:
    """One per daemon."""

    def __init__(
        self, blocklist: Blocklist, table: GateTable, pbx: Pbx, runtime: Runtime, clock: Clock
    ) -> None:
        self._blocklist = blocklist
        self._table = table
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock
        self._strange: dict[str, int] = {}
        """Superfluous keys that the last comparison saw, with their ends."""
        self.found: Counter[Difference] = Counter()
        """Keys that differed since the daemon started."""
        self.done = 0
        """Comparisons since the daemon started."""
        self.last: float | None = None
        """When the last one ended, in epoch seconds."""

    def step(self) -> float:
        """Compare, where everything was told; the seconds until the next step."""
        if self._table.is_told and self._table.is_settled and self._pbx.is_connected:
            try:
                self.compare()
            except PbxError as error:
                log.info("the gate was not compared", extra={"reason": str(error)})
        return PERIOD

    def compare(self) -> None:
        """Mend the keys in which mod_hash differs from memory. A superfluous one is deleted when it
        is seen twice: ``fluxcc doctor`` may be trying the gate by it. Raises ``PbxError``."""
        held = self._pbx.gate_entries()
        differing: dict[str, Difference] = {}
        self._look(self._blocklist.all_keys(), held, differing)
        self._look(held, held, differing)
        strange = {
            key: held[key] for key, kind in differing.items() if kind is Difference.SUPERFLUOUS
        }
        for key, until in strange.items():
            if self._strange.get(key) != until:
                del differing[key]
        self._strange = strange
        self._table.forget_changes()
        self.done += 1
        self.last = self._clock.now()
        if differing:
            self._mend(differing)

    def _look(
        self, keys: Iterable[str], held: dict[str, int], differing: dict[str, Difference]
    ) -> None:
        rest = iter(keys)
        while some := list(islice(rest, KEYS_PER_TURN)):
            for key in some:
                kind = self._difference(key, held)
                if kind is not None:
                    differing[key] = kind
            self._runtime.sleep(0.001)

    def _difference(self, key: str, held: dict[str, int]) -> Difference | None:
        until, theirs = self._blocklist.end_of(key), held.get(key)
        if until == theirs or self._table.is_in_change(key):
            return None
        if until is None:
            return Difference.SUPERFLUOUS
        return Difference.MISSING if theirs is None else Difference.WRONG_END

    def _mend(self, differing: dict[str, Difference]) -> None:
        counts = Counter(differing.values())
        self.found.update(counts)
        log.warning(
            "the gate differed from the blocks, and is told them again",
            extra={kind.value.replace("-", "_"): count for kind, count in counts.items()},
        )
        self._table.tell(differing)
        self._strange = {}
