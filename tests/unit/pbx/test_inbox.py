"""What waits to be handled: bounded, and a request is the last thing to go."""

from __future__ import annotations

import time

from fluxcc.pbx.inbox import Inbox
from tests.builders import event_body


def an_event(number: int) -> bytes:
    return event_body("CHANNEL_CREATE", str(number))


def a_request(number: int) -> bytes:
    return event_body("CUSTOM", Event_Subclass="fluxcc::request", Fluxcc_Request_ID=str(number))


def take_all(inbox: Inbox) -> list[bytes]:
    taken = []
    while (body := inbox.take()) is not None:
        taken.append(body)
    return taken


def test_events_come_out_in_the_order_they_went_in() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put(an_event(number))
    assert len(inbox) == 5
    assert take_all(inbox) == [an_event(number) for number in range(5)]
    assert not inbox.has_gap


def test_it_never_holds_more_than_it_may() -> None:
    inbox = Inbox(most_waiting=10)
    for number in range(1000):
        inbox.put(an_event(number))
        assert len(inbox) <= 10
    assert inbox.has_gap
    assert inbox.dropped + len(inbox) == 1000


def test_requests_survive_an_overload() -> None:
    """Every request gets its one reply; what else was dropped a snapshot replaces."""
    inbox = Inbox(most_waiting=10)
    for number in range(100):
        inbox.put(a_request(number) if number in (3, 50, 97) else an_event(number))
    kept = take_all(inbox)
    assert [body for body in kept if b"fluxcc::request" in body] == [
        a_request(3),
        a_request(50),
        a_request(97),
    ]


def test_it_is_bounded_although_all_of_it_are_requests() -> None:
    inbox = Inbox(most_waiting=10, most_requests=20)
    for number in range(1000):
        inbox.put(a_request(number))
        assert len(inbox) <= 20
    assert inbox.dropped + len(inbox) == 1000
    assert not inbox.has_gap


def test_a_burst_of_requests_is_kept_whole() -> None:
    """Each gets its reply, a refusal if need be; only their legs' events are dropped."""
    inbox = Inbox(most_waiting=10)
    for number in range(1000):
        inbox.put(a_request(number))
        inbox.put(an_event(number))
    kept = [body for body in take_all(inbox) if b"fluxcc::request" in body]
    assert kept == [a_request(number) for number in range(1000)]


def test_a_caller_who_is_called_like_a_request_counts_as_none() -> None:
    inbox = Inbox(most_waiting=2)
    for number in range(3):
        inbox.put(
            event_body("CHANNEL_CREATE", str(number), Caller_Caller_ID_Name='"fluxcc::request"')
        )
    assert inbox.dropped == 2


def test_waiting_ends_when_something_comes_or_time_is_over() -> None:
    inbox = Inbox()
    started = time.monotonic()
    inbox.wait(0.01)
    inbox.put(an_event(1))
    inbox.wait(60)
    assert time.monotonic() - started < 10


def test_after_everything_was_taken_it_waits_again() -> None:
    inbox = Inbox()
    inbox.put(an_event(1))
    take_all(inbox)
    started = time.monotonic()
    inbox.wait(0.02)
    assert time.monotonic() - started >= 0.01
