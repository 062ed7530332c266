"""Each event goes to whoever it is for, in slices that let others have their turn."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from fluxcc.daemon import intake as intake_module
from fluxcc.daemon.intake import SLICE_SECONDS, Intake
from fluxcc.domain.events import LegFact, LegNews
from fluxcc.domain.sight import Sight
from fluxcc.pbx.inbox import Inbox
from tests.builders import NUMBER, World, event_body

from .fakes import let_others_run


def an_incoming_leg(leg: str = "customer", **more: str) -> bytes:
    """A caller dials."""
    return event_body(
        "CHANNEL_CREATE",
        leg,
        Call_Direction="inbound",
        Caller_Caller_ID_Number=NUMBER,
        Caller_Destination_Number="5000",
        Caller_Context="public",
        **more,
    )


def a_custom_event(subclass: str, **headers: str) -> bytes:
    return event_body("CUSTOM", Event_Subclass=subclass, **headers)


def a_request(**headers: str) -> bytes:
    """Agent 1000 wants to hang up."""
    return a_custom_event(
        "fluxcc::request",
        **{"Fluxcc-Request-ID": "r-1", "Fluxcc-Action": "hangup", "Fluxcc-Agent": "1000"},
        **headers,
    )


# Which event does what


def test_a_leg_that_is_created_is_known(intake: Intake, world: World) -> None:
    intake.handle(an_incoming_leg())
    assert world.tracker.legs["customer"].number == NUMBER


def test_a_leg_that_is_answered(intake: Intake, world: World) -> None:
    intake.handle(an_incoming_leg())
    intake.handle(event_body("CHANNEL_ANSWER", "customer"))
    assert world.tracker.legs["customer"].is_answered


def test_legs_that_are_bridged_and_unbridged(intake: Intake, world: World) -> None:
    world.caller_dials()
    world.telephone_rings()
    pair = {"Bridge_A_Unique_ID": "customer", "Bridge_B_Unique_ID": "telephone"}
    intake.handle(event_body("CHANNEL_BRIDGE", "customer", **pair))
    customer, telephone = world.tracker.legs.values()
    assert (customer.partner, telephone.partner) == (telephone, customer)
    intake.handle(event_body("CHANNEL_UNBRIDGE", "customer", **pair))
    assert (customer.partner, telephone.partner) == (None, None)


def test_a_leg_that_holds_and_takes_off_hold(intake: Intake, world: World) -> None:
    intake.handle(an_incoming_leg())
    intake.handle(event_body("CHANNEL_HOLD", "customer"))
    assert world.tracker.legs["customer"].is_on_hold
    intake.handle(event_body("CHANNEL_UNHOLD", "customer"))
    assert not world.tracker.legs["customer"].is_on_hold


def a_lots_event(action: str) -> bytes:
    """``valet_park`` put the customer into its lot, or the customer left it."""
    return event_body(
        "CUSTOM",
        "customer",
        Event_Subclass="valet_parking::info",
        Action=action,
        variable_current_application="valet_park",
    )


@pytest.mark.parametrize(
    ("parks", "leaves"),
    [
        (
            event_body("CHANNEL_PARK", "customer", variable_current_application="park"),
            event_body("CHANNEL_UNPARK", "customer"),
        ),
        (a_lots_event("hold"), a_lots_event("exit")),
    ],
    ids=["park", "a lot"],
)
def test_a_customer_whom_the_agent_parks_and_who_leaves_the_park(
    intake: Intake, world: World, parks: bytes, leaves: bytes
) -> None:
    call = world.received_call()
    world.unbridged("customer", "telephone")
    intake.handle(parks)
    assert str(call.holder) == "1000"
    intake.handle(leaves)
    assert str(call.holder) == ""


@pytest.mark.parametrize("event", ["CHANNEL_HANGUP", "CHANNEL_DESTROY"])
def test_a_leg_that_ends_is_known_no_longer(intake: Intake, world: World, event: str) -> None:
    intake.handle(an_incoming_leg())
    intake.handle(event_body(event, "customer", Hangup_Cause="USER_BUSY"))
    assert world.tracker.legs == {}


def test_only_a_leg_that_is_destroyed_is_gone(intake: Intake, world: World) -> None:
    intake.handle(an_incoming_leg())
    intake.handle(event_body("CHANNEL_HANGUP", "customer", Hangup_Cause="USER_BUSY"))
    assert world.tracker.watchers.end_of("customer") is None
    intake.handle(event_body("CHANNEL_DESTROY", "customer", Hangup_Cause="USER_BUSY"))
    assert world.tracker.watchers.end_of("customer") == LegNews(LegFact.GONE, "USER_BUSY")


def test_a_boards_request_is_answered_in_a_greenlet_of_its_own(
    intake: Intake, world: World
) -> None:
    intake.handle(a_request())
    assert world.pbx.heard("fluxcc::reply") == []
    let_others_run()
    (reply,) = world.pbx.heard("fluxcc::reply")
    assert (reply["Fluxcc-Request-ID"], reply["Fluxcc-Code"]) == ("r-1", "no-live-call")


def test_a_reply_that_comes_back_is_not_sent_again(intake: Intake, world: World) -> None:
    """The answer to the command that sent it was lost, the reply was not."""
    world.pbx.broken.add("announce")
    intake.handle(a_request())
    let_others_run()
    intake.handle(a_custom_event("fluxcc::reply", **{"Fluxcc-Request-ID": "r-1"}))
    world.pbx.broken.clear()
    world.happenings.connected()
    assert world.pbx.heard("fluxcc::reply") == []


def test_a_reply_that_did_not_come_back_is_sent_again(intake: Intake, world: World) -> None:
    world.pbx.broken.add("announce")
    intake.handle(a_request())
    let_others_run()
    world.pbx.broken.clear()
    world.happenings.connected()
    assert len(world.pbx.heard("fluxcc::reply")) == 1


def test_a_telephone_that_registers_is_known_by_its_contact_and_its_domain(
    intake: Intake, world: World
) -> None:
    contact = {"from-user": "1001", "from-host": "a.example", "contact": "<sip:k3@192.0.2.7>"}
    intake.handle(a_custom_event("sofia::register", **contact))
    assert world.contacts.agent_at("sofia/internal/k3@192.0.2.7", "") == ("1001", "a.example")
    assert world.domains.owners("1001") == {"a.example"}


def a_conferences_event(action: str) -> bytes:
    """Something happens to the customer in room 1000."""
    return event_body(
        "CUSTOM",
        "customer",
        Event_Subclass="conference::maintenance",
        Action=action,
        Conference_Name="1000",
    )


@pytest.mark.parametrize(
    ("action", "heard"), [("add-member", [LegNews(LegFact.JOINED, "1000")]), ("mute-member", [])]
)
def test_a_leg_that_joins_a_conference(
    intake: Intake, world: World, action: str, heard: list[LegNews]
) -> None:
    news: list[LegNews] = []
    intake.handle(an_incoming_leg())
    world.tracker.watchers.watch(["customer"], lambda leg, what: news.append(what))
    intake.handle(a_conferences_event(action))
    assert news == heard


def test_a_leg_that_leaves_a_conference(intake: Intake, world: World) -> None:
    intake.handle(an_incoming_leg())
    intake.handle(a_conferences_event("add-member"))
    assert world.tracker.legs["customer"].room == "1000"
    intake.handle(a_conferences_event("mute-member"))
    assert world.tracker.legs["customer"].room == "1000"
    intake.handle(a_conferences_event("del-member"))
    assert world.tracker.legs["customer"].room == ""
    assert world.tracker.rooms == {}


def test_a_surveys_answer_is_written_down(intake: Intake, world: World) -> None:
    intake.handle(
        a_custom_event(
            "fluxcc::survey",
            **{"Fluxcc-Survey": "s-1", "Fluxcc-Questions": "1", "Fluxcc-Answer-1": "5"},
        )
    )
    world.journal.flush()
    assert world.store.surveys["s-1"].answers == (5,)


@pytest.mark.parametrize(
    "changed",
    [
        event_body("RELOADXML"),
        a_custom_event("fusion::file", **{"API-Command-Argument": "delete dialplan.public"}),
        a_custom_event("fusion::memcache", **{"API-Command-Argument": "flush"}),
    ],
    ids=["reloadxml", "fusionpbx-files", "fusionpbx-memcache"],
)
def test_a_dialplan_that_changed_may_have_a_gate_now(
    intake: Intake, world: World, changed: bytes
) -> None:
    world.blocks()
    world.pbx.gated.clear()
    world.caller_dials()
    assert world.gates.with_sight(Sight.MISSING) == ["public"]
    world.pbx.gated.add("public")
    intake.handle(changed)
    world.caller_dials("another")
    assert world.gates.with_sight(Sight.MISSING) == []


def test_a_heartbeat_tells_how_late_events_are(intake: Intake, world: World) -> None:
    sent = world.clock.now() - 1.5
    intake.handle(event_body("HEARTBEAT", Event_Date_Timestamp=str(int(sent * 1e6))))
    assert intake.lag == pytest.approx(1.5)


def test_a_heartbeat_without_a_time_tells_nothing(
    intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    intake.handle(event_body("HEARTBEAT"))
    assert intake.lag == 0.0
    assert caplog.records == []


@pytest.mark.parametrize(
    "body",
    [event_body("CHANNEL_PROGRESS", "customer"), a_custom_event("callcenter::info")],
    ids=["of a leg", "of a module"],
)
def test_an_event_that_is_for_nobody_is_passed_over(
    intake: Intake, world: World, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    intake.handle(body)
    assert world.tracker.legs == {}
    assert caplog.records == []


# What goes wrong with one


def test_an_event_that_cannot_be_read_is_counted(
    intake: Intake, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    intake.handle(b"no JSON")
    intake.handle(an_incoming_leg())
    assert (intake.handled, intake.undecodable) == (2, 1)
    assert caplog.messages == ["an event could not be read"]
    assert "customer" in world.tracker.legs


@pytest.mark.parametrize(
    ("spoilt", "name"),
    [
        (an_incoming_leg(Event_Date_Timestamp="yesterday"), "CHANNEL_CREATE"),
        # A digit by Unicode, and no number.
        (event_body("HEARTBEAT", Event_Date_Timestamp="²"), "HEARTBEAT"),
    ],
    ids=["of a leg", "of another event"],
)
def test_a_handler_that_breaks_is_logged_and_the_next_event_handled(
    intake: Intake, world: World, spoilt: bytes, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    intake.handle(spoilt)
    intake.handle(an_incoming_leg("next"))
    (record,) = caplog.records
    assert (record.getMessage(), record.levelno) == ("an event could not be handled", logging.ERROR)
    assert vars(record)["event"] == name
    assert "next" in world.tracker.legs
    assert (intake.handled, intake.undecodable) == (2, 0)


# Slices


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each event takes 2 ms; how often others were given their turn."""
    readings = iter(range(1_000))
    monkeypatch.setattr(
        intake_module, "time", SimpleNamespace(perf_counter=lambda: next(readings) * 0.002)
    )
    turns: list[str] = []
    monkeypatch.setattr(intake_module, "yield_to_others", lambda: turns.append("others"))
    return turns


def an_inbox(size: int) -> Inbox:
    inbox = Inbox()
    for number in range(size):
        inbox.put(an_incoming_leg(f"leg {number}"))
    return inbox


def test_what_waits_is_handled_in_its_order(intake: Intake, world: World) -> None:
    inbox = an_inbox(3)
    while intake.take_slice(inbox):
        pass
    assert list(world.tracker.legs) == ["leg 0", "leg 1", "leg 2"]
    assert len(inbox) == 0


def test_a_slice_ends_after_its_time(intake: Intake, slow: list[str]) -> None:
    assert SLICE_SECONDS == 0.005
    inbox = an_inbox(4)
    # The third event ends after 6 ms.
    assert intake.take_slice(inbox)
    assert (intake.handled, len(inbox), slow) == (3, 1, ["others"])
    assert not intake.take_slice(inbox)
    assert (intake.handled, slow) == (4, ["others"])


def test_a_request_means_the_call_of_its_moment(intake: Intake, world: World) -> None:
    """What came after it is handled after it was begun, however long all of it waited."""
    world.received_call()
    inbox = Inbox()
    inbox.put(a_request())
    for leg in ("customer", "telephone"):
        inbox.put(event_body("CHANNEL_HANGUP", leg, Hangup_Cause="NORMAL_CLEARING"))
    assert intake.take_slice(inbox), "others run, and more is waiting"
    while intake.take_slice(inbox):
        pass
    (reply,) = world.pbx.heard("fluxcc::reply")
    assert reply["Fluxcc-Code"] != "no-live-call"


def test_a_request_that_waited_for_long_is_refused(intake: Intake, world: World) -> None:
    """By FreeSWITCH's clock, which dates its events."""
    world.received_call()
    fired = str(int((world.clock.now() - 60) * 1e6))
    intake.handle(a_request(**{"Event-Date-Timestamp": fired}))
    let_others_run()
    (reply,) = world.pbx.heard("fluxcc::reply")
    assert reply["Fluxcc-Code"] == "too-late"


def test_an_empty_inbox_keeps_nobody_up(intake: Intake, slow: list[str]) -> None:
    assert not intake.take_slice(Inbox())
    assert slow == []


def test_it_is_known_when_something_was_heard_last(intake: Intake, world: World) -> None:
    began = intake.last_heard
    world.clock.step(30)
    intake.take_slice(Inbox())
    assert intake.last_heard == began
    intake.take_slice(an_inbox(1))
    assert intake.last_heard == began + 30


# mod_hash


def an_interface(event: str, name: str, kind: str = "api") -> bytes:
    """A module's interface came or went."""
    return json.dumps({"Event-Name": event, "type": kind, "name": name}).encode()


def test_mod_hash_is_told_everything_as_soon_as_it_is_loaded(intake: Intake, world: World) -> None:
    world.blocks()
    world.publisher.publish_all()
    world.pbx.come_back()
    intake.handle(an_interface("MODULE_LOAD", "hash"))
    assert NUMBER in world.pbx.gate
    assert world.publisher.is_done


def test_without_mod_hash_the_gate_is_not_believed(intake: Intake, world: World) -> None:
    world.publisher.publish_all()
    intake.handle(an_interface("MODULE_UNLOAD", "hash"))
    assert not world.publisher.is_done


def test_another_module_means_nothing(intake: Intake, world: World) -> None:
    world.publisher.publish_all()
    for name, kind in (("hash", "application"), ("conference", "api")):
        intake.handle(an_interface("MODULE_UNLOAD", name, kind))
    assert world.publisher.is_done
