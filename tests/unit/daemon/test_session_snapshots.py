"""Snapshots: after each connect, in place of what was dropped, and once more for what lagged; and
what is asked of a leg that was found by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxcc.daemon.session import BETWEEN_RESYNCS, IDLE_WAIT, SECOND_SNAPSHOT_AFTER, Session
from fluxcc.domain.agents import Agent, Registration
from fluxcc.domain.errors import LinkLostError
from fluxcc.domain.events import LegFact, LegNews
from fluxcc.pbx.inbox import Inbox
from tests.builders import World, a_row, a_snapshot, event_body
from tests.fakes import SteppedClock

from .fakes import FakeSwitch, Waiting, let_others_run, nothing

Slice = Callable[[Inbox], bool]
"""Handles some events; whether more may be waiting."""


def snapshots(world: World) -> int:
    return world.story.count("snapshot")


class ScriptedIntake:
    """``intake.Intake`` that plays slices; after the last one nothing waits."""

    def __init__(self, *slices: Slice) -> None:
        self._slices = list(slices)
        self.last_heard = 0.0

    def take_slice(self, inbox: Inbox) -> bool:
        return self._slices.pop(0)(inbox) if self._slices else False


def plays(session: Session, *slices: Slice) -> None:
    """Events come in these slices, and no more."""
    session.intake = ScriptedIntake(*slices)  # type: ignore[assignment]


def a_slice(clock: SteppedClock, seconds: float, *, is_last: bool = False) -> Slice:
    """Some seconds of events, of which some are dropped."""

    def play(inbox: Inbox) -> bool:
        clock.step(seconds)
        inbox.has_gap = True
        return not is_last

    return play


def there_are(switch: FakeSwitch, *legs: str) -> None:
    """FreeSWITCH has these legs, of callers in the group ``sales``."""
    switch.legs = a_snapshot(*map(a_row, legs))
    switch.descriptions = {
        leg: event_body("CHANNEL_DATA", leg, variable_fluxcc_group="sales") for leg in legs
    }


def flood(switch: FakeSwitch, *legs: str) -> Callable[[], None]:
    """These legs come into being, all at once."""

    def come() -> None:
        for leg in legs:
            switch.on_event(event_body("CHANNEL_CREATE", leg))

    return come


# In place of what was dropped


def test_a_snapshot_takes_the_place_of_what_was_dropped(
    session: Session,
    switch: FakeSwitch,
    waiting: Waiting,
    world: World,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting.inbox_size = 2

    def come() -> None:
        there_are(switch, *"abcde")
        flood(switch, *"abcde")()

    waiting.do(come)
    session.run()
    assert caplog.messages == ["events were dropped; a snapshot replaces them"]
    assert vars(caplog.records[0])["dropped"] == session.dropped == 4
    assert sorted(world.tracker.legs) == [*"abcde"]
    assert (session.resyncs, session.connects) == (2, 1)


def test_what_was_dropped_is_repaired_at_once_where_nothing_more_waits(
    session: Session, world: World, waiting: Waiting
) -> None:
    turn = a_slice(world.clock, 0.01, is_last=True)
    plays(session, turn, turn, turn)
    waiting.do(nothing, nothing)
    session.run()
    assert snapshots(world) == 1 + 3


def test_under_overload_what_was_dropped_is_repaired_at_most_once_a_second(
    session: Session, switch: FakeSwitch, world: World
) -> None:
    """At the first turn, and then whenever more than a second has passed."""
    assert BETWEEN_RESYNCS == 1.0
    at: list[float] = []
    plays(session, *[a_slice(world.clock, 0.4)] * 10)
    began = world.clock.monotonic()
    switch.during_snapshot = lambda: at.append(world.clock.monotonic() - began)
    session.run()
    # The last one when nothing waits any more.
    assert at == pytest.approx([0.0, 0.4, 1.6, 2.8, 4.0])


def test_the_last_that_was_dropped_under_overload_is_repaired_when_it_is_over(
    session: Session, world: World
) -> None:
    turn = a_slice(world.clock, 0.1)
    plays(session, turn, turn, a_slice(world.clock, 0.1, is_last=True))
    session.run()
    assert snapshots(world) == 1 + 2


def test_what_is_dropped_while_a_snapshot_is_on_its_way_needs_another_one(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    waiting.inbox_size = 2
    more = [flood(switch, *"xyz"), nothing, nothing]

    def drop_again() -> None:
        if session.resyncs == 1 and more:
            more.pop(0)()

    switch.during_snapshot = drop_again
    waiting.do(flood(switch, *"abc"), nothing)
    session.run()
    assert snapshots(world) == 1 + 2


def test_without_the_snapshot_what_was_dropped_is_still_missing(
    session: Session, switch: FakeSwitch, waiting: Waiting
) -> None:
    waiting.inbox_size = 2
    session.connect()
    flood(switch, *"abc")()
    switch.broken.add("snapshot")
    with pytest.raises(LinkLostError):
        session.resync()
    assert session.resyncs == 1
    assert session._inbox.has_gap
    switch.broken.clear()
    session.resync()
    assert not session._inbox.has_gap


def test_a_repair_that_fails_is_followed_by_a_new_connection(
    session: Session, switch: FakeSwitch, waiting: Waiting
) -> None:
    def drop_and_break() -> None:
        flood(switch, *"abc")()
        switch.broken.add("snapshot")

    waiting.inbox_size = 2
    waiting.do(drop_and_break, switch.broken.clear)
    session.run()
    assert (session.connects, session.resyncs) == (2, 2)


# Once more, for what lagged


def test_a_second_snapshot_is_taken_two_seconds_after_the_first_and_no_third(
    session: Session, waiting: Waiting, world: World
) -> None:
    assert (SECOND_SNAPSHOT_AFTER, IDLE_WAIT) == (2.0, 0.5)
    counts: list[int] = []
    waiting.do(*[lambda: counts.append(snapshots(world))] * 12)
    session.run()
    # A turn sees what the clock says at its beginning; the snapshot is taken beside the next one.
    assert counts == [1] * 6 + [2] * 6


def test_a_leg_that_was_just_going_is_lost_by_the_second_snapshot(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    there_are(switch, "going")
    waiting.do(lambda: setattr(switch, "legs", a_snapshot()), *[nothing] * 6)
    session.run()
    assert world.tracker.legs == {}


def test_a_repair_is_checked_by_a_second_snapshot_too(
    session: Session, world: World, waiting: Waiting
) -> None:
    plays(session, a_slice(world.clock, 0.0, is_last=True))
    waiting.do(*[nothing] * 12)
    session.run()
    # After the connect, in place of what was dropped, and two seconds after that.
    assert snapshots(world) == 3


def test_events_go_on_while_a_second_snapshot_is_on_its_way(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    known: list[list[str]] = []

    def take_long() -> None:
        if snapshots(world) == 2:
            switch.on_event(event_body("CHANNEL_CREATE", "new"))
            let_others_run()
            known.append(list(world.tracker.legs))

    switch.during_snapshot = take_long
    waiting.do(*[nothing] * 8)
    session.run()
    assert known == [["new"]]


def test_no_second_snapshot_is_taken_of_a_link_that_went_meanwhile(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    # The link goes in the turn in which the snapshot is due, before it is taken.
    waiting.do(*[nothing] * 5, switch.lose)
    session.run()
    assert snapshots(world) == 1


def test_no_second_snapshot_is_taken_for_a_connection_that_was_replaced(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    def due(inbox: Inbox) -> bool:
        world.clock.step(SECOND_SNAPSHOT_AFTER + 0.1)
        return True

    def lost(inbox: Inbox) -> bool:
        switch.lose()
        return True

    plays(session, due, lost)
    waiting.do(nothing)
    session.run()
    assert (session.connects, snapshots(world)) == (2, 2)


def test_a_second_snapshot_that_fails_costs_no_connection(
    session: Session, switch: FakeSwitch, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    waiting.do(lambda: switch.broken.add("snapshot"), *[nothing] * 7)
    session.run()
    assert caplog.messages == ["the second snapshot of FreeSWITCH's calls failed"]
    assert (session.connects, session.resyncs) == (1, 1)


# What a snapshot does not tell


@pytest.fixture
def found(switch: FakeSwitch) -> FakeSwitch:
    """Two legs that only a snapshot tells of."""
    there_are(switch, "first", "second")
    return switch


def described(world: World) -> list[str]:
    """The legs that were asked for."""
    return sorted(line for line in world.story if line.startswith("describe"))


def test_a_leg_that_was_found_is_described_before_it_is_known(
    session: Session, found: FakeSwitch, world: World
) -> None:
    """What it is, is settled when it is created: nothing that is said later changes that."""
    known: list[int] = []
    found.during_description = lambda: known.append(len(world.tracker.legs))
    session.connect()
    assert known == [0, 1]
    assert [leg.group for leg in world.tracker.legs.values()] == ["sales", "sales"]


def test_what_is_told_of_a_leg_says_whose_telephone_it_is(
    session: Session, switch: FakeSwitch, world: World
) -> None:
    """A table names no directory user."""
    switch.legs = a_snapshot(a_row("telephone", direction="outbound", user=""))
    body = event_body("CHANNEL_DATA", "telephone", variable_dialed_user="1000")
    switch.descriptions = {"telephone": body}
    session.connect()
    assert world.tracker.legs["telephone"].extension == "1000"


@pytest.mark.usefixtures("found")
def test_a_leg_that_is_known_already_is_not(session: Session, world: World) -> None:
    session.connect()
    world.story.clear()
    session.resync()
    assert world.story == ["snapshot"]


def test_a_leg_that_comes_to_be_known_meanwhile_stays_as_it_was_told(
    session: Session, found: FakeSwitch, world: World
) -> None:
    def come() -> None:
        if "first" not in world.tracker.legs:
            world.hear("CHANNEL_CREATE", "first", variable_fluxcc_group="support")

    found.during_description = come
    session.connect()
    assert world.tracker.legs["first"].group == "support"
    assert world.tracker.legs["second"].group == "sales"


def test_a_leg_that_is_not_described_is_known_as_its_row_has_it(
    session: Session, found: FakeSwitch, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have gone meanwhile, which the second snapshot sees, or cannot be asked for by its
    UUID, which a dial string can set."""
    del found.descriptions["first"]
    session.connect()
    assert {leg.uuid: leg.group for leg in world.tracker.legs.values()} == {
        "first": "",
        "second": "sales",
    }
    assert caplog.messages == []


def test_a_leg_that_has_gone_meanwhile_is_lost_by_the_second_snapshot(
    session: Session, found: FakeSwitch, waiting: Waiting, world: World
) -> None:
    del found.descriptions["first"]
    waiting.do(lambda: setattr(found, "legs", a_snapshot(a_row("second"))), *[nothing] * 6)
    session.run()
    assert list(world.tracker.legs) == ["second"]


def test_a_leg_whose_end_is_told_while_it_is_asked_for_ended_as_it_was_told(
    session: Session, found: FakeSwitch, world: World
) -> None:
    def end() -> None:
        world.hung_up("first", "USER_BUSY")
        found.during_description = nothing

    found.during_description = end
    session.connect()
    assert world.tracker.watchers.end_of("first") == LegNews(LegFact.GONE, "USER_BUSY")
    assert list(world.tracker.legs) == ["second"]


def test_where_the_link_goes_meanwhile_none_of_the_snapshot_is_taken_in(
    session: Session, found: FakeSwitch, world: World
) -> None:
    """It is taken again after the next connect."""
    found.during_description = found.lose
    with pytest.raises(LinkLostError):
        session.connect()
    assert len(described(world)) == 2
    assert world.tracker.legs == {}
    assert not session.is_connected
    found.during_description = nothing
    session.connect()
    assert sorted(world.tracker.legs) == ["first", "second"]


def test_what_was_dropped_is_still_missing_where_the_link_goes_meanwhile(
    session: Session, found: FakeSwitch, waiting: Waiting
) -> None:
    waiting.inbox_size = 2
    session.connect()
    flood(found, *"abc")()
    there_are(found, "third")
    found.broken.add("describe")
    with pytest.raises(LinkLostError):
        session.resync()
    assert session._inbox.has_gap


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b""])
def test_one_leg_that_cannot_be_described_does_not_keep_the_others_from_it(
    session: Session,
    found: FakeSwitch,
    world: World,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
) -> None:
    found.descriptions["first"] = body
    session.connect()
    assert {leg.uuid: leg.group for leg in world.tracker.legs.values()} == {
        "first": "",
        "second": "sales",
    }
    assert caplog.messages == ["a leg's channel variables were not read"]
    assert vars(caplog.records[0])["leg"] == "first"


def test_a_leg_of_a_snapshot_is_known_by_the_contact_that_it_calls(
    session: Session, world: World, switch: FakeSwitch
) -> None:
    """Registrations are read before the legs are."""
    agent = Agent("1001", "a.example")
    switch.registered = [Registration(agent, "k3@192.0.2.7")]
    name = "sofia/internal/k3@192.0.2.7"
    switch.legs = a_snapshot(a_row("leg", direction="outbound", destination="k3", channel=name))
    described = event_body("CHANNEL_DATA", "leg", Call_Direction="outbound", Channel_Name=name)
    switch.descriptions = {"leg": described}
    session.connect()
    assert world.tracker.legs["leg"].agent == agent
