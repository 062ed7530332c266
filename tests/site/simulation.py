"""A site of three PBXs in one process, on a clock that is stepped: random schedules of blocks,
renewals, releases, ends, entries set and removed, cuts, crashes and failovers, each told by its
seed.

At the end of each all nodes block the same numbers until the same second, as the last acknowledged
change of each number says, and so do their gates; and all have the same entries.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from fluxcc.config import NumberSettings, PbxSettings, Settings, SiteSettings
from fluxcc.core.ports import Batch
from fluxcc.core.site.expiries import EXPIRED
from fluxcc.core.site.feeding import TALLY_PERIOD
from fluxcc.domain.actions import Action
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.changes import UNSTAMPED, Stamp
from fluxcc.domain.codes import Status
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.domain.provisioning import (
    Entry,
    Group,
    Protected,
    Room,
    Service,
    User,
    UserRole,
    key,
    kind_of,
)
from fluxcc.domain.requests import Request
from fluxcc.domain.shared_entries import EntryStamp
from tests.builders import World, an_operators
from tests.fake_site import FakeDatabase, FakeSite
from tests.fakes import NOW

NODES = ("pbx1", "pbx2", "pbx3")
NUMBERS = ("+5511988887777", "+5521977776666", "+5531966665555")
ENTRIES: tuple[Entry, ...] = (
    Group("sales"),
    Group("sales", domain="a.example"),
    Room("1000"),
    Service("invoices", "7999"),
    User("ana", UserRole.VIEWER),
    Protected(NUMBERS[-1]),
)
"""Names of entries that are set and removed."""
SKEW = 5.0
"""Seconds by which a clock may be ahead or behind."""
STEPS = 60
ERASED_PER_STEP = 0.03
"""How often a person is erased, where any is."""
ROUNDS = 6
"""Times that everybody feeds and reads at the end: what a failover lost has to be found missing,
offered and read."""


class Node:
    """One PBX: its daemon may crash, its store and its FreeSWITCH live on."""

    def __init__(
        self, name: str, ahead: float, database: FakeDatabase, before: Sequence[Entry]
    ) -> None:
        """``before`` are entries that it has before there is a site."""
        self.name = name
        self.ahead = ahead
        self.site = FakeSite(database)
        self.world = self._born()
        self.world.store.write(Batch(entries=tuple(before)))
        self.world.recover()
        self.world.publisher.publish_all()

    def _born(self) -> World:
        settings = Settings(
            pbx=PbxSettings(node=self.name),
            numbers=NumberSettings(area_code="11"),
            site=SiteSettings(url="postgresql://site"),
        )
        return World(settings, site=self.site)

    def set_clock(self, now: float) -> None:
        """FreeSWITCH's clock is that of everybody, plus what this one is ahead by."""
        clock = self.world.clock
        clock.step(max(0.0, now - clock.own()))
        clock.set_pbx(now + self.ahead)

    def crash(self, now: float) -> None:
        """The daemon dies with what it had not written, and begins again."""
        former, self.world = self.world, self._born()
        self.world.store.__dict__.update(former.store.__dict__)
        self.world.pbx.gate = former.pbx.gate
        self.world.pbx.rooms = former.pbx.rooms
        self.set_clock(now)
        self.world.recover()
        self.world.publisher.publish_all()
        self.world.reclaim_blocks()

    def feed(self) -> None:
        """What the job would do now."""
        self.world.journal.flush()
        assert self.world.membership is not None
        self.world.membership.feeding.feed()
        self.world.journal.flush()
        if self.world.membership.history is not None:
            self.world.membership.history.recording.tell()

    def read(self) -> None:
        """What the job would do now."""
        assert self.world.membership is not None
        self.world.membership.reading.read()

    def live(self) -> dict[str, tuple[str, int]]:
        """Number → id and end of its block."""
        return {block.number: (block.id, block.until) for block in self.world.blocklist.blocks()}


class Simulation:
    """One schedule."""

    def __init__(
        self, seed: int, entries: Sequence[Entry] = ENTRIES, *, erases: bool = False
    ) -> None:
        """``entries`` may be set and removed; without any it is the schedule of blocks alone."""
        self.lots = random.Random(seed)
        self.erasures = random.Random(f"erasures {seed}") if erases else None
        """Persons are erased by lots of their own: the rest of the schedule stays as it is."""
        self.entries = entries
        self.now = NOW
        self.database = FakeDatabase()
        self.database.now = lambda: self.now
        self.nodes = [
            Node(name, self.lots.uniform(-SKEW, SKEW), self.database, self._some_entries())
            for name in NODES
        ]
        self.acknowledged: dict[str, Stamp] = {}
        """Number, or name of an entry, → the last change that was acknowledged."""
        self.erased: set[str] = set()
        """The numbers whose persons were erased, of which no node needs to know the last change."""
        self.story: list[str] = []

    def run(self) -> None:
        """Every step of it."""
        doings: dict[Callable[[Node], None], float] = {
            self._block: 6,
            self._unblock: 3,
            self._attempt: 4,
            self._feed: 8,
            self._read: 8,
            self._cut: 2,
            self._lose_answer: 1,
            self._store_fails: 1,
            self._crash: 1,
            self._fail_over: 0.3,
            **({self._set: 4, self._remove: 2} if self.entries else {}),
        }
        for _ in range(STEPS):
            self._pass(self.lots.choice((0.0, 0.0, 0.001, 0.5, 3.0, 20.0)))
            does = self.lots.choices(list(doings), list(doings.values()))[0]
            does(self.lots.choice(self.nodes))
            if self.erasures is not None and self.erasures.random() < ERASED_PER_STEP:
                self._erase(self.erasures.choice(self.nodes), self.erasures)

    def settle(self) -> None:
        """Every way is free again, and time enough passes for all to hear all."""
        for node in self.nodes:
            node.site.is_cut = node.site.is_answer_lost = False
            node.world.store.failure = ""
        for _ in range(ROUNDS):
            self._pass(TALLY_PERIOD)
            for node in self.nodes:
                node.feed()
                node.read()
                node.world.journal.flush()

    def check(self) -> None:
        """All nodes are the same, and as the last acknowledged changes say."""
        first = self.nodes[0].world
        for number in NUMBERS:
            wanted = first.standings.of(number, "")
            if number in self.erased:
                held = [node.world.standings.of(number, "").live for node in self.nodes]
                # By some clock its time may be over.
                ends = {
                    (block.id, block.changed)
                    if block is not None and block.until > self.now + SKEW
                    else None
                    for block in held
                }
                assert len(ends) == 1, (number, held)
                continue
            for node in self.nodes:
                found = node.world.standings.of(number, "")
                assert found.stamp == wanted.stamp, (number, node.name)
                if wanted.block is not None and found.block is not None:
                    assert found.block.attempts == wanted.block.attempts, number
                    assert found.block.id == wanted.block.id
                    assert found.block.until == wanted.block.until
                is_over = found.live is None
                self._check_end(node, number, is_over=is_over)
            assert wanted.stamp >= self.acknowledged.get(number, UNSTAMPED), number
        self._check_audit()
        self._check_entries()
        for node in self.nodes:
            assert node.world.pbx.gate == dict(node.world.blocklist.entries()), node.name
            for block in node.world.blocklist.blocks():
                assert node.world.store.blocks[block.id] == block
            kept = node.world.store.blocks.values()
            live = [each.number for each in kept if each.state is BlockState.LIVE]
            assert sorted(live) == sorted(node.live()), node.name

    def _check_audit(self) -> None:
        """Of each block that ran out on any node one row says so, on one of them."""
        rows = [
            (row.request, row.expires)
            for node in self.nodes
            for row in node.world.store.audit.values()
            if row.action == EXPIRED
        ]
        assert len(rows) == len(set(rows)), rows
        over = {
            (f"{EXPIRED}-{block.id}-{block.until}", block.until)
            for node in self.nodes
            for block in node.world.store.blocks.values()
            if block.state is BlockState.EXPIRED
        }
        assert over <= set(rows)

    def _check_entries(self) -> None:
        """All nodes have the same, in memory, in the store and in FreeSWITCH."""
        wanted = stamps_of(self.nodes[0].world)
        entries = self.nodes[0].world.store.entries()
        for node in self.nodes:
            world = node.world
            assert stamps_of(world) == wanted, node.name
            assert world.store.stamps == wanted, node.name
            assert world.store.entries() == entries, node.name
            kept = sorted(world.provisioning.entries(), key=str)
            assert kept == sorted(entries, key=str), node.name
            rooms = {f"*{each.extension}" for each in entries if isinstance(each, Room)}
            assert set(world.pbx.rooms) == rooms, node.name
            protected = [each.name for each in entries if isinstance(each, Protected)]
            assert not set(protected) & set(node.live()), node.name
        for thing, stamp in self.acknowledged.items():
            if "/" in thing:
                assert wanted[thing].stamp >= stamp, thing

    def _check_end(self, node: Node, number: str, *, is_over: bool) -> None:
        """A number is free where it was released, or where its time is over by the own clock."""
        block = node.world.standings.of(number, "").block
        if block is None:
            assert is_over
            return
        is_due = block.until <= self.now + node.ahead
        is_released = block.state is BlockState.RELEASED
        assert is_over == (is_due or is_released), (node.name, block)

    # What happens

    def _tell(self, node: Node, what: str) -> None:
        self.story.append(f"{self.now - NOW:9.3f} {node.name} {what}")

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        for node in self.nodes:
            node.set_clock(self.now)
            node.world.blocking.expire_due()

    def _ask(self, node: Node, action: Action, number: str, duration: int | None) -> None:
        request = an_operators(action, number=number, duration=duration)
        if self._is_promised(node, request, number):
            self._acknowledge(number, node.world.standings.of(number, "").stamp)

    def _is_promised(self, node: Node, request: Request, of: str) -> bool:
        """Ask for it; whether it was done and is on the disk. A request that finds the store away
        is answered before, and says so."""
        reply = node.world.ask(replace(request, id=f"{request.id}-{self.now}"))
        self._tell(node, f"{request.action} {of} {reply.code}")
        return reply.status is Status.OK and not reply.record_pending

    def _acknowledge(self, what: str, stamp: Stamp) -> None:
        self.acknowledged[what] = max(self.acknowledged.get(what, UNSTAMPED), stamp)

    def _block(self, node: Node) -> None:
        self._ask(node, Action.BLOCK, self.lots.choice(NUMBERS), self.lots.choice((20, 60, 600)))

    def _unblock(self, node: Node) -> None:
        self._ask(node, Action.UNBLOCK, self.lots.choice(NUMBERS), None)

    def _erase(self, node: Node, lots: random.Random) -> None:
        number, with_live_block = lots.choice(NUMBERS), lots.choice((True, False))
        self._tell(node, f"erases {number}{' with its block' if with_live_block else ''}")
        self.erased.add(number)
        with suppress(StoreUnavailableError):
            node.world.erasure.erase_person(
                number, "operator:maria", f"r-{self.now}", with_live_block=with_live_block
            )

    def _some_entries(self) -> list[Entry]:
        return [self._drawn(each) for each in self.entries if self.lots.random() < 0.2]

    def _drawn(self, entry: Entry) -> Entry:
        """The entry with something in it that tells it from others of that name."""
        drawn = self.lots.randrange(1000)
        match entry:
            case Group():
                return replace(entry, destination=str(drawn))
            case Room():
                return entry
            case Service():
                return replace(entry, description=str(drawn))
            case Protected():
                return replace(entry, comment=str(drawn))
            case _:
                return replace(entry, extension="", language=self.lots.choice(["", "en"]))

    def _set(self, node: Node) -> None:
        self._change_entry(node, Action.SET, self._drawn(self.lots.choice(self.entries)))

    def _remove(self, node: Node) -> None:
        self._change_entry(node, Action.REMOVE, self.lots.choice(self.entries))

    def _change_entry(self, node: Node, action: Action, entry: Entry) -> None:
        thing = f"{kind_of(entry)}/{key(entry)}"
        if self._is_promised(node, an_operators(action, entry=entry), thing):
            self._acknowledge(thing, stamps_of(node.world)[thing].stamp)

    def _attempt(self, node: Node) -> None:
        for block in node.world.blocklist.blocks():
            self._tell(node, f"counts an attempt of {block.number}")
            node.world.blocking.count_attempt(block)

    def _feed(self, node: Node) -> None:
        self._tell(node, "feeds")
        node.feed()

    def _read(self, node: Node) -> None:
        self._tell(node, "reads")
        node.read()

    def _cut(self, node: Node) -> None:
        node.site.is_cut = not node.site.is_cut
        self._tell(node, "is cut off" if node.site.is_cut else "is connected")

    def _lose_answer(self, node: Node) -> None:
        node.site.is_answer_lost = True
        self._tell(node, "loses an answer")

    def _store_fails(self, node: Node) -> None:
        node.world.store.failure = "" if node.world.store.failure else "the disk is full"
        self._tell(node, f"has a store: {node.world.store.failure or 'again'}")

    def _crash(self, node: Node) -> None:
        is_waiting = node.world.store.failure or (self.entries and node.world.journal.failure)
        if is_waiting:
            # What waits in memory then is lost with the process, as without a site; a room that was
            # not acknowledged stays in FreeSWITCH.
            return
        self._tell(node, "crashes")
        # Ids of rows are microseconds: a restart takes longer.
        self._pass(0.001)
        node.crash(self.now)

    def _fail_over(self, node: Node) -> None:
        lost = self.lots.randrange(3)
        number = max(0, len(self.database.log) - lost)
        self._tell(node, f"sees a failover that loses {len(self.database.log) - number} changes")
        self.database.lose(number)


def stamps_of(world: World) -> dict[str, EntryStamp]:
    """Name of each entry → its last change."""
    return {each.thing: each for each in world.provisioning.shared.all()}


def run(seed: int, entries: Sequence[Entry] = ENTRIES, *, erases: bool = False) -> list[str]:
    """One schedule, from its beginning to its check; what happened. An ``AssertionError`` says what
    was wrong, after the story. With ``erases`` persons are erased in between."""
    simulation = Simulation(seed, entries, erases=erases)
    try:
        simulation.run()
        simulation.settle()
        simulation.check()
    except Exception as error:
        raise AssertionError("\n".join([f"seed {seed}", *simulation.story])) from error
    return simulation.story
