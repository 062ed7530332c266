"""Changes that a site's PBXs made apart: whatever the order in which they are heard, however often,
and whatever the clocks say, all PBXs end the same."""

from __future__ import annotations

import random
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fluxcc.domain.blocks import BY_TIME, Block, BlockChange, BlockState
from fluxcc.domain.changes import (
    UNSTAMPED,
    Change,
    Kind,
    Stamp,
    Stamps,
    Standing,
    Tally,
    change_of,
    completed,
    settle,
    stamp_of,
    stamped,
    tally_of,
)
from tests.builders import NUMBER, a_block
from tests.fakes import NOW

LATER = NOW + 10
OVER = NOW + 10_000
NODES = ("pbx1", "pbx2", "pbx3")


def marked(id: str, node: str, at: float, **changes: object) -> Block:
    """A block that a node made."""
    fields = {"since": at, "until": int(at) + 1800, "by": f"agent:{node}", **changes}
    return stamped(a_block(id, **fields), Stamp(int(at * 1e6), node))


def released(block: Block, node: str, at: float) -> Block:
    """A block that a node took back."""
    ended = replace(block, state=BlockState.RELEASED, ended_at=at, ended_by=f"operator:{node}")
    return stamped(ended, Stamp(int(at * 1e6), node))


def heard(*changes: Block, now: float = LATER) -> Standing:
    """What a node knows that heard of these, in this order."""
    known = Standing()
    for change in changes:
        settled = settle(known, change, is_over=change.until <= now)
        known = known if settled is None else settled.standing
    return known


def test_the_later_of_two_marks_counts_and_the_earlier_one_has_ended() -> None:
    first, second = marked("b1", "pbx1", NOW), marked("b2", "pbx2", NOW + 1)
    settled = settle(Standing(stamp_of(first), first), second, is_over=second.until <= LATER)
    assert settled is not None
    assert settled.standing.live == second
    assert settled.told is BlockChange.RENEWED
    (loser,) = settled.ended
    assert (loser.id, loser.state, loser.ended_by) == ("b1", BlockState.RELEASED, "agent:pbx2")
    assert settle(Standing(stamp_of(second), second), first, is_over=first.until <= LATER) is None


def test_the_nodes_name_decides_where_both_are_of_the_same_microsecond() -> None:
    first, second = marked("b1", "pbx1", NOW), marked("b2", "pbx2", NOW)
    assert heard(first, second).live == heard(second, first).live == second


def test_a_release_is_a_change() -> None:
    mark = marked("b1", "pbx1", NOW)
    release = released(mark, "pbx2", NOW + 1)
    assert heard(mark, release).live is heard(release, mark).live is None
    renewal = replace(mark, until=mark.until + 5, changed=int((NOW + 2) * 1e6))
    assert heard(mark, release, renewal).live == heard(renewal, release).live == renewal


def test_a_release_of_one_of_two_marks_made_apart_frees_the_number() -> None:
    mine, other = marked("b1", "pbx1", NOW), marked("b2", "pbx2", NOW - 1)
    release = released(other, "pbx2", NOW + 1)
    settled = settle(Standing(stamp_of(mine), mine), release, is_over=release.until <= LATER)
    assert settled is not None
    assert settled.standing.live is None
    assert settled.told is BlockChange.RELEASED
    assert [(each.id, each.state, each.ended_by) for each in settled.ended] == [
        ("b1", BlockState.RELEASED, "operator:pbx2"),
        ("b2", BlockState.RELEASED, "operator:pbx2"),
    ]


def test_the_end_of_its_time_is_no_change_so_a_renewal_of_before_it_still_counts() -> None:
    mark = marked("b1", "pbx1", NOW)
    ended = replace(mark, state=BlockState.EXPIRED, ended_at=mark.until, ended_by=BY_TIME)
    renewal = stamped(replace(mark, until=mark.until + 900), Stamp(mark.changed + 1, "pbx2"))
    settled = settle(
        Standing(stamp_of(ended), ended), renewal, is_over=renewal.until <= mark.until + 1
    )
    assert settled is not None
    assert settled.standing.live == renewal
    assert settled.told is BlockChange.BLOCKED


def test_a_block_whose_time_has_passed_is_over_when_it_is_heard_of() -> None:
    mark = marked("b1", "pbx1", NOW)
    settled = settle(Standing(), mark, is_over=mark.until <= OVER)
    assert settled is not None
    assert settled.standing.live is None
    assert settled.told is None
    (over,) = settled.ended
    assert (over.state, over.ended_at, over.ended_by) == (
        BlockState.EXPIRED,
        mark.until,
        BY_TIME,
    )


def test_a_mark_after_the_end_of_another_one_lets_that_one_have_run_out() -> None:
    first = marked("b1", "pbx1", NOW)
    second = marked("b2", "pbx2", first.until + 1)
    settled = settle(
        Standing(stamp_of(first), first), second, is_over=second.until <= first.until - 1
    )
    assert settled is not None
    assert [each.state for each in settled.ended] == [BlockState.EXPIRED]


def test_each_node_goes_on_counting_its_own_attempts() -> None:
    mine = replace(marked("b1", "pbx1", NOW), attempts=3, last_attempt=NOW + 1)
    for theirs in (marked("b2", "pbx2", NOW + 2), replace(mine, attempts=7, changed=2**60)):
        settled = settle(Standing(stamp_of(mine), mine), theirs, is_over=theirs.until <= LATER)
        assert settled is not None
        assert settled.standing.live is not None
        assert settled.standing.live.attempts == 3


def test_what_was_there_before_the_site_is_beaten_by_everything_the_site_knows() -> None:
    old = a_block("b1")
    assert stamp_of(old) == UNSTAMPED
    assert heard(old).live is None
    theirs = marked("b2", "pbx2", NOW - 1000)
    assert settle(Standing(UNSTAMPED, old), theirs, is_over=theirs.until <= LATER) is not None


def test_the_origin_of_a_block_is_the_node_that_marked_it_first() -> None:
    mark = marked("b1", "pbx1", NOW)
    renewal = stamped(mark, Stamp(mark.changed + 1, "pbx2"))
    assert (renewal.origin, renewal.changer) == ("pbx1", "pbx2")


@given(st.lists(st.tuples(st.floats(0, 4e9), st.integers(0, 2**62)), min_size=1))
def test_a_stamp_is_later_than_what_was_known_whatever_the_clock_says(
    moments: list[tuple[float, int]],
) -> None:
    stamps = Stamps("pbx1")
    given_before = UNSTAMPED
    for now, known in moments:
        stamp = stamps.next(now, Stamp(known, "pbx2"))
        assert stamp > Stamp(known, "pbx2")
        assert stamp > given_before
        given_before = stamp


def test_changes_of_any_kind_are_ordered_alike() -> None:
    change = Change(Kind.ENTRY, "group/8000", 7, "pbx1", "{}")
    assert change.stamp == Stamp(7, "pbx1")


# Any history


class Step(NamedTuple):
    """What one node does, and what the others hear then."""

    node: int
    does: str
    seconds: float
    heard: int
    """Draws what is heard by whom."""


class Node:
    """A PBX with a clock of its own, as far as one number is concerned."""

    def __init__(self, name: str, ahead: float) -> None:
        self.stamps = Stamps(name)
        self.known = Standing()
        self.ahead = ahead
        self.marks = 0

    def do(self, what: str, now: float) -> Block | None:
        """Mark the number, renew that, or release it; what the others are to hear."""
        now += self.ahead
        self.expire(now)
        live = self.known.live
        stamp = self.stamps.next(now, self.known.stamp)
        if what == "release":
            if live is None:
                return None
            ended = replace(live, state=BlockState.RELEASED, ended_at=now, ended_by="operator")
            block = stamped(ended, stamp)
        else:
            self.marks += 1
            block = live or a_block(f"{self.stamps.node}-{self.marks}", since=now)
            block = stamped(replace(block, until=int(now) + 20, by=self.stamps.node), stamp)
        self.known = Standing(stamp, block)
        return block

    def hear(self, theirs: Block, now: float) -> None:
        """A change comes in."""
        settled = settle(self.known, theirs, is_over=theirs.until <= now + self.ahead)
        if settled is not None:
            self.known = settled.standing

    def expire(self, now: float) -> None:
        """The end of a block by this node's clock."""
        live = self.known.live
        if live is not None and live.until <= now:
            self.known = Standing(
                self.known.stamp, replace(live, state=BlockState.EXPIRED, ended_at=live.until)
            )


steps = st.builds(
    Step,
    node=st.integers(0, 2),
    does=st.sampled_from(["mark", "mark", "release"]),
    seconds=st.floats(0, 15),
    heard=st.integers(0, 2**30),
)


@given(
    st.lists(steps, max_size=12),
    st.tuples(*[st.one_of(st.floats(-5, 5), st.floats(-1e6, 1e6))] * 3),
    st.randoms(use_true_random=False),
)
def test_all_nodes_end_the_same_by_any_order_any_repetition_and_any_clocks(
    history: list[Step], ahead: tuple[float, ...], lots: random.Random
) -> None:
    nodes = [Node(name, by) for name, by in zip(NODES, ahead, strict=True)]
    made: list[Block] = []
    now = NOW
    for step in history:
        now += step.seconds
        change = nodes[step.node].do(step.does, now)
        if change is not None:
            made.append(change)
        drawn = random.Random(step.heard)
        for theirs in drawn.choices(made, k=drawn.randrange(4)) if made else []:
            drawn.choice(nodes).hear(theirs, now)
    for node in nodes:
        again = made * 2
        lots.shuffle(again)
        for theirs in again:
            node.hear(theirs, now)
    latest = max(made, key=stamp_of, default=None)
    for node in nodes:
        assert node.known.stamp == (stamp_of(latest) if latest else UNSTAMPED)
        node.expire(now + 2e6 + 100)
        block = node.known.block
        if latest is None:
            assert block is None
            continue
        assert block is not None
        assert (block.id, block.until, block.origin) == (latest.id, latest.until, latest.origin)
        wanted = latest.state if latest.state is not BlockState.LIVE else BlockState.EXPIRED
        assert block.state is wanted


tallies = st.lists(
    st.builds(
        lambda node, count: (node, Tally("b1", NUMBER, "", count, NOW + count)),
        st.sampled_from(NODES[1:]),
        st.integers(0, 9),
    ),
    max_size=8,
)


@given(tallies, st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_attempts_of_all_nodes_are_summed_in_any_order_and_by_any_repetition(
    told: list[tuple[str, Tally]], own: int, lots: random.Random
) -> None:
    block = replace(marked("b1", "pbx1", NOW), attempts=own, last_attempt=NOW if own else None)
    again = told * 2
    lots.shuffle(again)
    for node, tally in again:
        block = completed(block, "pbx1", node, tally)
    largest = [max((t.count for n, t in told if n == node), default=0) for node in NODES[1:]]
    assert block.attempts == own + sum(largest)
    assert block.own_attempts == own
    assert tally_of(block, "pbx1").at == own


def test_what_others_counted_of_the_same_block_stays_with_a_renewal() -> None:
    mine = completed(marked("b1", "pbx1", NOW), "pbx1", "pbx2", Tally("b1", NUMBER, "", 4, NOW))
    renewal = stamped(mine, Stamp(mine.changed + 1, "pbx2"))
    renewed = heard_with(mine, change_of_block(renewal))
    assert (renewed.attempts, renewed.elsewhere) == (4, {"pbx2": 4})
    other = heard_with(mine, marked("b2", "pbx2", NOW + 1))
    assert (other.attempts, other.elsewhere) == (0, {})


def heard_with(known: Block, theirs: Block) -> Block:
    """What becomes of a live block by a change."""
    settled = settle(Standing(stamp_of(known), known), theirs, is_over=theirs.until <= LATER)
    assert settled is not None
    assert settled.standing.live is not None
    return settled.standing.live


def change_of_block(block: Block) -> Block:
    """A block as the others hear of it."""
    return msgspec.json.decode(change_of(block).body, type=Block)
