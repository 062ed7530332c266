"""Pranks, blocks, releases, expiries, reloads of mod_hash and lost links on few numbers, in any
order in which their greenlets can run: memory, store and gate agree whenever all rests, and what
was acknowledged is what holds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.requests import Reply, Request
from tests.builders import NUMBER, OTHER, a_request, an_operators
from tests.unit.core.blocks.interleavings import Play

NUMBERS = (NUMBER, OTHER)
FREEING = {Code.RELEASED, Code.RELEASE_PENDING, Code.ENDED}


class Answered(NamedTuple):
    """One request with its reply, and when, in the order of all beginnings and ends."""

    number: str
    reply: Reply
    asked: int
    answered: int

    @property
    def until(self) -> int | None:
        """The end of the block that the reply tells of; None for no block."""
        return None if self.reply.code in FREEING else self.reply.expires


class Acts:
    """What happens in a play."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.answered: list[Answered] = []
        self._moments = itertools.count()

    def ask(self, number: str, request: Request) -> None:
        """One request."""
        asked = next(self._moments)
        reply = self.play.executor.execute(request)
        assert reply is not None
        self.answered.append(Answered(number, reply, asked, next(self._moments)))

    def lose(self) -> None:
        """The link is lost, FreeSWITCH goes on, and the daemon connects again."""
        self.play.pbx.lose()
        self.play.runtime.pause()
        self.play.pbx.find_again()
        self.play.publisher.publish_all()
        self.play.reclaim_blocks()

    def reload(self) -> None:
        """mod_hash is loaded anew."""
        self.play.pbx.gate.clear()
        self.play.hash_loaded()

    def compare(self) -> None:
        """The comparison is due."""
        self.play.comparison.step()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.play.runtime.sleep(seconds)


def acts(play: Play, names: list[tuple[str, int]]) -> Acts:
    """Each of them begun, in that order."""
    found = Acts(play)
    for place, (name, number) in enumerate(names):
        dialled = NUMBERS[number % 2]
        make: dict[str, Callable[[], object]] = {
            "unblock": partial(found.ask, dialled, an_operators(Action.UNBLOCK, number=dialled)),
            "lose": found.lose,
            "reload": found.reload,
            "compare": found.compare,
            "wait": partial(found.wait, 1.5),
        }
        for duration in (1, 1800, 2_592_000):
            request = an_operators(Action.BLOCK, number=dialled, duration=duration)
            make[f"block {duration}"] = partial(found.ask, dialled, request)
        if name == "prank":
            customer, agent = f"customer-{place}", str(1000 + place)
            play.received_call(dialled, agent, customer, f"telephone-{place}")
            prank = a_request(agent=agent, call=customer)
            make[name] = partial(found.ask, dialled, prank)
        play.begin(make[name])
    return found


NAMES = ("prank", "unblock", "block 1", "block 1800", "block 2592000", "lose", "reload", "compare")
SCRIPTS = st.lists(
    st.tuples(st.sampled_from((*NAMES, "prank", "unblock", "wait")), st.integers(0, 1)),
    min_size=2,
    max_size=7,
)


def agree(play: Play) -> None:
    """Memory, store and gate have the same blocks."""
    memory = {key: play.blocklist.end_of(key) for key in play.blocklist.all_keys()}
    assert play.pbx.gate == memory
    kept = {block.id: block for block in play.store.live_blocks()}
    assert kept == {block.id: block for block in play.blocklist.blocks()}


def holds(play: Play, number: str, answered: list[Answered]) -> bool:
    """Whether the number is as one of the last requests about it were told: one after whose reply
    no other was asked that changed anything. Where a link broke in the middle, nobody was told."""
    done = [
        each
        for each in answered
        if each.number == number and each.reply.status is not Status.REFUSED
    ]
    if not done or any(each.reply.status is not Status.OK for each in done):
        return True
    last = [one for one in done if not any(other.asked > one.answered for other in done)]
    live = play.blocklist.find(play.numbers.read(number))
    ends = {one.until for one in last} or {None}
    now = play.clock.now()
    over = {until if until is None or until > now else None for until in ends}
    return (live.until if live is not None else None) in over


@settings(max_examples=300, deadline=None)
@given(script=SCRIPTS, is_blocked=st.booleans(), seed=st.integers(0, 2**32))
def test_memory_store_and_gate_agree_after_any_interleaving(
    script: list[tuple[str, int]], is_blocked: bool, seed: int
) -> None:
    play = Play()
    if is_blocked:
        play.blocks()
    play.reclaim_blocks()
    play.gate_table.is_settled = True
    done = acts(play, script)
    chance = random.Random(seed)
    delays = [chance.choice((0.0, 0.3, 0.8)) for _ in range(chance.randrange(7))]
    play.play(chance.randrange, delays)
    play.publisher.repair()
    play.scheduler.step()
    play.journal.flush()
    agree(play)
    for number in NUMBERS:
        if any(each.number == number for each in done.answered):
            assert holds(play, number, done.answered), done.answered
