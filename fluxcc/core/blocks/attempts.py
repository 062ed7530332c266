"""Counts the calls of blocked callers, and ends those that the gate does not refuse.

The gate in the dialplan refuses before anything else runs. Where it is missing or cannot be seen,
where it is an older kit's and the caller ID has a spelling that is no key of it, where mod_hash
does not have the blocks, where the caller ID is disguised (``domain.shown``), or where a block is
over by FreeSWITCH's clock alone, the daemon ends the leg itself (contract, section 2). That a gate
stands there is no proof that it refuses: a leg that is past it a moment later is ended too.
Counterparts: ``gates``, which knows where the gate stands, and ``gate_table``, which knows what it
was told.
"""

from __future__ import annotations

import logging

from fluxcc.core.blocks.blocking import Blocking
from fluxcc.core.blocks.gates import Gates
from fluxcc.core.domains import Domains
from fluxcc.core.happenings import Signal
from fluxcc.core.ports import Pbx, Runtime
from fluxcc.domain.blocks import Block, gate_key
from fluxcc.domain.calls import Leg, LegKind, Outcome
from fluxcc.domain.errors import PbxError
from fluxcc.domain.sight import Sight

GATE_TIME = 0.3
"""Seconds after which the gate has refused a leg; it takes some 10 ms."""

log = logging.getLogger(__name__)


class Attempts:
    """One per daemon; ``check`` is called for every inbound leg, and again where its SIP
    domain is known only later."""

    def __init__(
        self,
        blocking: Blocking,
        gates: Gates,
        domains: Domains,
        pbx: Pbx,
        runtime: Runtime,
        cause: str,
        divert: str,
        refused: Signal[[Block]],
    ) -> None:
        self._blocking = blocking
        self._gates = gates
        self._domains = domains
        self._pbx = pbx
        self._runtime = runtime
        self.cause = cause
        """Hangup cause of a refused leg."""
        self.divert = divert
        """Where blocked callers go in place of that; empty for nowhere."""
        self._refused = refused

    def check(self, leg: Leg) -> None:
        """Count the call of a blocked caller, and refuse it in a greenlet of its own."""
        if leg.kind is not LegKind.TRUNK:
            return
        block = self._blocking.blocklist.match(leg.number, leg.domain, leg.homes)
        if block is None or self._blocking.is_over(block):
            # Over, and not ended yet: the gate lets the caller through from the same second on.
            return
        if leg.call is not None and leg.call.outcome is Outcome.REFUSED:
            return
        if leg.call is not None:
            leg.call.outcome = Outcome.REFUSED
        self._refused(self._blocking.count_attempt(block))
        # Where the domain is known only now, its dialplan's gate has not refused the leg.
        is_new = not block.domain or self._domains.of_context(leg.context) == block.domain
        gate = leg.context if is_new else ""
        self._runtime.spawn(self.refuse, block, leg, gate)

    def refuse(self, block: Block, leg: Leg, context: str) -> None:
        """Announce the attempt, and end the leg, or divert it, unless the gate in that context
        does; an empty one has none."""
        self._blocking.announce_attempt(block, leg.number, is_private=leg.is_private)
        try:
            key = gate_key(leg.number, block.domain)
            is_over_there = self._blocking.is_over_at_gate(block)
            is_for_gate = bool(context) and not leg.is_disguised and not is_over_there
            if is_for_gate and self._is_left_to_gate(context, key) and self._is_refused(leg):
                return
            if self.divert:
                self._pbx.divert_leg(leg.uuid, self.divert, leg.context)
            else:
                self._pbx.end_leg(leg.uuid, self.cause)
        except PbxError as error:
            log.warning(
                "a blocked caller was not refused", extra={"leg": leg.uuid, "error": str(error)}
            )

    def _is_left_to_gate(self, context: str, spelling: str) -> bool:
        """Whether the gate refuses this caller ID, with the domain for which it is blocked.

        Where that cannot be seen, the leg is ended at once. Waiting for the gate's own refusal
        would let a blocked caller be answered wherever there is none; a gate that was faster has
        ended the leg already, and one that is slower loses its announcement at most.
        """
        if not self._blocking.table.is_told:
            return False
        sight = self._gates.look(context, of_domain="@" in spelling)
        if sight is Sight.OUTDATED:
            return self._blocking.blocklist.is_key(spelling)
        return sight is Sight.THERE

    def _is_refused(self, leg: Leg) -> bool:
        """Whether the gate has refused a leg that was left to it, by what became of the leg."""
        self._runtime.sleep(GATE_TIME)
        if not self._pbx.is_past_gate(leg.uuid):
            return True
        log.error(
            "a blocked caller passed the gate and is ended by the daemon; mod_hash does not have"
            " what it was told, or an extension before the gate takes calls: fluxcc doctor",
            extra={"leg": leg.uuid, "context": leg.context},
        )
        return False
