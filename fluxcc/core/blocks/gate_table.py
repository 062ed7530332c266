"""The gate's table in mod_hash, as far as blocks are concerned: it is told what memory says.

A key is never written with an end that was read before a wait: each end is asked of memory in the
moment in which its command is sent, and FreeSWITCH does the commands of one connection in their
order. So the last command about a key says what memory says, no matter what ran side by side.
Counterparts: ``blocklist`` (memory), ``ports.Pbx`` (mod_hash), ``comparison`` (finds what went
wrong all the same).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.ports import Clock, Pbx, Runtime
from fluxcc.domain.blocks import read_gate_key
from fluxcc.domain.errors import PbxError

KEYS_PER_TURN = 500
"""Keys that are compared between two turns of others, in less than a millisecond."""
IN_CHANGE = 10.0
"""Seconds after a change in memory for which mod_hash may still have the earlier state: the commit
comes first, and an answer may be late."""


class GateTable:
    """One per daemon."""

    def __init__(self, blocklist: Blocklist, pbx: Pbx, runtime: Runtime, clock: Clock) -> None:
        self._blocklist = blocklist
        self._pbx = pbx
        self._runtime = runtime
        self._clock = clock
        self._doubts = 0
        """How often what was told was lost, or not taken."""
        self._untold: set[str] = set()
        """Keys about which the last command failed."""
        self._changed: dict[str, float] = {}
        """Key → when it last changed in memory or was told, on the monotonic clock."""
        self.is_told = False
        """Whether mod_hash has every block, as far as is known: it took all that it was told."""
        self.is_settled = False
        """Whether what mod_hash had besides memory was taken over, or found to be over
        (``reclaim``): from then on a key that memory does not have is superfluous."""

    def doubt(self) -> None:
        """mod_hash may have nothing any more."""
        self._doubts += 1
        self.is_told = False

    def note_change(self, keys: Iterable[str]) -> None:
        """These keys change in memory now, and are told after that."""
        self._changed.update(dict.fromkeys(keys, self._clock.monotonic()))

    def is_in_change(self, key: str) -> bool:
        """Whether a key changed so lately that mod_hash need not agree yet."""
        changed = self._changed.get(key)
        return changed is not None and self._clock.monotonic() - changed < IN_CHANGE

    def forget_changes(self) -> None:
        """Forget which keys changed too long ago to matter."""
        self._changed = {key: at for key, at in self._changed.items() if self.is_in_change(key)}

    def forget(self, has: Callable[[str], bool]) -> None:
        """Forget the keys of a person who ``has`` a spelling and is erased."""
        gone = {key for key in (*self._changed, *self._untold) if has(read_gate_key(key)[0])}
        self._untold -= gone
        for key in gone:
            self._changed.pop(key, None)

    def tell(self, keys: Iterable[str]) -> None:
        """Write to mod_hash what memory says of these keys now. Raises ``PbxError``; they are then
        told with the next ``publish_all``."""
        keys = list(keys)
        self.note_change(keys)
        try:
            self._pbx.write_blocks(keys, self._blocklist.end_of)
        except PbxError:
            self._untold.update(keys)
            self.doubt()
            raise
        self._untold.difference_update(keys)

    def tell_later(self, keys: Iterable[str]) -> None:
        """Tell these with the next ``publish_all``."""
        self._untold.update(keys)

    def publish_all(self) -> None:
        """Write every live block to mod_hash, the one that ends last first, and delete what ended
        while it could not be told. Raises ``PbxError``.

        What is there already is left alone. So is a later end, and a key that memory does not have,
        until it is known whose they are (``is_settled``).
        """
        doubts, self.is_told = self._doubts, False
        held = self._pbx.gate_entries()
        untold = [*self._untold]
        keys = (key for key, _ in self._blocklist.entries())
        differing = list(self._in_turns(keys, lambda key: self._differs(key, held)))
        self._pbx.write_blocks(differing, self._blocklist.end_of)
        if self.is_settled:
            untold += self._in_turns(held, lambda key: not self._blocklist.is_key(key))
        self._pbx.write_blocks(untold, self._blocklist.end_of)
        self._untold.difference_update(untold)
        self.is_told = doubts == self._doubts

    def _in_turns(self, keys: Iterable[str], is_wanted: Callable[[str], bool]) -> Iterator[str]:
        """Those of the keys that are wanted; with thousands of them others have turns."""
        for count, key in enumerate(keys, 1):
            if is_wanted(key):
                yield key
            if count % KEYS_PER_TURN == 0:
                self._runtime.sleep(0.001)

    def _differs(self, key: str, held: dict[str, int]) -> bool:
        until, theirs = self._blocklist.end_of(key), held.get(key)
        if until is None or theirs == until:
            return False
        return self.is_settled or theirs is None or theirs < until
