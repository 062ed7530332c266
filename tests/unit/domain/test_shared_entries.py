"""Changes of entries that a site's PBXs made apart: whatever the order in which they are heard,
however often, and whatever the clocks say, all PBXs end the same."""

from __future__ import annotations

import random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.core.shared_entries import SharedEntries
from fluxcc.domain.changes import Change, Kind, Mark, MarkKind, Stamp
from fluxcc.domain.provisioning import (
    KINDS,
    Entry,
    Group,
    Protected,
    Room,
    Service,
    Token,
    User,
    UserRole,
)
from fluxcc.domain.shared_entries import (
    EntryChange,
    EntryStamp,
    entry_marks,
    read_change,
    read_fields,
    stamped_entry,
    told_entry,
)
from tests.fakes import NOW, SteppedClock

SALES = Group("sales", has_survey=True, domain="a.example")
ONE_OF_EACH: tuple[Entry, ...] = (
    SALES,
    Room("1000", domain="a.example"),
    Service("invoices", "7999"),
    Protected("+5511988887777", "the mayor"),
    User("ana", UserRole.SUPERVISOR, password_hash="$argon2id$v=19$m=1$a$b"),
    Token("board", UserRole.VIEWER, digest="0" * 64),
)
NODES = ("pbx1", "pbx2", "pbx3")


def told(change: EntryChange) -> Change:
    """What the site hears of it."""
    fields = msgspec.json.encode(msgspec.structs.asdict(change.entry)) if change.entry else b""
    return told_entry(change.stamp, fields.decode())


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=lambda entry: type(entry).__name__)
def test_an_entry_of_any_kind_is_read_as_it_was_told(entry: Entry) -> None:
    saved = stamped_entry(entry, Stamp(7, "pbx1"))
    removed = stamped_entry(entry, Stamp(8, "pbx2"), is_gone=True)
    assert read_change(told(saved)) == saved
    assert read_change(told(removed)) == removed
    assert told(removed).body == ""
    assert {type(each) for each in ONE_OF_EACH} == set(KINDS.values())


def test_its_key_names_kind_name_and_domain() -> None:
    change = told(stamped_entry(SALES, Stamp(7, "pbx1")))
    assert (change.kind, change.key) == (Kind.ENTRY, "group/sales@a.example")


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("queue/sales", '{"name": "sales"}'),
        ("sales", "{}"),
        ("group/sales", "no JSON"),
        ("group/sales", '{"name": "support"}'),
        ("group/sales", '{"name": "sales", "scale": "1-7"}'),
    ],
)
def test_what_this_version_cannot_read_is_said(key: str, body: str) -> None:
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        read_change(Change(Kind.ENTRY, key, 7, "pbx1", body))


def test_a_stored_entry_of_a_kind_of_later_versions_is_said() -> None:
    with pytest.raises(ValueError, match="queue"):
        read_fields("queue", "{}")


def test_what_was_changed_here_is_marked_and_what_came_from_elsewhere_is_not() -> None:
    stamps = [EntryStamp("group", "a", 1, "pbx1"), EntryStamp("group", "b", 1, "pbx2")]
    assert entry_marks(stamps, "pbx1") == [Mark(MarkKind.ENTRY, "group/a")]
    assert entry_marks([EntryStamp("group", "a", 1, "")], "") == []


class Step(NamedTuple):
    """What one node does, and what the others hear then."""

    node: int
    is_removal: bool
    seconds: float
    heard: int
    """Draws what is heard by whom."""


class Node:
    """A PBX with a clock of its own, as far as one group is concerned."""

    def __init__(self, name: str, ahead: float) -> None:
        self.clock = SteppedClock(NOW + ahead)
        self.shared = SharedEntries(name, self.clock)
        self.group: Group | None = None

    def do(self, group: Group, *, is_removal: bool) -> EntryChange:
        """Set or remove the group; what the others are to hear."""
        (stamp,) = self.shared.change(group, is_gone=is_removal)
        self.group = None if is_removal else group
        return EntryChange(stamp, self.group)

    def hear(self, change: EntryChange) -> None:
        """A change comes in."""
        heard = read_change(told(change))
        if self.shared.accept(heard):
            self.group = heard.entry  # type: ignore[assignment]


steps = st.builds(
    Step,
    node=st.integers(0, 2),
    is_removal=st.booleans(),
    seconds=st.floats(0, 15),
    heard=st.integers(0, 2**30),
)


@given(
    st.lists(steps, max_size=12),
    st.tuples(*[st.one_of(st.floats(-5, 5), st.floats(-1e6, 1e6))] * 3),
    st.sets(st.integers(0, 2)),
    st.randoms(use_true_random=False),
)
def test_all_nodes_end_the_same_by_any_order_any_repetition_and_any_clocks(
    history: list[Step], ahead: tuple[float, ...], had_before: set[int], lots: random.Random
) -> None:
    nodes = [Node(name, by) for name, by in zip(NODES, ahead, strict=True)]
    made: list[EntryChange] = []
    for place in had_before:
        # It had a group of that name before there was a site.
        former = nodes[place].group = Group("sales", questions=place + 1)
        made += [EntryChange(each, former) for each in nodes[place].shared.load([former], ())]
    for count, step in enumerate(history):
        for node in nodes:
            node.clock.step(step.seconds)
        group = Group("sales", destination=str(count))
        made.append(nodes[step.node].do(group, is_removal=step.is_removal))
        drawn = random.Random(step.heard)
        for change in drawn.choices(made, k=drawn.randrange(4)):
            drawn.choice(nodes).hear(change)
    for node in nodes:
        again = made * 2
        lots.shuffle(again)
        for change in again:
            node.hear(change)
    latest = max(made, key=lambda change: change.stamp.stamp, default=None)
    for node in nodes:
        assert node.group == (latest.entry if latest else None)
        assert node.shared.all() == ([latest.stamp] if latest else [])
