"""FreeSWITCH's events are flushed while there is a call or somebody asks, and not without."""

from __future__ import annotations

import gevent
import pytest

from fluxcc.daemon.flushing import AFTER_REQUEST, FLUSH_PERIOD
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.session import Session
from fluxcc.pbx import events
from tests.builders import World, event_body

from .fakes import FakeSwitch, Waiting

REQUEST = event_body("CUSTOM", Event_Subclass=events.REQUEST, Fluxcc_Request_ID="r-1")
HEARTBEAT = event_body("HEARTBEAT", Event_Date_Timestamp="1000000")


@pytest.fixture
def connected(session: Session, world: World) -> Session:
    session.connect()
    world.story.clear()
    return session


def steps(session: Session, world: World) -> int:
    """How many flushes there are in a few turns of the job."""
    world.story.clear()
    with gevent.Timeout(0.05, False):
        for _ in range(3):
            session.flushing.step()
    return world.story.count("flush_events")


def test_while_nothing_happens_there_is_no_flush(connected: Session, world: World) -> None:
    connected.flushing.look()
    assert not connected.flushing.is_on
    assert steps(connected, world) == 0


def test_with_a_call_there_are_200_a_second_until_it_is_over(
    connected: Session, world: World
) -> None:
    world.caller_dials()
    connected.flushing.look()
    assert connected.flushing.step() == FLUSH_PERIOD == 0.003
    assert steps(connected, world) == 3
    world.hear("CHANNEL_DESTROY", "customer")
    connected.flushing.look()
    assert steps(connected, world) == 0


def test_after_a_request_there_are_some_for_a_while(
    connected: Session, world: World, intake: Intake
) -> None:
    intake.handle(REQUEST)
    connected.flushing.look()
    assert steps(connected, world) == 3
    world.clock.step(AFTER_REQUEST - 0.1)
    connected.flushing.look()
    assert connected.flushing.is_on
    world.clock.step(0.1)
    connected.flushing.look()
    assert not connected.flushing.is_on


def test_a_heartbeat_is_no_reason(connected: Session, intake: Intake) -> None:
    intake.handle(HEARTBEAT)
    connected.flushing.look()
    assert not connected.flushing.is_on


def test_the_first_event_begins_them_and_a_lost_link_ends_them(
    session: Session, switch: FakeSwitch, waiting: Waiting
) -> None:
    seen: list[bool] = []

    def begin() -> None:
        seen.append(session.flushing.is_on)
        switch.on_event(REQUEST)

    def lose() -> None:
        seen.append(session.flushing.is_on)
        switch.lose()

    waiting.do(begin, lose)
    session.run()
    assert seen == [False, True]
    assert not session.flushing.is_on


def test_a_link_that_goes_meanwhile_is_for_others_to_deal_with(
    connected: Session, world: World, switch: FakeSwitch
) -> None:
    world.caller_dials()
    connected.flushing.look()
    switch.broken.add("flush_events")
    assert connected.flushing.step() == FLUSH_PERIOD
    switch.lose()
    assert connected.flushing.step() == FLUSH_PERIOD
