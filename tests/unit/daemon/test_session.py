"""The connection to FreeSWITCH: made in order, lost, and made again. ``test_session_snapshots`` has
what it learns of the calls, ``test_session_jobs`` what it does by itself."""

from __future__ import annotations

import random
from collections.abc import Iterable

import gevent
import pytest
from gevent.event import Event

from fluxcc.core.blocks.gates import SETTLING
from fluxcc.core.publisher import Published
from fluxcc.daemon import session as session_module
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.session import Session
from fluxcc.domain.errors import (
    LinkAbsentError,
    LinkLostError,
    LinkRefusedError,
    PbxError,
    PbxRejectedError,
)
from fluxcc.domain.sight import Sight
from fluxcc.runtime import PbxClock
from tests.builders import NUMBER, SPELLINGS, World, a_block, event_body

from .fakes import FakeManager, FakeSwitch, Waiting, nothing

LOST = LinkLostError("FreeSWITCH did not answer in time")
REFUSED = LinkRefusedError("FreeSWITCH refused the password")
ABSENT = LinkAbsentError("nothing listens on 127.0.0.1:8021")


def pauses(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The seconds until the next try, as each loss was logged."""
    return [
        vars(record)["retry_in"]
        for record in caplog.records
        if record.getMessage() == "no link to FreeSWITCH"
    ]


def tries(story: Iterable[str]) -> int:
    return list(story).count("connect")


# To connect


def test_the_gate_is_told_before_a_snapshot_is_taken_and_then_all_are_told(
    session: Session, world: World
) -> None:
    world.blocklist.put(a_block())
    session.connect()
    assert world.story == [
        "connect",
        "clock",
        f"publish {len(SPELLINGS)} keys",
        "storage_folder",
        "snapshot",
        "connected",
    ]
    assert NUMBER in world.pbx.gate


def test_it_is_connected_when_a_snapshot_was_taken(
    session: Session, switch: FakeSwitch, world: World, manager: FakeManager
) -> None:
    seen: list[bool] = []
    switch.during_snapshot = lambda: seen.append(session.is_connected)
    session.connect()
    assert seen == [False]
    assert session.is_connected
    assert session.connected_since == pytest.approx(world.clock.now(), abs=1)
    assert (session.connects, session.resyncs, session.loss) == (1, 1, "")
    assert manager.statuses == ["Connected to FreeSWITCH"]


def test_without_a_snapshot_it_is_not_connected(session: Session, switch: FakeSwitch) -> None:
    switch.broken.add("snapshot")
    with pytest.raises(LinkLostError):
        session.connect()
    assert not session.is_connected
    assert (session.connects, session.resyncs) == (0, 0)


def test_where_the_survey_leaves_its_answers_is_asked(session: Session, world: World) -> None:
    session.connect()
    assert world.spool.folder == "/var/lib/freeswitch/storage"


def test_gates_are_looked_up_again(session: Session, world: World) -> None:
    world.blocklist.put(a_block())
    session.connect()
    world.pbx.gated.clear()
    world.caller_dials()
    assert world.gates.with_sight(Sight.MISSING) == ["public"]
    world.pbx.gated.add("public")
    session.connect()
    world.clock.step(SETTLING)
    world.gates.step()
    assert world.gates.with_sight(Sight.MISSING) == []


def test_the_silence_before_it_does_not_count(
    session: Session, world: World, intake: Intake
) -> None:
    world.clock.step(300)
    session.connect()
    assert intake.last_heard == world.clock.monotonic()


def test_calls_do_not_wait_for_thousands_of_blocks(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session_module.PUBLISHING_ALONE == 0.2
    monkeypatch.setattr(session_module, "PUBLISHING_ALONE", 0.001)
    is_published = Event()
    monkeypatch.setattr(world.pbx, "write_blocks", lambda *_: is_published.wait())
    session.connect()
    assert session.is_connected
    assert world.publisher.state is Published.PARTLY
    is_published.set()
    gevent.sleep(0)
    assert world.publisher.is_done


def test_a_mod_hash_that_takes_nothing_keeps_nobody_from_calls(
    session: Session, world: World
) -> None:
    world.pbx.rejected.add("publish_setting")
    session.connect()
    assert session.is_connected
    assert not world.publisher.is_done


def test_freeswitchs_clock_is_heard(
    session: Session, switch: FakeSwitch, pbx_clock: PbxClock
) -> None:
    switch.ahead = 3600
    session.connect()
    assert pbx_clock.is_known
    assert pbx_clock.offset == pytest.approx(3600, abs=1)


@pytest.mark.parametrize("ahead", [6, -7])
def test_a_clock_that_jumped_is_logged(
    session: Session, switch: FakeSwitch, ahead: float, caplog: pytest.LogCaptureFixture
) -> None:
    switch.ahead = ahead
    session.connect()
    (record,) = caplog.records
    assert record.getMessage() == "FreeSWITCH's clock has jumped"
    assert vars(record)["seconds"] == pytest.approx(ahead, abs=1)


@pytest.mark.parametrize("ahead", [0, 4, -5])
def test_a_clock_that_is_a_little_off_is_not(
    session: Session, switch: FakeSwitch, ahead: float, caplog: pytest.LogCaptureFixture
) -> None:
    switch.ahead = ahead
    session.connect()
    assert caplog.messages == []


def test_a_freeswitch_that_does_not_tell_the_time_is_used_all_the_same(
    session: Session, switch: FakeSwitch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.rejected.add("clock")
    session.connect()
    assert caplog.messages == ["FreeSWITCH's clock was not read"]
    assert session.is_connected


# Events of a connection


def test_what_comes_during_a_connect_waits_for_the_snapshot(
    session: Session, switch: FakeSwitch, world: World
) -> None:
    switch.during_snapshot = lambda: switch.on_event(event_body("CHANNEL_CREATE", "new"))
    session.connect()
    assert (session.waiting, list(world.tracker.legs)) == (1, [])


def test_events_are_handled_as_they_come(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    waiting.do(
        lambda: switch.on_event(event_body("CHANNEL_CREATE", "first")),
        lambda: switch.on_event(event_body("CHANNEL_CREATE", "second")),
    )
    session.run()
    assert list(world.tracker.legs) == ["first", "second"]
    assert session.waiting == 0


def test_the_loop_says_at_each_turn_that_it_is_alive(
    session: Session, waiting: Waiting, manager: FakeManager
) -> None:
    signs: list[int] = []
    waiting.do(*[lambda: signs.append(manager.signs_of_life)] * 3)
    session.run()
    assert signs == [2, 3, 4]


def test_what_waited_on_a_connection_that_was_lost_is_not_handled(
    session: Session, switch: FakeSwitch
) -> None:
    """The snapshot of the next one takes its place."""
    session.connect()
    switch.on_event(event_body("CHANNEL_CREATE", "old"))
    session.connect()
    assert session.waiting == 0


@pytest.mark.parametrize("end", ["lost", "stopped"])
def test_what_was_read_before_the_end_is_handled(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World, end: str
) -> None:
    """A call's end, or what an agent asked for, may be the last that was read."""

    def last_words() -> None:
        for number in range(10):
            switch.on_event(event_body("CHANNEL_CREATE", f"leg-{number}"))
        if end == "lost":
            world.pbx.lose()
        session.stop()

    waiting.do(last_words)
    session.run()
    assert len(world.tracker.legs) == 10


# To connect again


def test_a_link_that_was_lost_is_made_again_with_all_that_belongs_to_it(
    session: Session,
    switch: FakeSwitch,
    waiting: Waiting,
    world: World,
    manager: FakeManager,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.blocklist.put(a_block())
    seen: list[bool] = []
    waiting.do(
        lambda: switch.lose("FreeSWITCH said good-bye"),
        lambda: seen.append(session.is_connected),
    )
    session.run()
    once = ["connect", "clock", "publish 5 keys", "storage_folder", "snapshot", "connected"]
    assert world.story == [*once, "disconnect", *once]
    assert seen == [False]
    assert (session.connects, session.resyncs) == (2, 2)
    assert pauses(caplog) == ["0.2"]
    assert manager.statuses == [
        "Connected to FreeSWITCH",
        "No link to FreeSWITCH: FreeSWITCH said good-bye",
        "Connected to FreeSWITCH",
    ]


def test_calls_that_ended_meanwhile_are_lost(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    waiting.do(
        lambda: switch.on_event(event_body("CHANNEL_CREATE", "customer")), switch.lose, nothing
    )
    session.run()
    assert session.connects == 2
    assert world.tracker.calls == {}
    world.journal.flush()
    (call,) = world.store.calls.values()
    assert call.outcome == "lost"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (LOST, ["0.2", "0.4", "0.8", "1.6", "3.2", "5.0", "5.0"]),
        (PbxRejectedError("-ERR"), ["0.2", "0.4", "0.8", "1.6", "3.2", "5.0", "5.0"]),
        # FreeSWITCH is being restarted: its blocks must be there soon after it is.
        (ABSENT, ["0.2", "0.4", "0.8", "1.0", "1.0", "1.0", "1.0"]),
    ],
)
def test_tries_come_later_and_later(
    session: Session,
    switch: FakeSwitch,
    failure: PbxError,
    expected: list[str],
    caplog: pytest.LogCaptureFixture,
    waiting: Waiting,
) -> None:
    switch.failures = [failure] * len(expected)
    waiting.do(*[nothing] * len(expected))
    session.run()
    assert pauses(caplog) == expected
    assert session.connects == 1


def test_an_absent_freeswitch_that_hangs_is_tried_later_again(
    session: Session, switch: FakeSwitch, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    switch.failures = [ABSENT] * 5 + [LOST] * 2
    waiting.do(*[nothing] * 7)
    session.run()
    assert pauses(caplog)[-3:] == ["1.0", "2.0", "4.0"]


def test_a_connection_that_came_about_is_followed_by_an_early_try(
    session: Session, switch: FakeSwitch, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    switch.failures = [LOST] * 3
    waiting.do(*[nothing] * 3, switch.lose, nothing)
    session.run()
    assert pauses(caplog) == ["0.2", "0.4", "0.8", "0.2"]


def test_a_connect_that_failed_half_way_is_none(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    """The links are there, the snapshot does not come: both are closed and made anew."""
    switch.broken.add("snapshot")
    waiting.do(switch.broken.clear)
    session.run()
    assert world.story.count("disconnect") == 1
    assert (tries(world.story), session.connects) == (2, 1)


def test_several_daemons_do_not_come_back_in_the_same_instant(
    session: Session, switch: FakeSwitch, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.75

    monkeypatch.setattr(random, "uniform", draw)
    switch.failures = [LOST, LOST]
    waiting.do(*[nothing] * 2)
    session.run()
    assert drawn == [(0.5, 1.0)] * 2
    assert waiting.pauses == pytest.approx([0.15, 0.3])


def test_a_refusal_by_a_freeswitch_that_took_the_daemon_before_is_waited_out(
    session: Session,
    switch: FakeSwitch,
    waiting: Waiting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """More and more slowly, as an error of the log, and told as what it is until it is over."""
    seen: list[str] = []

    def lock() -> None:
        switch.failures = [REFUSED] * 9
        switch.lose()

    waiting.do(lock, *[lambda: seen.append(session.refusal)] * 11)
    session.run()
    assert pauses(caplog) == [
        *("0.2", "0.4", "0.8", "1.6", "3.2", "6.4", "12.8", "25.6", "30.0", "30.0")
    ]
    assert seen == ["", *[str(REFUSED)] * 9, ""]
    levels = [record.levelname for record in caplog.records if "no link" in record.message]
    assert levels == ["WARNING", *["ERROR"] * 9]
    assert session.connects == 2


def test_a_refusal_ends_it(
    session: Session, switch: FakeSwitch, waiting: Waiting, world: World
) -> None:
    switch.failures = [LOST, REFUSED]
    waiting.do(nothing)
    with pytest.raises(LinkRefusedError, match="password"):
        session.run()
    assert tries(world.story) == 2


# To end


def test_one_that_is_to_stop_before_it_began_does_not_connect(
    session: Session, world: World
) -> None:
    session.stop()
    session.run()
    assert world.story == []


def test_one_that_is_to_stop_while_it_waits_for_events_ends_without_a_word(
    session: Session, waiting: Waiting, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    session.run()
    assert tries(world.story) == 1
    assert waiting.pauses == []
    assert caplog.messages == []
    assert not session.is_connected


def test_one_that_is_to_stop_while_freeswitch_is_away_tries_no_more(
    session: Session, switch: FakeSwitch, world: World
) -> None:
    switch.failures = [LOST, LOST]
    session.run()
    assert tries(world.story) == 1


def test_both_links_are_closed_at_the_end(session: Session, world: World) -> None:
    session.connect()
    session.close()
    assert world.story[-1] == "disconnect"
    assert not session.switch.is_connected
