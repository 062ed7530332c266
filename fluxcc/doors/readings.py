"""Answers operators' questions that are no actions, from the core's present state.

Counterparts: ``protocol.operators`` has the shapes, ``operators`` is the door.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import filterfalse
from typing import Any

import msgspec
from msgspec.structs import replace

from fluxcc import __version__
from fluxcc.actions.blocking import usual_duration
from fluxcc.core.core import Core
from fluxcc.core.erasure import Erasure
from fluxcc.core.site.neighbourhood import Neighbourhood
from fluxcc.core.site.shared_history import SharedHistory
from fluxcc.domain.agents import NOBODY, read_agent
from fluxcc.domain.blocks import Block, without_number
from fluxcc.domain.calls import Call
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import (
    ClockDoubtedError,
    RefusedError,
    SiteUnavailableError,
    StoreUnavailableError,
)
from fluxcc.domain.nodes import Node, NodeCall
from fluxcc.domain.privacy import told
from fluxcc.domain.requests import Actor, Role
from fluxcc.domain.sight import Sight
from fluxcc.doors.observed import Intake, Session
from fluxcc.protocol.operators import (
    BLOCKS,
    CALLS,
    CHECK,
    CLOCK_DOUBTED,
    PURGE,
    STATUS,
    STORE_UNAVAILABLE,
    Ask,
    CheckedNumber,
    DaemonStatus,
    LiveCall,
    Purged,
    check_number,
    checked,
    new_request_id,
)
from fluxcc.protocol.site import SITE, SiteStatus, site_nodes

SHARED = frozenset(LiveCall.__struct_fields__) & frozenset(NodeCall.__struct_fields__)
"""What is told of a call of another node as of one of this node."""


class Readings:
    """One per daemon."""

    def __init__(
        self,
        core: Core,
        session: Session,
        intake: Intake,
        node: Callable[[], str],
        offset: Callable[[], float],
        neighbourhood: Neighbourhood | None = None,
    ) -> None:
        """``node`` returns the name of this PBX in the store; ``offset`` by how many seconds
        FreeSWITCH's clock is ahead of the machine's; ``neighbourhood`` is None where the PBX is
        alone."""
        self._neighbourhood = neighbourhood
        self._core = core
        self._session = session
        self._intake = intake
        self._node = node
        self._offset = offset
        self._started = time.time()

    def by_name(self) -> dict[str, Callable[[Ask, Actor], object]]:
        """Name of the question (``Ask.do``) → the method that answers it."""
        return {
            STATUS: self.status,
            CALLS: self.calls,
            BLOCKS: self.blocks,
            CHECK: self.check,
            SITE: self.site,
            PURGE: self.purge,
        }

    def status(self, _ask: Ask, _who: Actor) -> DaemonStatus:
        """The daemon's state."""
        return self.state()

    def state(self) -> DaemonStatus:
        """The daemon's state."""
        core = self._core
        return DaemonStatus(
            version=__version__,
            node=self._node(),
            since=self._started,
            connected=core.pbx.is_connected,
            connected_since=self._session.connected_since,
            link_loss=self._session.loss,
            link_refusal=self._session.refusal,
            calls_listed=self._session.has_tables,
            calls=len(core.tracker.calls),
            legs=len(core.tracker.legs),
            blocks=len(core.blocklist),
            lag=self._intake.lag,
            clock_offset=self._offset(),
            gate_told=core.publisher.is_done,
            gate_differences=core.comparison.found.total(),
            events=self._intake.handled,
            events_waiting=self._session.waiting,
            events_dropped=self._session.dropped,
            resyncs=self._session.resyncs,
            records_pending=core.journal.pending,
            store_unreadable=dict(core.store.unreadable),
            records_lost={str(kind): n for kind, n in core.journal.lost.items()},
            store_failure=core.journal.failure,
            contexts_without_gate=core.gates.with_sight(Sight.MISSING),
            contexts_unseen=core.gates.with_sight(Sight.UNSEEN),
            domains=core.domains.known,
            unplayable=core.surveys.faults.unplayable,
            spool_unread=core.surveys.faults.spool_unread,
            spool_files=core.surveys.faults.spool_files,
            spool_unwritten=core.surveys.faults.spool_unwritten,
            retention_held={str(kind): s for kind, s in core.retention.held.items()},
            clock_doubted=core.retention.is_clock_doubted,
            persons_unread=[str(kind) for kind in core.filling.unread],
            persons_reached=core.filling.reached,
            persons_filled=core.filling.rows,
        )

    def calls(self, ask: Ask, who: Actor) -> list[LiveCall]:
        """The calls that are live, in the asker's SIP domain; an agent's own. Of a site those of
        all nodes that are heard of, or of one; where it is not reached, those of this node."""
        calls = list(self._core.tracker.calls.values())
        if who.role is Role.AGENT:
            own = {leg.call for leg in self._core.views.telephones(read_agent(who.name))}
            calls = [call for call in calls if call in own]
        there = self._neighbourhood
        node = there.presence.node if there is not None else ""
        here = calls if ask.node in ("", node) else []
        found = [LiveCall(**facts_of(call), node=node) for call in here]
        if there is not None and ask.node != node:
            others = there.calls_of(read_agent(who.name) if who.role is Role.AGENT else NOBODY)
            found += [
                LiveCall(**facts_elsewhere(call, of)) for of, call in others if ask.node in ("", of)
            ]
        return [call for call in found if who.domain in ("", call.domain)]

    def site(self, _ask: Ask, _who: Actor) -> SiteStatus:
        """The site, and its nodes."""
        membership, neighbourhood = self._core.membership, self._neighbourhood
        if membership is None or neighbourhood is None:
            return SiteStatus(node="")
        presence, forwarding = neighbourhood.presence, neighbourhood.forwarding
        failure = neighbourhood.failure
        nodes: list[Node] = []
        try:
            nodes = neighbourhood.nodes()
        except (SiteUnavailableError, TimeoutError) as error:
            failure = failure or str(error)
        return SiteStatus(
            node=presence.node,
            failure=failure,
            name_taken_by=holder.host or UNKNOWN if (holder := presence.holder) else "",
            telling_failure=membership.feeding.failure,
            **_history(membership.history),
            waiting=neighbourhood.waiting.count,
            waiting_for=neighbourhood.waiting_for,
            offered=membership.feeding.offered,
            taken=membership.reading.taken,
            number=membership.reading.number,
            behind=presence.behind,
            requests_sent=forwarding.sent,
            requests_served=forwarding.served,
            requests_unanswered=forwarding.unanswered,
            nodes=site_nodes(nodes, presence.last.number if presence.last else 0),
        )

    def blocks(self, _ask: Ask, who: Actor) -> list[Block]:
        """The blocks that are live and hold in the asker's SIP domain, the newest first. Who may
        see whole numbers is shown every number, and the audit notes whose caller hides it."""
        held = filterfalse(self._core.blocking.is_over, self._core.blocklist.blocks())
        live = sorted(held, key=lambda block: -block.since)
        blocks = _of_domain(live, who)
        if not who.sees_whole_numbers:
            return [without_number(block) for block in blocks]
        self._core.disclosure.note(blocks, who, live)
        return blocks

    def check(self, ask: Ask, who: Actor) -> CheckedNumber:
        """What is known of a number, or of that of a block (``Block.name``)."""
        core = self._core
        named = core.blocklist.named(ask.number)
        if named is not None and not _of_domain([named], who):
            named = None
        found = checked(
            named.number if named else ask.number,
            core.numbers,
            lambda number: _of_domain(core.blocklist.find_all(number), who),
            core.is_protected,
        )
        core.disclosure.note(found.blocks, who, core.blocklist.blocks())
        if not core.rules.escalation:
            return found
        earlier = core.blocking.of_late(found.number)
        duration = usual_duration(earlier + 1, core.rules)
        return replace(found, earlier=earlier, next_duration=int(duration))

    def purge(self, ask: Ask, who: Actor) -> Purged:
        """Erase, in the daemon. Raises ``ValueError``."""
        if not ask.overdue:
            return purge(self._core.erasure, ask, who)
        if ask.number or ask.before is not None:
            raise ValueError("neither number nor before goes with overdue")
        try:
            counts = self._core.retention.delete_overdue(str(who), new_request_id())
        except ClockDoubtedError:
            return Purged(code=CLOCK_DOUBTED)
        except StoreUnavailableError as error:
            return Purged(code=STORE_UNAVAILABLE, error=str(error))
        return Purged(code=Code.ERASED, counts={str(kind): n for kind, n in counts.items()})


def purge(erasure: Erasure, ask: Ask, who: Actor) -> Purged:
    """Erase for ``fluxcc db purge``, in the daemon or in the command. Raises ``ValueError``."""
    if bool(ask.number) == (ask.before is not None):
        raise ValueError("exactly one of number and before goes with purge")
    check_number(ask)
    by, request = str(who), new_request_id()
    try:
        if ask.before is not None:
            erased = erasure.erase_older(ask.before, by, request)
        else:
            erased = erasure.erase_person(
                ask.number, by, request, with_live_block=ask.with_live_block
            )
    except RefusedError as refusal:
        return Purged(code=refusal.code)
    except StoreUnavailableError as error:
        return Purged(code=STORE_UNAVAILABLE, error=str(error))
    counts = {str(kind): count for kind, count in erased.counts.items()}
    return Purged(
        code=Code.ERASED,
        counts=counts,
        blocked_until=erased.blocked_until,
        reached=[str(place) for place in erased.reached],
        left={str(place): what for place, what in erased.left.items()},
    )


def _of_domain(blocks: list[Block], who: Actor) -> list[Block]:
    """Those that hold in the asker's SIP domain."""
    if not who.domain:
        return blocks
    return [block for block in blocks if block.domain in ("", who.domain)]


def facts_elsewhere(call: NodeCall, node: str) -> dict[str, Any]:
    """The fields of a ``LiveCall`` of another node."""
    facts = msgspec.structs.asdict(call)
    return {name: facts[name] for name in SHARED} | {"node": node}


def facts_of(call: Call) -> dict[str, Any]:
    """The fields of a ``LiveCall``."""
    first = call.legs[0].uuid if call.legs else ""
    return {
        "call": call.customer_uuid or first,
        "direction": call.direction.value,
        "number": told(call.number, is_private=call.is_private),
        "agent": call.agent.extension,
        "domain": call.domain,
        "group": call.group,
        "started": call.started,
        "bridged": call.bridged,
        "talking": call.is_talking,
        "legs": [leg.uuid for leg in call.legs],
    }


UNKNOWN = "?"
"""What a machine is called that does not tell its name."""


def _history(shared: SharedHistory | None) -> dict[str, Any]:
    """How a node's history comes to its site."""
    if shared is None:
        return {}
    recording = shared.recording
    return {
        "history_failure": recording.failure,
        "history_told": recording.told,
        "history_lost": {str(kind): count for kind, count in recording.lost.items()},
        "erasing": recording.erasing,
    }
