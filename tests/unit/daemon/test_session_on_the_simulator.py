"""The session against an event socket: the simulator's, in the test's own process.

What an event socket cannot be made to do is in ``test_session`` and its neighbours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import gevent
import pytest
from gevent.event import Event as Flag

from fluxcc.core.core import Core, persons
from fluxcc.daemon import session as session_module
from fluxcc.daemon.intake import Intake
from fluxcc.daemon.jobs import repeat
from fluxcc.daemon.session import HEALTH_PERIOD, HEALTH_PERIOD_UNPUBLISHED, Session
from fluxcc.domain.errors import LinkRefusedError
from fluxcc.doors.board import Board
from fluxcc.lab.simulator.events import Event
from fluxcc.pbx.claim import Claim
from fluxcc.pbx.inbox import Inbox
from fluxcc.pbx.switch import Address, Switch
from fluxcc.runtime import GeventRuntime, PbxClock
from fluxcc.systemd import ServiceManager
from tests.builders import DECODER, SETTINGS, a_block
from tests.fakes import FakeSpool, FakeStore, SteppedClock
from tests.testing.freeswitch import CALLER, DEADLINE, PASSWORD, FreeSwitch, end_all, until

from .fakes import FakeLife


class Site:
    """A FreeSWITCH, and a session with everything behind it."""

    def __init__(self) -> None:
        self.freeswitch = FreeSwitch()
        self.time = SteppedClock(time.time())
        clock = PbxClock(self.time)
        switch = Switch(Address("127.0.0.1", self.freeswitch.port, PASSWORD))
        self.core = Core(
            SETTINGS,
            pbx=switch,
            store=FakeStore(),
            spool=FakeSpool(),
            clock=clock,
            runtime=GeventRuntime(),
            persons=persons(SETTINGS),
        )
        self.intake = Intake(DECODER, self.core, Board(self.core.executor, switch, "en"))
        claim = Claim(switch.variables, FakeLife())
        manager = ServiceManager({})
        self.session = Session(self.core, switch, DECODER, self.intake, clock, manager, claim)
        self._journal = gevent.spawn(repeat, self.core.journal.step)
        self._greenlet = gevent.Greenlet(self.session.run)

    def begin(self) -> None:
        """The session runs from now on."""
        self._greenlet.start()

    def connect(self) -> None:
        """The session runs, and is connected."""
        self.begin()
        until(lambda: self.session.is_connected)

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """Number, agent and group of each call that is known."""
        calls = self.core.tracker.calls.values()
        return [(call.number, call.agent.extension, call.group) for call in calls]

    def end(self) -> None:
        """Nothing is left."""
        self.session.stop()
        if self._greenlet.started:
            self._greenlet.get(timeout=DEADLINE)
        self.session.close()
        self._journal.kill()
        self.freeswitch.stop()
        end_all(self.freeswitch.pbx)


class _ShortWait(Flag):  # type: ignore[misc]  # gevent has no types
    """gevent's Event, which nobody waits for until a FreeSWITCH that is away comes back."""

    def wait(self, timeout: float | None = None) -> bool:
        return bool(super().wait(0.001))


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(session_module, "Flag", _ShortWait)
    monkeypatch.setattr(session_module, "IDLE_WAIT", 0.005)
    site = Site()
    yield site
    site.end()


TALKING = (CALLER, "1000", "sales")


def test_calls_that_are_up_are_taken_over_with_their_agent_and_group(site: Site) -> None:
    site.freeswitch.call()
    site.connect()
    until(lambda: site.calls == [TALKING])
    assert len(site.core.tracker.legs) == 2


def test_a_call_is_followed_from_its_beginning_to_its_end(site: Site) -> None:
    site.connect()
    customer, _ = site.freeswitch.call()
    until(lambda: site.calls == [TALKING])
    site.freeswitch.end(customer)
    until(lambda: site.calls == [])
    assert site.session.resyncs == 1


def test_freeswitch_is_told_first_and_asked_for_its_calls_then(site: Site) -> None:
    site.core.blocklist.put(a_block(until=int(time.time()) + 60))
    site.connect()
    commands = site.freeswitch.commands
    verbs = [" ".join(re.split("[/=]", command)[0].split()[:2]) for command in commands]
    assert list(dict.fromkeys(verbs))[:12] == [
        "global_getvar fluxcc_daemon",
        "global_setvar fluxcc_daemon",
        "strepoch",
        "global_getvar",
        "global_setvar fluxcc_person",
        "global_setvar fluxcc_home",
        "hash insert",
        "hash_dump db",
        "global_getvar storage_dir",
        "show registrations",
        "show channels",
        "show bridged_calls",
    ]
    assert site.freeswitch.knows_block()


def test_a_call_that_comes_while_the_snapshot_is_on_its_way_is_not_missed(site: Site) -> None:
    """Events are subscribed to before the snapshot is asked for."""
    site.freeswitch.after["show channels as json"] = site.freeswitch.call
    site.connect()
    until(lambda: site.calls == [TALKING])


def test_a_call_that_ends_while_the_snapshot_is_on_its_way_is_none(site: Site) -> None:
    customer, _ = site.freeswitch.call()
    site.freeswitch.after["show channels as json"] = lambda: site.freeswitch.end(customer)
    site.connect()
    assert site.calls == []


def test_a_leg_of_which_only_the_snapshot_is_left_is_lost_by_the_second_one(site: Site) -> None:
    customer, _ = site.freeswitch.call()
    site.connect()
    until(lambda: site.calls == [TALKING])
    # Nobody tells of its end.
    site.freeswitch.pbx.bus.deliver = lambda event: None  # type: ignore[method-assign]
    site.freeswitch.end(customer)
    site.time.step(2.1)
    until(lambda: site.session.resyncs == 2)
    assert site.calls == []


def test_a_wrong_password_is_final(site: Site) -> None:
    site.session.switch = Switch(Address("127.0.0.1", site.freeswitch.port, "guess"))
    with pytest.raises(LinkRefusedError, match="password"):
        site.session.run()


def test_a_freeswitch_that_comes_later_has_its_blocks_then(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.core.blocklist.put(a_block(until=int(time.time()) + 60))
    site.freeswitch.stop()
    site.begin()
    until(lambda: len(caplog.records) >= 3)
    assert {vars(record)["reason"] for record in caplog.records} == {
        f"nothing listens on 127.0.0.1:{site.freeswitch.port}"
    }
    assert not site.session.is_connected
    site.freeswitch.start()
    until(lambda: site.session.is_connected)
    assert site.freeswitch.knows_block()


def test_a_link_that_is_cut_is_made_again_and_everything_is_true_again(site: Site) -> None:
    site.core.blocklist.put(a_block(until=int(time.time()) + 60))
    customer, _ = site.freeswitch.call()
    site.connect()
    until(lambda: site.calls == [TALKING])
    # It restarts: a new connection, no calls, and nothing in mod_hash.
    site.freeswitch.stop()
    until(lambda: not site.session.is_connected)
    site.freeswitch.end(customer)
    site.freeswitch.load_hash_anew()
    site.freeswitch.start()
    until(lambda: site.session.connects == 2)
    assert site.calls == []
    assert site.freeswitch.knows_block()


def test_what_a_mod_hash_that_was_loaded_anew_lacks_is_published_again(site: Site) -> None:
    site.core.blocklist.put(a_block(until=int(time.time()) + 60))
    site.connect()
    site.freeswitch.load_hash_anew()
    until(site.freeswitch.knows_block)
    until(lambda: site.session.check_health() == HEALTH_PERIOD)


def test_without_mod_hash_calls_are_known_all_the_same(site: Site) -> None:
    site.core.blocklist.put(a_block(until=int(time.time()) + 60))
    site.freeswitch.pbx.api("unload mod_hash")
    site.freeswitch.call()
    site.connect()
    until(lambda: site.calls == [TALKING])
    assert site.session.check_health() == HEALTH_PERIOD_UNPUBLISHED
    site.freeswitch.pbx.api("load mod_hash")
    until(site.freeswitch.knows_block)
    until(lambda: site.session.check_health() == HEALTH_PERIOD)


def test_a_silent_link_that_answers_is_kept(site: Site) -> None:
    site.connect()
    site.time.step(30)
    site.session.check_health()
    site.session.switch.flush_events()
    assert site.session.is_connected


def test_a_flood_is_repaired_by_a_snapshot(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session_module, "Inbox", lambda: Inbox(5))
    site.connect()

    def flood() -> None:
        for _ in range(500):
            site.freeswitch.pbx.bus.fire("RELOADXML")

    # Its events are dropped with those of the flood.
    site.freeswitch.pbx.outside.call(
        CALLER, "", "9999", "external", site.freeswitch.pbx.router.route
    )
    flood()
    until(lambda: site.session.dropped)
    # The leg may be known before: by events that came before there were too many.
    until(lambda: "events were dropped; a snapshot replaces them" in caplog.messages)
    until(lambda: len(site.core.tracker.legs) == 1 and not site.session.waiting)
    assert site.session.connects == 1


def test_a_board_that_asks_is_answered(site: Site) -> None:
    site.connect()
    site.freeswitch.call()
    until(lambda: site.calls == [TALKING])
    bus = site.freeswitch.pbx.bus
    heard: list[str | None] = []

    def hear(event: Event) -> None:
        if event.get("Event-Subclass") == "fluxcc::reply":
            heard.append(event.get("Fluxcc-Code"))

    bus.listen(hear)
    bus.fire(
        "CUSTOM",
        {"Fluxcc-Request-ID": "r-1", "Fluxcc-Action": "hangup", "Fluxcc-Agent": "1000"},
        subclass="fluxcc::request",
    )
    until(lambda: heard)
    assert heard == ["ended"]
    until(lambda: site.calls == [])
