"""The numbers that nobody can block, by the settings and by supervisors' entries, and the end of
their blocks.

Counterparts: ``domain.protection`` reads the entries, ``core.configure`` lets blocks be looked at
again when the configuration was reloaded.
"""

from __future__ import annotations

from collections.abc import Iterable

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.rereading import BY_SETTINGS
from fluxcc.core.ports import Runtime
from fluxcc.core.provisioning import Provisioning
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.protection import Protections

BLOCKS_PER_TURN = 500
"""Blocks that are looked at before others may run: some 5 ms."""


class Unblockable:
    """One per daemon."""

    def __init__(
        self,
        never: Iterable[str],
        numbers: NumberPlan,
        provisioning: Provisioning,
        blocking: Blocking,
        runtime: Runtime,
    ) -> None:
        """``never`` are the settings' entries."""
        self._numbers = numbers
        self._provisioning = provisioning
        self._blocking = blocking
        self._runtime = runtime
        self._of_settings = Protections(never, numbers)
        self._of_supervisors = Protections((), numbers)
        self._read_at = -1
        """At which of ``Provisioning.changes`` the supervisors' entries were read."""

    def configure(self, never: Iterable[str]) -> None:
        """Read every entry anew, since the number plan may have changed too."""
        self._of_settings = Protections(never, self._numbers)
        self._of_supervisors = Protections((), self._numbers)
        self._read_at = -1

    def has(self, number: str) -> bool:
        """Whether nobody can block this canonical number."""
        if self._read_at != self._provisioning.changes:
            entries = self._provisioning.protected()
            self._of_supervisors = Protections(entries, self._numbers, self._of_supervisors)
            self._read_at = self._provisioning.changes
        return self._of_settings.has(number) or self._of_supervisors.has(number)

    def free(self) -> None:
        """End the blocks of numbers that nobody can block by now."""
        blocklist = self._blocking.blocklist
        for count, block in enumerate(blocklist.blocks(), start=1):
            if count % BLOCKS_PER_TURN == 0:
                self._runtime.sleep(0)
            if self._numbers.key(block.number) and not self.has(block.number):
                continue
            live = blocklist.at(block.number, block.domain)
            if live is not None:
                self._blocking.release(live, BY_SETTINGS)
