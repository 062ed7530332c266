"""Notes in the audit that an operator was shown a number whose caller hides it (contract,
section 2a).

Counterpart: ``doors.readings``, which shows it. Once for each operator and block: a list that is
shown again every second would fill the audit.
"""

from __future__ import annotations

from collections.abc import Iterable

from fluxcc.core.requests.audit_trail import AuditTrail
from fluxcc.domain.blocks import Block
from fluxcc.domain.requests import Actor


class Disclosure:
    """One per daemon."""

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit
        self._told: dict[str, set[str]] = {}
        """Block's id → those who were shown its number."""

    def note(self, blocks: Iterable[Block], who: Actor, live: Iterable[Block]) -> None:
        """``who`` was shown these blocks, of those that ``live``."""
        hidden = [block for block in blocks if block.is_private]
        if not hidden:
            return
        by = str(who)
        ids = {block.id for block in live}
        self._told = {id: told for id, told in self._told.items() if id in ids}
        for block in hidden:
            told = self._told.setdefault(block.id, set())
            if by not in told:
                told.add(by)
                self._audit.shown(block, by)
