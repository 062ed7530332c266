"""What stands in for the world outside in the core's tests: one fake behind each port.

Counterpart: ``fluxcc.core.ports``, whose Protocols these implement. Nothing here waits: a latch
that nobody sets lets the stepped clock run on by its timeout, and what would happen meanwhile in
other greenlets is ``InlineRuntime.meanwhile``.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from fluxcc.core.ports import Batch, Latch, Marked, Moment, SpoolContents, Waiting
from fluxcc.domain import history
from fluxcc.domain.agents import Agent, SeenDomain
from fluxcc.domain.applications import Application
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.changes import Mark, MarkKind, SitePosition, change_of, marks_of, stamp_of
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import FluxccError, LinkLostError, PbxRejectedError, StoreUnavailableError
from fluxcc.domain.history import OF_BLOCKS
from fluxcc.domain.media import Media
from fluxcc.domain.persons import Filled, Person
from fluxcc.domain.privacy import told
from fluxcc.domain.provisioning import KINDS, Entry, key
from fluxcc.domain.requests import Answered, Asked, Reply
from fluxcc.domain.retention import Place, RecordKind
from fluxcc.domain.shared_entries import EntryStamp, entry_marks, told_entry
from fluxcc.domain.sight import Sight
from fluxcc.domain.surveys import Survey

Result = TypeVar("Result")

NOW = 1_795_000_000.0
"""An epoch second in November 2026, when every test begins."""


class SteppedClock:
    """``ports.Clock`` that only moves when it is told to."""

    def __init__(self, now: float = NOW) -> None:
        self._now = self._own = now
        self._monotonic = 0.0
        self.is_known = True
        """Whether FreeSWITCH goes by it too."""

    def now(self) -> float:
        """The wall clock."""
        return self._now

    def own(self) -> float:
        """The machine's wall clock."""
        return self._own

    def monotonic(self) -> float:
        """The steady clock."""
        return self._monotonic

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._own += seconds
        self._monotonic += seconds

    def set(self, now: float) -> None:
        """Somebody sets the wall clocks; no time passes."""
        self._now = self._own = now

    def set_pbx(self, now: float) -> None:
        """FreeSWITCH's clock is set, or FreeSWITCH started anew with another one."""
        self._now = now


class InlineLatch:
    """``ports.Latch`` for a world with one thread of control."""

    def __init__(self, runtime: InlineRuntime) -> None:
        self._runtime = runtime
        self._is_set = False
        self._value: Any = None

    def set(self, value: Any) -> None:
        """Keep the first value."""
        if not self._is_set:
            self._is_set, self._value = True, value

    def wait(self, timeout: float) -> Any:
        """The value, or None once everybody else had their turn and time has passed."""
        if not self._is_set:
            self._runtime.take_turns()
        if not self._is_set:
            self._runtime.sleep(timeout)
        return self._value


class InlineRuntime:
    """``ports.Runtime`` in which everything happens at once and in order."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock
        self.wiped = 0
        """How often memory was overwritten."""
        self.meanwhile: list[Callable[[], None]] = []
        """What the other greenlets do whenever this one waits."""

    def latch(self) -> Latch:
        """A new latch."""
        return InlineLatch(self)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.step(seconds)

    def offload(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do the work here and now."""
        return work(*arguments)

    def within(self, seconds: float, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do the work here and now."""
        return work(*arguments)

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do the work here and now."""
        work(*arguments)

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """One after the other; the first exception when all have ended."""
        errors = []
        for work in works:
            try:
                work()
            except FluxccError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def apart(self, threads: int) -> InlineRuntime:
        """There are no threads."""
        return self

    def wipe_memory(self) -> None:
        """Nothing can be seen of it."""
        self.wiped += 1

    def take_turns(self) -> None:
        """Let the others do what they have to do."""
        for turn in tuple(self.meanwhile):
            turn()


class FakePbx:
    """``ports.Pbx`` that remembers what it was told, in order, and can be made to refuse."""

    def __init__(self, story: list[str] | None = None) -> None:
        self.story = [] if story is None else story
        """One line a command; shared with ``FakeStore`` where the order of both matters."""
        self.gate: dict[str, int] = {}
        """What mod_hash holds: key → end."""
        self.gated = {"public"}
        """The dialplan contexts that have the gate."""
        self.unseen: set[str] = set()
        self.outdated: set[str] = set()
        """Those of which nobody can tell."""
        self.passed: set[str] = set()
        """The legs that a gate let through."""
        self.gate_questions: list[str] = []
        """The contexts it was asked about."""
        self.legs: set[str] | None = None
        """The legs that are there; None where every leg is."""
        self.announced: list[tuple[str, dict[str, str]]] = []
        self.rejected: set[str] = set()
        """Names of methods that are answered no."""
        self.broken: set[str] = set()
        """Names of methods in which the link breaks."""
        self.on_end: Callable[[str, str], None] = lambda leg, cause: None
        """Called when a leg is hung up, as FreeSWITCH would tell by an event."""
        self.on_move: Callable[[str, str], None] = lambda leg, destination: None
        """Called when a leg is sent somewhere."""
        self.places: dict[str, str] = {}
        """Where the dialplan has a leg."""
        self.applications: dict[str, Application] = {}
        """What it does with the leg there."""
        self.settings: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        """What mod_hash holds of settings."""
        self.rooms: dict[str, str] = {}
        """What mod_hash holds of rooms: dialled → conference."""
        self.media: dict[str, Media] = {}
        """The media's way, of legs for which it is another one than through FreeSWITCH."""
        self.members: dict[str, frozenset[str]] = {}
        """Conference → the legs in it."""
        self.users: set[Agent] = set()
        """The users of the directory."""
        self.contexts: dict[Agent, str] = {}
        """Their dialplan contexts."""
        self.directory_questions: list[Agent] = []
        """The users that it was asked about."""
        self.armed: dict[str, str] = {}
        """Leg → where it goes after its bridge."""
        self.briefed: dict[str, dict[str, str]] = {}
        self.on_flush: Callable[[], None] = lambda: None
        self.on_withdraw: Callable[[], None] = lambda: None
        """Called while keys are withdrawn: what others do in the meantime."""
        self._is_connected = True

    @property
    def is_connected(self) -> bool:
        """Whether the link is there."""
        return self._is_connected

    def lose(self) -> None:
        """The link goes."""
        self._is_connected = False

    def find_again(self) -> None:
        """The link is back, and FreeSWITCH lived on."""
        self._is_connected = True

    def come_back(self) -> None:
        """The link is back, and mod_hash as empty as after a restart of FreeSWITCH."""
        self._is_connected = True
        self.gate.clear()
        self.rooms.clear()
        self.settings.clear()

    def _check(self, method: str) -> None:
        if not self._is_connected or method in self.broken:
            raise LinkLostError("the fake link is down")
        if method in self.rejected:
            raise PbxRejectedError("-ERR the fake says no")

    def end_leg(self, leg: str, cause: str) -> bool:
        """Hang a leg up, and tell."""
        self._check("end_leg")
        self.story.append(f"end {leg} {cause}")
        if self.legs is not None and leg not in self.legs:
            return False
        self.on_end(leg, cause)
        return True

    def are_gone(self, legs: Collection[str]) -> bool:
        """Whether ``legs`` has none of them."""
        self._check("are_gone")
        return self.legs is not None and self.legs.isdisjoint(legs)

    def media_of(self, leg: str) -> Media:
        """What ``media`` says; through FreeSWITCH where it says nothing."""
        self._check("media_of")
        return self.media.get(leg, Media.HERE)

    def bring_media_back(self, leg: str) -> None:
        """Let the media run through FreeSWITCH."""
        self._check("bring_media_back")
        self.story.append(f"bring the media of {leg} back")
        self.media[leg] = Media.HERE

    def user_context(self, agent: Agent) -> str:
        """What ``contexts`` says."""
        self._check("user_context")
        return self.contexts.get(agent, "")

    def are_users(self, agents: Sequence[Agent]) -> list[bool]:
        """Whether ``users`` has each of them."""
        self._check("are_users")
        self.directory_questions += agents
        return [agent in self.users for agent in agents]

    def members_of(self, room: str) -> frozenset[str]:
        """What ``members`` says."""
        self._check("members_of")
        return self.members.get(room, frozenset())

    def move_leg(self, leg: str, destination: str, context: str) -> None:
        """Send a leg somewhere, and tell."""
        self._check("move_leg")
        self.story.append(f"move {leg} to {destination} in {context}")
        self.on_move(leg, destination)

    def is_past_gate(self, leg: str) -> bool:
        """Whether ``passed`` has it."""
        self._check("is_past_gate")
        return leg in self.passed

    def divert_leg(self, leg: str, destination: str, context: str) -> None:
        """Send a leg past the gates."""
        self._check("divert_leg")
        self.story.append(f"divert {leg} to {destination} in {context}")

    def move_pair(self, leg: str, destination: str, context: str) -> None:
        """Send two legs somewhere, and tell."""
        self._check("move_pair")
        self.story.append(f"move {leg} and its partner to {destination} in {context}")
        self.on_move(leg, destination)

    def application_of(self, leg: str, destination: str) -> Application | None:
        """What ``applications`` says, where ``places`` has the leg there; otherwise a playback."""
        self._check("application_of")
        if self.places.get(leg) != destination:
            return None
        return self.applications.get(leg, Application("playback"))

    def brief_leg(self, leg: str, facts: Iterable[tuple[str, str]]) -> None:
        """Remember what the leg was given."""
        self._check("brief_leg")
        self.story.append(f"brief {leg}")
        self.briefed[leg] = dict(facts)

    def arm_survey(self, leg: str, destination: str, context: str) -> None:
        """Remember where it goes."""
        self._check("arm_survey")
        self.story.append(f"arm {leg}")
        self.armed[leg] = destination

    def disarm_survey(self, leg: str) -> None:
        """Forget where it goes."""
        self._check("disarm_survey")
        self.story.append(f"disarm {leg}")
        self.armed.pop(leg, None)

    def write_blocks(self, keys: Iterable[str], end_of: Callable[[str], int | None]) -> None:
        """Fill the gate in the order of the keys, as mod_hash would, or empty it."""
        self._check("write_blocks")
        written = 0
        for spelling in keys:
            until = end_of(spelling)
            if until is None:
                self.gate.pop(spelling, None)
                self.on_withdraw()
            else:
                self.gate[spelling] = until
                written += 1
        if written:
            self.story.append(f"publish {written} keys")

    def gate_entries(self) -> dict[str, int]:
        """What the gate holds."""
        self._check("gate_entries")
        return dict(self.gate)

    def publish_rooms(self, rooms: Iterable[tuple[str, str]]) -> None:
        """Let rooms be known."""
        self._check("publish_rooms")
        self.rooms.update(rooms)

    def withdraw_rooms(self, dialled: Iterable[str]) -> None:
        """Let rooms be known no longer."""
        self._check("withdraw_rooms")
        for room in dialled:
            self.rooms.pop(room, None)

    def publish_setting(self, key: str, value: str) -> None:
        """Let a setting be known."""
        self._check("publish_setting")
        self.settings[key] = value

    def publish_rules(self, rules: Mapping[str, str]) -> None:
        """See ``Pbx.publish_rules``."""
        self._check("publish_rules")
        self.rules = dict(rules)

    def has_setting(self, key: str) -> bool:
        """Whether a setting is known."""
        self._check("has_setting")
        return key in self.settings

    def gate_in(self, context: str, *, of_domain: bool = False) -> Sight:
        """What ``gated``, ``outdated`` and ``unseen`` say of this context."""
        self._check("gate_in")
        self.gate_questions.append(context)
        if context in self.unseen:
            return Sight.UNSEEN
        there = Sight.OUTDATED if context in self.outdated else Sight.THERE
        return there if context in self.gated else Sight.MISSING

    def announce(self, subclass: str, *each: Sequence[tuple[str, str]]) -> None:
        """Remember the events."""
        self._check("announce")
        for headers in each:
            self.announced.append((subclass, {name: value for name, value in headers if value}))

    def flush_events(self) -> None:
        """Hand over what waits."""
        self._check("flush_events")
        self.on_flush()

    def forget_received(self) -> None:
        """It keeps nothing."""

    def heard(self, subclass: str) -> list[dict[str, str]]:
        """The headers of every event of one kind that it was told to fire."""
        return [headers for name, headers in self.announced if name == subclass]


class FakeStore:
    """``ports.Store`` in memory, that can be made to fail."""

    def __init__(self, story: list[str] | None = None) -> None:
        self.story = [] if story is None else story
        self.calls: dict[int, CallRecord] = {}
        self.blocks: dict[str, Block] = {}
        self.audit: dict[int, AuditRecord] = {}
        self.surveys: dict[str, Survey] = {}
        self.settings: dict[tuple[str, str], Entry] = {}
        """Groups, rooms and services by kind and name."""
        self.seen: dict[str, SeenDomain] = {}
        """SIP domains by name."""
        self.stamps: dict[str, EntryStamp] = {}
        """When and where entries were changed in the site."""
        self.batches: list[Batch] = []
        """What was written, transaction by transaction."""
        self.recreated = 0
        """How often it was begun anew."""
        self.unreadable: dict[str, int] = {}
        """Table → rows that cannot be read."""
        self.filled: list[Filled] = []
        """What the next calls of ``fill`` return; nothing is left to do after that."""
        self.failure = ""
        """Why nothing can be read or written now; empty while it can."""
        self.node = ""
        """Its node's name in a site; empty without one."""
        self.outbox: dict[Mark, int] = {}
        """What is marked for the site, with the id of the mark."""
        self.taken: SitePosition | None = None
        self._marks = 0

    def open(self) -> None:
        """Nothing to migrate."""
        self._check()

    def write(self, batch: Batch) -> None:
        """All of it, or nothing."""
        self._check()
        self.batches.append(batch)
        for call in batch.calls:
            self.calls[call.id] = call
        for block in batch.blocks:
            self.story.append(f"write block {block.number}")
            self.blocks[block.id] = block
        self._mark(marks_of(batch.blocks, self.node))
        self._mark(history.marks_of(self.node, batch) if self.node else ())
        self.outbox = {m: id for m, id in self.outbox.items() if id not in batch.unmarked}
        for id, stamp in batch.erased:
            known = self._not_live(RecordKind.BLOCKS).get(id)
            if known is not None and stamp_of(known) <= stamp:
                self.blocks.pop(id)
                self.outbox = {m: n for m, n in self.outbox.items() if m.key != id}
        for position in batch.position:
            self.taken = position
        for row in batch.audit:
            self.story.append(f"write audit {row.status}")
            self.audit[row.id] = row
        for survey in batch.surveys:
            self.surveys[survey.id] = survey
        for entry in batch.entries:
            self.story.append(f"write {type(entry).__name__} {key(entry)}")
            self.settings[type(entry).__name__, key(entry)] = entry
        for domain in batch.domains:
            self.seen[domain.name] = domain
        for entry in batch.removed:
            self.settings.pop((type(entry).__name__, key(entry)), None)
        for stamp in batch.entry_stamps:
            self.stamps[stamp.thing] = stamp
            if stamp.is_gone:
                self.settings.pop((KINDS[stamp.kind].__name__, stamp.name), None)
        self._mark(entry_marks(batch.entry_stamps, self.node))

    def _mark(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            self._marks += 1
            self.outbox[mark] = self._marks

    def position(self) -> SitePosition | None:
        """See ``Store.position``."""
        self._check()
        return self.taken

    def marked(self, kinds: Collection[MarkKind], after: int, limit: int) -> Marked:
        """See ``Store.marked``."""
        self._check()
        ids = sorted((id, mark) for mark, id in self.outbox.items())
        marks = [each for each in ids if each[0] > after and each[1].kind in kinds][:limit]
        keys = {kind: [mark.key for _, mark in marks if mark.kind is kind] for kind in MarkKind}
        ids = dict.fromkeys(key for kind in OF_BLOCKS for key in keys[kind])
        calls, audit = map(int, keys[MarkKind.CALL]), map(int, keys[MarkKind.AUDIT])
        return Marked(
            tuple(marks),
            tuple(self.blocks[id] for id in ids if id in self.blocks),
            tuple(self.calls[id] for id in calls if id in self.calls),
            tuple(self.audit[id] for id in audit if id in self.audit),
            tuple(self.surveys[id] for id in keys[MarkKind.SURVEY] if id in self.surveys),
            tuple(
                told_entry(self.stamps[thing], self._fields(self.stamps[thing]))
                for thing in keys[MarkKind.ENTRY]
                if thing in self.stamps
            ),
        )

    def waiting(self) -> Waiting:
        """See ``Store.waiting``; each has just been marked."""
        self._check()
        return Waiting(len(self.outbox), NOW if self.outbox else None)

    def _fields(self, stamp: EntryStamp) -> str:
        entry = self.settings.get((KINDS[stamp.kind].__name__, stamp.name))
        return msgspec.json.encode(msgspec.structs.asdict(entry)).decode() if entry else ""

    def entry_stamps(self) -> list[EntryStamp]:
        """See ``Store.entry_stamps``."""
        self._check()
        return list(self.stamps.values())

    def forget_removed(self, person: Person) -> None:
        """See ``Store.forget_removed``."""
        self._check()
        self.stamps = {
            thing: stamp
            for thing, stamp in self.stamps.items()
            if not (stamp.kind == "protected" and stamp.is_gone and person.has(stamp.name))
            or Mark(MarkKind.ENTRY, thing) in self.outbox
        }

    def mark_again(self, since: int) -> None:
        """See ``Store.mark_again``."""
        self._check()
        again = (
            block
            for block in self.blocks.values()
            if block.state is BlockState.LIVE or block.changed >= since
        )
        self._mark(marks_of(again, self.node))
        self._mark(Mark(MarkKind.ENTRY, thing) for thing in self.stamps)

    def mark_history(self, since: float, after: Any) -> Any:
        """See ``Store.mark_history``; all at once."""
        self._check()
        batch = Batch(
            calls=tuple(each for id, each in self.calls.items() if id >= since * 1e6),
            audit=tuple(each for id, each in self.audit.items() if id >= since * 1e6),
            surveys=tuple(each for each in self.surveys.values() if each.offered >= since),
            blocks=tuple(each for each in self.blocks.values() if each.since >= since),
        )
        self._mark(history.marks_of(self.node, batch) if self.node else ())

    def mark_erasure(self, number: str) -> None:
        """See ``Store.mark_erasure``."""
        self._check()
        self.story.append("mark an erasure")
        self._mark([Mark(MarkKind.ERASURE, number)])

    def ended_changes(self, since: int) -> list[Block]:
        """See ``Store.ended_changes``."""
        self._check()
        ended = [block for block in self.blocks.values() if block.state is not BlockState.LIVE]
        return [e for e in ended if e.origin and (e.changed >= since or not e.changer)]

    def purge(self, kind: RecordKind, before: float, limit: int) -> int:
        """Delete what is older than that moment (epoch seconds), the oldest first."""
        self._check()
        records = self._not_live(kind)
        has_dated_id = kind in {RecordKind.CALLS, RecordKind.AUDIT}
        end = int(before * 1e6) if has_dated_id else before
        old = [id for id, record in records.items() if _moment(record) < end]
        old = sorted(old, key=lambda id: _moment(records[id]))[:limit]
        for id in old:
            self._records(kind).pop(id)
        self.story.append(f"purge {len(old)} {kind}")
        return len(old)

    def share(self, kind: RecordKind, before: float, span: float) -> float:
        """Count them."""
        self._check()
        moments = [_moment(record) for record in self._not_live(kind).values()]
        if kind in {RecordKind.CALLS, RecordKind.AUDIT}:
            moments = [moment / 1e6 for moment in moments]
        if not moments or min(moments) >= before - span:
            return 0.0
        return sum(moment < before for moment in moments) / len(moments)

    def erase(self, kind: RecordKind, person: Person, limit: int) -> int:
        """Erase what belongs to this person."""
        self._check()
        records = self._not_live(kind)
        theirs = [id for id, record in records.items() if person.has(record.number)][:limit]
        for id in theirs:
            if kind is RecordKind.AUDIT:
                self.audit[id] = msgspec.structs.replace(
                    self.audit[id], number="", reason="", content=""
                )
                self._mark([Mark(MarkKind.AUDIT, str(id))] if self.node else [])
            else:
                if kind is RecordKind.BLOCKS and Mark(MarkKind.BLOCK, id) in self.outbox:
                    change = change_of(self.blocks[id])
                    self._mark([Mark(MarkKind.ERASED, msgspec.json.encode(change).decode())])
                self._records(kind).pop(id)
                self.outbox = {m: n for m, n in self.outbox.items() if m.key != str(id)}
        self.story.append(f"erase {len(theirs)} {kind}")
        return len(theirs)

    def erase_mentions(self, kind: RecordKind, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the number from the texts, one record after the other."""
        self._check()
        records = self._records(kind)
        later = sorted(id for id in records if after is None or id > after)
        if not later:
            return 0, None
        record = records[later[0]]
        texts = {
            name: person.erase_from(text)
            for name in ("reason", "subject", "sequel")
            if (text := getattr(record, name, ""))
        }
        records[later[0]] = changed = msgspec.structs.replace(record, **texts)
        if changed != record and self.node:
            batch = Batch(**{kind.value: (changed,)})
            self._mark(history.marks_of(self.node, batch))
        return int(changed != record), later[0]

    def wipe(self) -> dict[Place, str]:
        """There is no file."""
        self._check()
        self.story.append("wipe")
        return {Place.FILE: ""}

    def fill(self, limit: int) -> Filled:
        """Whose number it is is found anew each time."""
        self._check()
        self.story.append(f"fill {limit}")
        return self.filled.pop(0) if self.filled else Filled(0, ())

    def _records(self, kind: RecordKind) -> dict[Any, Any]:
        return {
            RecordKind.CALLS: self.calls,
            RecordKind.SURVEYS: self.surveys,
            RecordKind.BLOCKS: self.blocks,
            RecordKind.AUDIT: self.audit,
        }[kind]

    def _not_live(self, kind: RecordKind) -> dict[Any, Any]:
        """The records of that kind, without the live calls and blocks."""
        return {
            id: record
            for id, record in self._records(kind).items()
            if not (kind is RecordKind.CALLS and record.ended is None)
            and not (kind is RecordKind.BLOCKS and record.state is BlockState.LIVE)
        }

    def live_blocks(self) -> list[Block]:
        """The blocks that nobody ended, newest first."""
        self._check()
        return [block for block in self._newest_blocks() if block.state is BlockState.LIVE]

    def block_times(self, since: float) -> list[tuple[str, str, float]]:
        """Those that were not taken back."""
        self._check()
        return [
            (block.number, block.domain, block.since)
            for block in self.blocks.values()
            if block.since >= since and block.counts
        ]

    def block_history(self, number: str) -> list[Block]:
        """Every block of a number, newest first."""
        self._check()
        return [block for block in self._newest_blocks() if block.number == number]

    def live_calls(self) -> list[CallRecord]:
        """The calls that were never seen to end."""
        self._check()
        return [call for call in self.calls.values() if call.ended is None]

    def entries(self) -> list[Entry]:
        """What supervisors have set, by kind and name."""
        self._check()
        return [entry for _, entry in sorted(self.settings.items())]

    def domains(self) -> list[SeenDomain]:
        """The SIP domains, by name."""
        self._check()
        return [domain for _, domain in sorted(self.seen.items())]

    def unfinished(self) -> list[AuditRecord]:
        """The requests that never ended, newest first."""
        self._check()
        return [row for row in reversed(self._audit_since(0)) if row.status == REQUESTED]

    def request_ids(self, since: Moment) -> list[str]:
        """The request IDs that the audit remembers."""
        self._check()
        return [row.request for row in self._audit_of(since)]

    def find_reply(self, request: str, since: Moment) -> Answered | None:
        """The first request and reply that the audit remembers."""
        self._check()
        rows = self._audit_of(since)
        row = next((row for row in rows if row.request == request), None)
        if row is None:
            return None
        asked = Asked(row.request, row.by, row.action, row.content)
        reply = Reply(
            request=row.request,
            action=row.action,
            code=Code(row.code) if row.code else Code.OUTCOME_UNKNOWN,
            agent=row.agent,
            call=row.call,
            number=told(row.number, is_private=row.is_private),
            block=row.subject if row.is_private and row.blocked else "",
            blocked=row.blocked,
            expires=row.expires,
            language=row.language,
            nth=row.nth,
        )
        return Answered(asked, reply)

    def _audit_of(self, since: Moment) -> list[AuditRecord]:
        """The rows of that moment or later by either clock, oldest first."""
        return [
            row
            for id, row in sorted(self.audit.items())
            if id >= int(since.own * 1e6) or (since.pbx is not None and row.at >= since.pbx)
        ]

    def _newest_blocks(self) -> list[Block]:
        return sorted(self.blocks.values(), key=lambda block: -block.since)

    def _audit_since(self, since: float) -> list[AuditRecord]:
        """The rows asked for at that moment (epoch seconds) or later, oldest first."""
        return [row for id, row in sorted(self.audit.items()) if id >= int(since * 1e6)]

    def _check(self) -> None:
        if self.failure:
            raise StoreUnavailableError(self.failure)


def _moment(record: CallRecord | Survey | Block | AuditRecord) -> float:
    """From when on its age counts: epoch seconds, or its id where that is a moment."""
    if isinstance(record, Block):
        return record.since if record.ended_at is None else record.ended_at
    return record.offered if isinstance(record, Survey) else record.id


class FakeSpool:
    """``ports.Spool`` in memory."""

    def __init__(self) -> None:
        self.files: dict[str, list[dict[str, str]]] = {}
        self.folder = ""
        self.kept_aside: list[str] = []
        self.faults: dict[str, str] = {}
        """Files that cannot be read → why."""
        self.stuck: set[str] = set()
        """Files that cannot be removed."""
        self.going_on = ""
        """The file of a survey that is going on, which cannot be erased."""
        self.failure: OSError | None = None

    def locate(self, storage_folder: str) -> None:
        """Remember where FreeSWITCH keeps its storage."""
        self.folder = storage_folder

    def read(self, known: Collection[str] = ()) -> SpoolContents:
        """Each file, in the order in which they came."""
        if self.failure is not None:
            raise self.failure
        files = [(name, records) for name, records in self.files.items() if name not in known]
        return SpoolContents(files=files, faults=dict(self.faults))

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Take a file out; one that is gone is no fault."""
        if name in self.stuck:
            raise PermissionError(errno.EACCES, "Permission denied", name)
        if self.files.pop(name, None) is not None and keep_aside:
            self.kept_aside.append(name)

    def erase(self, has: Callable[[str], bool]) -> str:
        """Take the person's files out."""
        if self.failure is not None:
            raise self.failure
        for name, records in list(self.files.items()):
            if any(has(record.get("Fluxcc-Number", "")) for record in records):
                del self.files[name]
        return self.going_on
