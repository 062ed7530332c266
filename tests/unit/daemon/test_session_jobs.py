"""What the session does by itself: it finds links that only look alive, keeps mod_hash true, and
takes over a store that comes late."""

from __future__ import annotations

import pytest

from fluxcc.daemon.intake import Intake
from fluxcc.daemon.session import (
    HEALTH_PERIOD,
    HEALTH_PERIOD_UNPUBLISHED,
    LONGEST_PAUSE,
    SILENCE,
    Session,
)
from fluxcc.domain.provisioning import Group, Trigger
from tests.builders import NUMBER, World, a_block, event_body

from .fakes import FakeSwitch

MUTE = ["FreeSWITCH answers no command; connecting again"]


@pytest.fixture
def connected(session: Session, world: World) -> Session:
    """A session whose connection came about just now."""
    session.connect()
    world.story.clear()
    return session


# Silence


def test_a_link_that_is_silent_for_a_minute_is_lost(
    connected: Session, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert SILENCE == 60.0
    world.clock.step(SILENCE)
    assert connected.watch_silence() == 1.0
    assert connected.switch.is_connected
    world.clock.step(0.1)
    connected.watch_silence()
    assert not connected.switch.is_connected
    assert caplog.messages == ["no event from FreeSWITCH, not even a heartbeat; connecting again"]


def test_a_link_on_which_something_comes_is_not(
    connected: Session, switch: FakeSwitch, world: World, intake: Intake
) -> None:
    world.clock.step(SILENCE)
    switch.on_event(event_body("HEARTBEAT"))
    intake.take_slice(connected._inbox)
    world.clock.step(SILENCE)
    connected.watch_silence()
    assert connected.switch.is_connected


def test_nobody_listens_to_a_link_that_is_not_there(
    session: Session, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.clock.step(SILENCE + 1)
    assert session.watch_silence() == 1.0
    assert world.story == []
    assert caplog.messages == []


# Health


def test_a_healthy_link_is_only_asked_for_the_time(connected: Session, world: World) -> None:
    assert connected.check_health() == HEALTH_PERIOD == 5.0
    assert world.story == ["clock"]


def test_a_link_for_events_that_is_silent_has_to_prove_itself(
    connected: Session, world: World
) -> None:
    world.clock.step(HEALTH_PERIOD)
    connected.check_health()
    assert world.story == ["clock"]
    world.clock.step(0.1)
    connected.check_health()
    assert world.story == ["clock", "clock", "check_events"]


@pytest.mark.parametrize("command", ["clock", "check_events", "has_setting"])
def test_links_on_which_nothing_is_answered_are_lost(
    connected: Session,
    switch: FakeSwitch,
    world: World,
    command: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.clock.step(HEALTH_PERIOD + 1)
    switch.broken.add(command)
    connected.check_health()
    assert caplog.messages == MUTE
    assert not connected.switch.is_connected


def test_a_link_on_which_others_are_answered_is_not_lost(
    connected: Session, switch: FakeSwitch
) -> None:
    """A burst of requests keeps the health check's own command waiting behind theirs."""
    switch.broken.add("clock")
    switch.is_answering = True
    connected.check_health()
    assert connected.switch.is_connected


def test_a_freeswitch_that_does_not_tell_the_time_keeps_its_link(
    connected: Session, switch: FakeSwitch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.rejected.add("clock")
    connected.check_health()
    assert caplog.messages == ["FreeSWITCH's clock was not read"]
    assert connected.switch.is_connected


def test_a_clock_that_jumps_while_connected_is_logged(
    connected: Session, switch: FakeSwitch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.ahead = -3600
    connected.check_health()
    connected.check_health()
    assert caplog.messages == ["FreeSWITCH's clock has jumped"]


def test_what_a_mod_hash_that_was_loaded_anew_lacks_is_published_again(
    connected: Session, world: World
) -> None:
    world.blocklist.put(a_block())
    world.pbx.settings.clear()
    assert connected.check_health() == HEALTH_PERIOD
    assert NUMBER in world.pbx.gate
    assert world.pbx.settings


def test_what_mod_hash_did_not_take_is_tried_again_soon(session: Session, world: World) -> None:
    world.blocklist.put(a_block())
    world.pbx.rejected.add("write_blocks")
    session.connect()
    assert session.check_health() == HEALTH_PERIOD_UNPUBLISHED == 0.5
    world.pbx.rejected.clear()
    assert session.check_health() == HEALTH_PERIOD
    assert NUMBER in world.pbx.gate


def test_a_survey_that_was_not_armed_is_tried_again_soon(connected: Session, world: World) -> None:
    world.provisioning.put(Group("sales", has_survey=True, trigger=Trigger.ANY))
    world.pbx.broken.add("arm_survey")
    world.received_call()
    # Still not: FreeSWITCH answers everything but this.
    assert connected.check_health() == HEALTH_PERIOD_UNPUBLISHED
    world.pbx.broken.clear()
    assert connected.check_health() == HEALTH_PERIOD
    assert world.pbx.armed == {"customer": "*28"}


def test_blocks_that_only_mod_hash_knows_are_taken_over(connected: Session, world: World) -> None:
    world.recover()
    world.pbx.gate[NUMBER] = int(world.clock.now()) + 60
    connected.check_health()
    assert [block.number for block in world.blocklist.blocks()] == [NUMBER]


def test_without_a_link_nothing_is_checked(session: Session, world: World) -> None:
    assert session.check_health() == HEALTH_PERIOD_UNPUBLISHED
    assert world.story == []


# A store that comes late


@pytest.fixture
def late(session: Session, world: World) -> Session:
    """The store has a block, and could not be read when the daemon began."""
    world.store.blocks["b1"] = a_block()
    world.store.failure = "the disk is not mounted"
    assert not world.recover()
    return session


def test_a_store_that_can_be_read_again_is_taken_over(late: Session, world: World) -> None:
    late.connect()
    assert late.recover() == LONGEST_PAUSE == 5.0
    assert not world.is_recovered
    world.store.failure = ""
    world.story.clear()
    assert late.recover() == LONGEST_PAUSE
    assert NUMBER in world.pbx.gate
    # Its calls have to be told from those that are live.
    assert world.story == ["publish 5 keys", "snapshot"]


def test_it_is_taken_over_once(late: Session, world: World) -> None:
    late.connect()
    world.store.failure = ""
    late.recover()
    world.story.clear()
    assert late.recover() == LONGEST_PAUSE
    assert world.story == []


def test_what_was_taken_over_without_a_link_is_told_at_the_next_connect(
    late: Session, world: World
) -> None:
    world.store.failure = ""
    late.recover()
    assert world.is_recovered
    assert world.story == []
    late.connect()
    assert NUMBER in world.pbx.gate


def test_a_snapshot_that_fails_does_not_end_the_job(
    late: Session, switch: FakeSwitch, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    late.connect()
    world.store.failure = ""
    switch.broken.add("snapshot")
    caplog.clear()
    assert late.recover() == LONGEST_PAUSE
    assert caplog.messages == ["the snapshot of FreeSWITCH's calls failed"]
    assert NUMBER in world.pbx.gate


def test_calls_of_the_store_that_ended_while_nobody_listened_are_lost(
    late: Session, world: World
) -> None:
    former = World()
    call = former.received_call()
    former.journal.flush()
    late.connect()
    world.store.calls, world.store.failure = former.store.calls, ""
    late.recover()
    world.journal.flush()
    assert world.store.calls[call.id].outcome == "lost"
