"""One request ID, one reply: in this life of the daemon, and in the next for 24 hours."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from fluxcc.core.ports import Moment
from fluxcc.core.requests.replies import WINDOW, Replies
from fluxcc.domain.codes import Code
from fluxcc.domain.requests import Answered, Reply
from fluxcc.runtime import GeventRuntime
from tests.builders import OTHER, World, a_request
from tests.fakes import FakeStore, SteppedClock
from tests.unit.core.requests.hangups import tell_nothing


def test_the_same_id_is_answered_with_the_first_reply_and_does_nothing_more(
    world: World,
) -> None:
    """Contract, section 3."""
    world.received_call()
    request = a_request()
    first = world.ask(request)
    world.received_call(OTHER)
    world.story.clear()
    assert world.ask(request) == first
    assert world.story == []


def test_the_same_id_while_it_is_carried_out_gets_no_second_reply(world: World) -> None:
    world.received_call()
    tell_nothing(world)
    request = a_request()
    second: list[Reply | None] = []

    def ask_again() -> None:
        if not second:
            second.append(world.executor.execute(request))
            world.hung_up("customer")
            world.hung_up("telephone")

    world.pbx.on_flush = ask_again
    assert world.ask(request).code is Code.BLOCKED
    assert second == [None]


def test_a_refusal_is_remembered_too(world: World) -> None:
    request = a_request()
    assert world.ask(request).code is Code.NO_LIVE_CALL
    world.received_call()
    assert world.ask(request).code is Code.NO_LIVE_CALL


def next_life(world: World) -> World:
    """The daemon after a restart, on the same store."""
    world.journal.flush()
    later = World()
    later.clock.set(world.clock.now())
    later.store.audit = world.store.audit
    return later


def test_a_former_lifes_reply_is_answered_for_24_hours(world: World) -> None:
    world.received_call()
    request = a_request()
    first = world.ask(request)
    later = next_life(world)
    later.received_call(OTHER)
    assert later.ask(request) == first
    assert later.story == []
    much_later = next_life(world)
    much_later.clock.step(WINDOW + 1)
    assert much_later.ask(request).code is Code.NO_LIVE_CALL


def test_what_a_former_life_began_and_never_ended_is_unknown(world: World) -> None:
    world.received_call()
    request = a_request()

    def die(leg: str, cause: str) -> None:
        raise SystemExit

    world.pbx.on_end = die
    with pytest.raises(SystemExit):
        world.ask(request)
    assert next_life(world).ask(request).code is Code.OUTCOME_UNKNOWN


def test_a_reply_is_found_again_whatever_either_clock_was_set_to(world: World) -> None:
    """FreeSWITCH's clock and the machine's are never compared with each other, and one of them that
    was wrong, or is, makes no request a new one: another customer would be blocked."""
    for pbx_then, own_then in ((-2, 0), (2, 0), (0, -2), (0, 2)):
        earlier = World()
        earlier.clock.set(world.clock.own() + own_then * WINDOW)
        earlier.clock.set_pbx(world.clock.now() + pbx_then * WINDOW)
        earlier.received_call()
        request = a_request()
        first = earlier.ask(request)
        later = next_life(earlier)
        later.clock.set(world.clock.own())
        later.recover()
        later.happenings.connected()
        later.received_call(OTHER)
        assert later.ask(request) == first, (pbx_then, own_then)


def test_what_the_clock_of_freeswitch_alone_finds_is_learned_after_a_connect(world: World) -> None:
    """Until then it is not known, and the filter has only what the machine's clock finds."""
    world.clock.set(world.clock.own() - 2 * WINDOW)
    world.clock.set_pbx(world.clock.now() + 2 * WINDOW)
    world.received_call()
    request = a_request()
    first = world.ask(request)
    later = next_life(world)
    later.clock.set(world.clock.own() + 2 * WINDOW)
    later.clock.is_known = False
    later.recover()
    later.clock.is_known = True
    later.happenings.connected()
    assert later.ask(request) == first


# A store that hangs


class HangingStore(FakeStore):
    """One whose readings of requests do not end."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = threading.Event()

    def find_reply(self, request: str, since: Moment) -> Answered | None:
        """Hangs."""
        self.may_end.wait(20)
        return super().find_reply(request, since)

    def request_ids(self, since: Moment) -> list[str]:
        """Hangs."""
        self.may_end.wait(20)
        return super().request_ids(since)


@pytest.fixture
def hanging() -> Iterator[HangingStore]:
    store = HangingStore()
    yield store
    store.may_end.set()


def test_a_request_is_carried_out_where_the_store_does_not_say_in_time_whether_it_was(
    hanging: HangingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An action that is done twice is better than one that is not done."""
    monkeypatch.setattr("fluxcc.core.requests.replies.PATIENCE", 0.05)
    replies = Replies(hanging, GeventRuntime(), SteppedClock())
    began = time.monotonic()
    assert replies.find("r-1") is None
    assert time.monotonic() - began < 10


def test_the_start_waits_only_so_long_for_the_stores_request_ids(
    hanging: HangingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluxcc.core.requests.replies.LONGEST_READ", 0.05)
    replies = Replies(hanging, GeventRuntime(), SteppedClock())
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        replies.learn()
    assert time.monotonic() - began < 10
