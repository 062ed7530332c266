"""How an event is written, and which client hears it."""

from __future__ import annotations

import json

import pytest

from fluxcc.lab.simulator.events import Event, EventBus
from fluxcc.lab.simulator.subscription import Subscription


def _custom(subclass: str) -> Event:
    return Event("CUSTOM", [("Event-Subclass", subclass), ("Event-Name", "CUSTOM")])


def test_json_keeps_order_arrays_repeated_names_and_the_body() -> None:
    event = Event("X", [("A", "1"), ("B", ["2", "3"]), ("A", 'q"\n')], body="hello")
    text = event.as_json()
    assert text == '{"A":"1","B":["2","3"],"A":"q\\"\\n","Content-Length":"5","_body":"hello"}'
    assert json.loads(text)["A"] == 'q"\n'


def test_bytes_that_are_no_utf8_go_out_as_they_came_in() -> None:
    name = b"Jos\xe9".decode("utf-8", "surrogateescape")
    frame = Event("X", [("Name", name)]).frame("json")
    head, _, body = frame.partition(b"\n\n")
    assert body == b'{"Name":"Jos\xe9"}'
    assert head == b"Content-Length: 15\nContent-Type: text/event-json"


def test_plain_encodes_values_and_writes_arrays_as_freeswitch_does() -> None:
    event = Event("X", [("A", "b c@d,e"), ("L", ["1", "2"])])
    assert event.as_plain() == "A: b%20c%40d,e\nL: ARRAY%3A%3A1%7C%3A2\n\n"


def test_every_event_says_which_core_when_and_in_which_order() -> None:
    bus, heard = EventBus(), list[Event]()
    bus.listen(heard.append)
    bus.fire("HEARTBEAT")
    bus.fire("CUSTOM", {"A": "b"}, subclass="x::y")
    assert [event.get("Event-Sequence") for event in heard] == ["1", "2"]
    assert {event.get("Core-UUID") for event in heard} == {bus.core_uuid}
    assert heard[1].headers[0] == ("Event-Subclass", "x::y")
    assert heard[1].headers[-1] == ("A", "b")


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("json HEARTBEAT", "+OK event listener enabled json"),
        ("plain HEARTBEAT CUSTOM a::b", "+OK event listener enabled plain"),
        ("JSON heartbeat", "+OK event listener enabled json"),
        ("HEARTBEAT", "+OK event listener enabled plain"),
        ("bogus HEARTBEAT", "+OK event listener enabled plain"),
        ("json", "-ERR no keywords supplied"),
        ("json NOTHING", "-ERR no keywords supplied"),
        ("", "-ERR no keywords supplied"),
    ],
)
def test_event_answers(words: str, reply: str) -> None:
    assert Subscription().listen(words.split()) == reply


def test_everything_after_custom_is_a_subclass() -> None:
    wish = Subscription()
    wish.listen(["json", "HEARTBEAT", "CUSTOM", "a::b", "CHANNEL_CREATE"])
    assert wish.wants(Event("HEARTBEAT", []))
    assert wish.wants(_custom("a::b"))
    assert not wish.wants(_custom("c::d"))
    assert not wish.wants(Event("CHANNEL_CREATE", []))


def test_custom_without_subclasses_hears_only_events_without_one() -> None:
    wish = Subscription()
    wish.listen(["CUSTOM"])
    assert wish.wants(Event("CUSTOM", []))
    assert not wish.wants(_custom("a::b"))


def test_all_hears_everything_but_what_is_nixed() -> None:
    wish = Subscription()
    wish.listen(["ALL"])
    assert wish.wants(_custom("a::b"))
    assert wish.nix(["HEARTBEAT"]) == "+OK events nixed"
    assert not wish.wants(Event("HEARTBEAT", []))
    assert wish.wants(Event("CHANNEL_CREATE", []))
    assert wish.stop() == "+OK no longer listening for events"
    assert not wish.wants(Event("CHANNEL_CREATE", []))


def test_nixevent_takes_subclasses_back() -> None:
    wish = Subscription()
    wish.listen(["CUSTOM", "a::b", "c::d"])
    wish.nix(["CUSTOM", "a::b"])
    assert not wish.wants(_custom("a::b"))
    assert wish.wants(_custom("c::d"))
    assert wish.nix([]) == "-ERR no keywords supplied"


def test_one_matching_filter_lets_an_event_through() -> None:
    wish = Subscription()
    wish.listen(["ALL"])
    assert wish.filter("Unique-ID abc") == "+OK filter added. [Unique-ID]=[abc]"
    wish.filter("Event-Name /^CHANNEL_/")
    assert wish.wants(Event("X", [("unique-id", "ABC")]))
    assert wish.wants(Event("X", [("Event-Name", "CHANNEL_CREATE")]))
    assert not wish.wants(Event("X", [("Event-Name", "HEARTBEAT")]))


def test_a_negative_filter_stops_what_another_let_through() -> None:
    wish = Subscription()
    wish.listen(["ALL"])
    wish.filter("Unique-ID abc")
    wish.filter("Event-Name -HEARTBEAT")
    assert wish.wants(Event("X", [("Unique-ID", "abc"), ("Event-Name", "DTMF")]))
    assert not wish.wants(Event("X", [("Unique-ID", "abc"), ("Event-Name", "HEARTBEAT")]))


def test_filters_are_taken_back() -> None:
    wish = Subscription()
    wish.listen(["ALL"])
    wish.filter("A b")
    wish.filter("A c")
    assert wish.filter("delete A b") == "+OK filter deleted. [A][b]"
    assert not wish.wants(Event("X", [("A", "b")]))
    assert wish.filter("delete all") == "+OK filter deleted. [all][]"
    assert wish.wants(Event("X", [("A", "b")]))
    assert wish.filter("delete") == "-ERR invalid syntax"
    assert wish.filter("A") == "-ERR invalid syntax"
