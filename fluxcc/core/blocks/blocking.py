"""Every change of a block, made in memory, at the gate, in the journal and in the notices alike, so
that the four always agree.

Memory gives the order: a change is decided and made there without a wait in between. The store gets
the newest state of each block (``journal``), mod_hash what memory says when it is told
(``gate_table``), and a notice is sent only while it is still true (``ports.Pbx``). A change that
could not reach the gate does so after the next connect, or as soon as mod_hash is there
(``core.publisher``).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.core.blocks.gate_table import GateTable
from fluxcc.core.blocks.repeaters import Repeaters
from fluxcc.core.blocks.standings import Standings
from fluxcc.core.clocks import both_clocks
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Clock, Pbx
from fluxcc.domain.blocks import BY_TIME, Block, BlockChange, BlockState
from fluxcc.domain.errors import PbxError, PbxRejectedError
from fluxcc.domain.numbers import Number
from fluxcc.domain.persons import Person
from fluxcc.domain.privacy import told

NOTICE = "fluxcc::block"
ATTEMPT = "fluxcc::attempt"

log = logging.getLogger(__name__)


class Blocking:
    """One per daemon."""

    def __init__(
        self,
        blocklist: Blocklist,
        repeaters: Repeaters,
        table: GateTable,
        pbx: Pbx,
        journal: Journal,
        clock: Clock,
        standings: Standings,
    ) -> None:
        self.blocklist = blocklist
        self.standings = standings
        self.repeaters = repeaters
        self.table = table
        self._pbx = pbx
        self._journal = journal
        self._clock = clock
        self.changes: Counter[BlockChange] = Counter()
        """Changes of blocks since the daemon started."""
        self.attempts = 0
        """Calls of blocked callers since the daemon started."""
        self._told_held = 0
        """Of how many blocks that are held the log tells."""

    def make(
        self, number: Number, domain: str, duration: int, by: str, reason: str, call: str
    ) -> tuple[Block, BlockChange]:
        """A number's block for ``duration`` seconds in a SIP domain, or for an empty one in all,
        and whether it is new or renewed. It is not in force yet."""
        is_renewed = self.blocklist.find(number, domain) is not None
        clocks = both_clocks(self._clock)
        block = self.blocklist.make(
            number,
            duration,
            clocks.at_pbx,
            by=by,
            reason=reason,
            call=call,
            domain=domain,
            ahead=round(clocks.ahead),
        )
        block = self.standings.change(block)
        return block, BlockChange.RENEWED if is_renewed else BlockChange.BLOCKED

    def nth(self, number: Number, domain: str) -> int:
        """Which block of late the number's next one in a SIP domain is, or its live one."""
        live = self.blocklist.find(number, domain)
        now = live.since if live is not None else self._clock.now()
        earlier = self.repeaters.count(number.canonical, domain, now)
        return max(1, earlier if live is not None else earlier + 1)

    def of_late(self, number: str) -> int:
        """How many blocks of late a canonical number had; in the SIP domain with most of them."""
        return self.repeaters.most(number, self._clock.now())

    def put(self, block: Block) -> None:
        """Make a block count from now on; it is not at the gate yet."""
        self.blocklist.put(block)
        self.table.note_change(block.keys)
        self.repeaters.note(block.number, block.domain, block.since)

    def enforce(self, block: Block) -> bool:
        """Publish a block to the gate; it is committed, and in memory unless it was changed since.
        Whether the gate took it. Raises ``PbxError`` where the link is lost."""
        try:
            self.table.tell(block.keys)
        except PbxRejectedError as error:
            # The call must end all the same, and ``attempts`` stands in for the gate.
            log.error("the gate took no block", extra={"error": str(error), "block": block.id})
            return False
        return True

    def live(self, block: Block) -> Block | None:
        """The live block of the number of this one, in the same SIP domain."""
        return self.blocklist.at(block.number, block.domain)

    def announce(self, change: BlockChange, block: Block, by: str) -> None:
        """Log a change that was made on this node, and ``notify`` of it."""
        log.info(
            "a block changed",
            extra={
                "change": change.value,
                "number": told(block.number, is_private=block.is_private),
                "until": block.until,
                "by": by,
                "block": block.id,
            },
        )
        self.notify([(change, block, by)])

    def notify(self, changes: Iterable[tuple[BlockChange, Block, str]]) -> None:
        """Count changes, each with who made it, and send their notices together, but for those
        that another change of the same number made untrue; what cannot be sent is not repeated."""
        notices = []
        for change, block, by in changes:
            self.changes[change] += 1
            live = self.live(block)
            now = None if live is None else (live.id, live.until)
            if now == ((block.id, block.until) if block.state is BlockState.LIVE else None):
                notices.append(_notice(change, block, by))
        if notices:
            self._fire(NOTICE, *notices)

    def reword(self, block: Block, reason: str) -> None:
        """Give a live block another reason, unless it has ended."""
        live = self.live(block)
        if live is not None and live.id == block.id and live.reason != reason:
            changed = self.standings.change(live)
            self._journal.note(self.blocklist.reword(changed, reason))

    def end(self, number: str, domain: str, by: str) -> Block | None:
        """End the block of a canonical number before its time, in memory and for the store; the
        ended block, None without one. ``let_through`` tells of it."""
        live = self.blocklist.at(number, domain)
        if live is None:
            return None
        self.repeaters.take_back(live.number, live.domain, live.since)
        return self._end(live, BlockState.RELEASED, by)

    def let_through(self, ended: Block, change: BlockChange, by: str) -> bool:
        """Withdraw an ended block from the gate, unless the number is blocked anew, and send the
        notice; whether the gate was told."""
        is_told = True
        try:
            self.table.tell(ended.keys)
        except PbxError as error:
            is_told = False
            log.warning("a block was not withdrawn yet", extra={"reason": str(error)})
        self.announce(change, ended, by)
        return is_told

    def release(self, block: Block, by: str) -> Block | None:
        """End the block of that number and domain before its time; the ended block, None where it
        has ended already."""
        ended = self.end(block.number, block.domain, by)
        if ended is not None:
            self.let_through(ended, BlockChange.RELEASED, by)
        return ended

    def expire_due(self) -> None:
        """End every block whose time has passed. The gate has let the number through by itself."""
        for block in self.blocklist.due(both_clocks(self._clock)):
            ended = self._end(block, BlockState.EXPIRED, BY_TIME)
            self.let_through(ended, BlockChange.EXPIRED, BY_TIME)
        self._tell_of_held()

    def _tell_of_held(self) -> None:
        held = self.blocklist.held
        if held > self._told_held:
            log.warning(
                "blocks that are over by FreeSWITCH's clock alone are held, and their callers ended"
                " by the daemon: its clock and the machine's differ",
                extra={"held": held, "seconds": round(both_clocks(self._clock).ahead)},
            )
        self._told_held = held

    def is_over_at_gate(self, block: Block) -> bool:
        """Whether the gate lets the block's number through: it goes by FreeSWITCH's clock alone."""
        return block.until <= self._clock.now()

    def is_over(self, block: Block) -> bool:
        """Whether the block's time has passed, though it may not be ended yet."""
        return block.is_over(both_clocks(self._clock))

    def _end(self, block: Block, state: BlockState, by: str) -> Block:
        ended, keys = self.blocklist.remove(block, state, self._clock.now(), by)
        if state is BlockState.RELEASED:
            ended = self.standings.change(ended)
        self.standings.note_end(ended)
        self.table.note_change(keys)
        self._journal.note(ended)
        return ended

    def forget(self, person: Person) -> None:
        """Erase what is remembered of this person's ended blocks."""
        self.repeaters.forget(person)
        self.standings.forget(person)
        self.blocklist.forget(person.has)
        self.table.forget(person.has)

    def count_attempt(self, block: Block) -> Block:
        """Count a blocked caller's call; the block with its new count. It sends no command: it is
        called while events are handled."""
        self.attempts += 1
        counted = self.blocklist.count_attempt(block, self._clock.now())
        self._journal.note(counted)
        return counted

    def announce_attempt(self, block: Block, seen: str, *, is_private: bool) -> None:
        """Send the notice that a blocked caller dialled; ``seen`` is the caller ID, which is
        told where neither this call nor the block ``is_private``."""
        is_private = is_private or block.is_private
        number = _number(block, is_private=is_private)
        expires = ("Fluxcc-Expires-Epoch", str(block.until))
        self._fire(ATTEMPT, [*number, expires, *_domain(block)])
        seen = told(seen, is_private=is_private)
        log.info("a blocked caller dialled", extra={"number": seen, "block": block.id})

    def _fire(self, subclass: str, *notices: list[tuple[str, str]]) -> None:
        try:
            self._pbx.announce(subclass, *notices)
        except PbxError as error:
            log.warning("a notice was not sent", extra={"subclass": subclass, "error": str(error)})


def _notice(change: BlockChange, block: Block, by: str) -> list[tuple[str, str]]:
    """The headers of a change's notice."""
    return [
        ("Fluxcc-Change", change.value),
        *_number(block, is_private=block.is_private),
        ("Fluxcc-Expires-Epoch", str(block.until)),
        ("Fluxcc-By", by),
        *_domain(block),
    ]


def _number(block: Block, *, is_private: bool) -> list[tuple[str, str]]:
    """The notices' headers that say who is blocked."""
    number = ("Fluxcc-Number", told(block.number, is_private=is_private))
    return [number, ("Fluxcc-Block", block.name)] if is_private else [number]


def _domain(block: Block) -> list[tuple[str, str]]:
    """The notices' header of a block for one SIP domain alone."""
    return [("Fluxcc-Domain", block.domain)] if block.domain else []
