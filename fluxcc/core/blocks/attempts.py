"""Counts the calls of blocked callers, and ends those that the gate does not refuse.

The gate in the dialplan refuses before anything else runs. Where it is missing, or where the
caller ID has a spelling that is no key of the gate, the daemon ends the leg itself (contract,
section 2).
"""

from __future__ import annotations

import logging

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.domains import Domains
from fluxcc.core.ports import Pbx, Runtime
from fluxcc.domain.blocks import Block, gate_key
from fluxcc.domain.calls import Leg, LegKind, Outcome
from fluxcc.domain.errors import PbxError

log = logging.getLogger(__name__)


class Attempts:
    """One per daemon; ``check`` is called for every inbound leg, and again where its SIP
    domain is known only later."""

    def __init__(
        self, blocking: Blocking, domains: Domains, pbx: Pbx, runtime: Runtime, cause: str
    ) -> None:
        self._blocking = blocking
        self._domains = domains
        self._pbx = pbx
        self._runtime = runtime
        self.cause = cause
        """Hangup cause of a refused leg."""
        self._gates: dict[str, bool] = {}
        """Dialplan context → whether the gate was found there."""

    @property
    def ungated(self) -> list[str]:
        """Dialplan contexts without the gate in which blocked callers came in."""
        return sorted(context for context, has_gate in self._gates.items() if not has_gate)

    def check(self, leg: Leg) -> None:
        """Count the call of a blocked caller, and refuse it in a greenlet of its own."""
        if leg.kind is not LegKind.TRUNK:
            return
        block = self._blocking.blocklist.match(leg.number, leg.domain)
        if block is None or (leg.call is not None and leg.call.outcome is Outcome.REFUSED):
            return
        if leg.call is not None:
            leg.call.outcome = Outcome.REFUSED
        self._blocking.count_attempt(block)
        # Where the domain is known only now, its dialplan's gate has not refused the leg.
        is_new = not block.domain or self._domains.of_context(leg.context) == block.domain
        gate = leg.context if is_new else ""
        self._runtime.spawn(self.refuse, block, leg.uuid, leg.number, gate)

    def refuse(self, block: Block, leg: str, caller_id: str, context: str) -> None:
        """Announce the attempt, and end the leg (a UUID) unless the gate in that context does; an
        empty one has none."""
        self._blocking.announce_attempt(block, caller_id)
        is_key = self._blocking.blocklist.is_key(gate_key(caller_id, block.domain))
        try:
            if context and self._is_gated(context) and is_key:
                return
            self._pbx.end_leg(leg, self.cause)
        except PbxError as error:
            log.warning("a blocked caller was not refused", extra={"leg": leg, "error": str(error)})

    def forget_gates(self) -> None:
        """Look for the gates again: the dialplan may have changed."""
        self._gates.clear()

    def _is_gated(self, context: str) -> bool:
        has_gate = self._gates.get(context)
        if has_gate is None:
            has_gate = self._gates[context] = self._pbx.has_gate(context)
            if not has_gate:
                log.warning(
                    "the gate is missing from a dialplan context; blocked callers are ended by the"
                    " daemon, and not at all while it is down: install the kit's"
                    " dialplan/public/00_fluxcc.xml there",
                    extra={"context": context},
                )
        return has_gate
