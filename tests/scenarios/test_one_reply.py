"""One request, one reply, in time: where its ID comes again, also with another content, and where
it takes long (contract, section 3)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from uuid import uuid4

import pytest

from fluxcc.domain.requests import REPLY_LIMIT
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.event_socket import Event, Header
from tests.testing.spoilers import SECONDS_PER_HANGUP
from tests.testing.waiting import until

from .pbx import legs
from .people import Person
from .scene import Scene
from .tap import Tap

ACTION, AGENT, OTHER_AGENT = (
    ("Fluxcc-Action", "prank"),
    ("Fluxcc-Agent", "1000"),
    ("Fluxcc-Agent", "1001"),
)
TWO_DAYS = 2 * 86_400


def an_id() -> Header:
    """A request ID that nobody used."""
    return "Fluxcc-Request-ID", uuid4().hex


def replies_to(tap: Tap, request: Header) -> list[Event]:
    """Every reply to this request ID so far."""
    return [reply for reply in tap.replies() if reply["Fluxcc-Request-ID"] == request[1]]


def codes(replies: list[Event]) -> list[str]:
    """Their codes."""
    return [reply["Fluxcc-Code"] for reply in replies]


def talk(lab: Lab, daemon: Daemon, person: Person) -> None:
    """The person talks to agent 1000."""
    lab.call(person.number, "1000").wait_answered()
    daemon.wait_talking(person.number)


def test_another_request_of_the_same_id_is_refused_and_told_nothing(scene: Scene, tap: Tap) -> None:
    """``request-id-reused``, also after a restart of the daemon, and for a malformed one."""
    call = scene.talk(scene.number)
    request = an_id()
    tap.request(request, ACTION, AGENT)
    assert tap.reply(request[1])["Fluxcc-Code"] == "blocked"
    others = (
        (ACTION, OTHER_AGENT),
        (("Fluxcc-Action", "hangup"), AGENT),
        (ACTION, AGENT, ("Fluxcc-Call", "another")),
        (ACTION, ("Fluxcc-Agent", "10 00")),
    )
    for life in (1, 2):
        for headers in others:
            tap.request(request, *headers)
        until(lambda life=life: len(replies_to(tap, request)) == 1 + 4 * life, "all are answered")
        if life == 1:
            scene.daemon.stop()
            scene.daemon.start()
    first, *rest = replies_to(tap, request)
    assert codes(rest) == ["request-id-reused"] * 8
    assert first["Fluxcc-Number"] == scene.number
    told = str(rest)
    assert not any(fact in told for fact in (scene.number, call.customer, call.agent_leg))


@pytest.mark.parametrize(
    "set_back",
    [f"at = at - {TWO_DAYS}", f"id = id - {TWO_DAYS} * 1000000"],
    ids=["FreeSWITCH's clock", "the machine's clock"],
)
def test_a_former_lifes_id_is_known_although_a_clock_was_behind(
    scene: Scene, tap: Tap, set_back: str
) -> None:
    """It was answered while one of the two clocks was two days behind; both are right again.
    Carried out anew it would block another customer."""
    scene.talk(scene.number)
    request = an_id()
    tap.request(request, ACTION, AGENT)
    assert tap.reply(request[1])["Fluxcc-Code"] == "blocked"
    scene.daemon.stop()
    with closing(sqlite3.connect(scene.daemon.database)) as store, store:
        store.execute(f"UPDATE audit SET {set_back} WHERE request = ?", (request[1],))
    scene.daemon.start()
    other = scene.talk(scene.somebody_else.number)
    tap.request(request, ACTION, AGENT)
    until(lambda: len(replies_to(tap, request)) == 2, "it is answered again")
    assert [reply["Fluxcc-Number"] for reply in replies_to(tap, request)] == [scene.number] * 2
    assert other.is_up
    assert scene.daemon.block_of(scene.somebody_else.number) is None


def test_beside_a_running_one_there_is_its_reply_and_one_refusal_after_it(
    lab: Lab, make_daemon: Callable[..., Daemon], tap: Tap, person: Person
) -> None:
    """A malformed one has no reply of its own; another request is refused after the first one's
    reply, which that one's board would not wait for otherwise."""
    daemon = make_daemon()
    daemon.start(spoil="slow_hangups")
    talk(lab, daemon, person)
    request = an_id()
    tap.requests(
        (request, ACTION, AGENT),
        (request, ACTION, ("Fluxcc-Agent", "10 00")),
        (request, ACTION, OTHER_AGENT),
        (request, ACTION, AGENT),
    )
    until(lambda: len(replies_to(tap, request)) == 2, "both are answered", 6)
    time.sleep(0.2)
    assert codes(replies_to(tap, request)) == ["blocked", "request-id-reused"]


def test_a_request_that_takes_long_is_answered_in_time_and_once(
    lab: Lab, make_daemon: Callable[..., Daemon], tap: Tap, person: Person
) -> None:
    """The limit of the contract and the patience of the synchronous door know each other: both
    boards are told the same, and the audit has what became of it."""
    daemon = make_daemon()
    daemon.start(spoil="stuck_hangups")
    talk(lab, daemon, person)
    began = time.monotonic()
    answer = lab.api("lua fluxcc.lua prank agent=1000 id=slow%2D1")
    took = time.monotonic() - began
    assert answer.startswith("-ERR outcome-unknown "), answer
    assert REPLY_LIMIT - 0.5 < took < REPLY_LIMIT
    until(lambda: daemon.audited("slow-1")["code"] == "blocked", "it is done in the end")
    again = tap.request
    again(("Fluxcc-Request-ID", "slow-1"), ACTION, AGENT)
    tap.wait(
        lambda event: (
            event.get("Event-Subclass") == "fluxcc::reply" and event["Fluxcc-Code"] == "blocked"
        ),
        "asked again, the board is told what became of it",
    )
    assert codes(tap.of("fluxcc::reply")) == ["outcome-unknown", "blocked"]


def test_sigterm_finishes_what_is_being_carried_out(
    lab: Lab, make_daemon: Callable[..., Daemon], tap: Tap, person: Person
) -> None:
    """It has its reply, its call ends and its record is written; what comes meanwhile is refused,
    and may be asked for again in the next life."""
    daemon = make_daemon()
    daemon.start(spoil="slow_hangups")
    talk(lab, daemon, person)
    running, late = an_id(), an_id()
    tap.request(running, ACTION, AGENT)
    until(daemon.store.live_blocks, "it has begun")
    asked = time.monotonic()
    daemon.stop_later()
    until(lambda: "begins nothing more" in daemon.log, "the signal is heard")
    tap.request(late, ACTION, AGENT)
    assert tap.reply(late[1])["Fluxcc-Code"] == "shutting-down"
    assert tap.reply(running[1])["Fluxcc-Code"] == "blocked"
    assert daemon.wait_ended() == 0
    assert time.monotonic() - asked < SECONDS_PER_HANGUP * 2 + 2
    until(lambda: legs(lab) == 0, "the call is over")
    daemon.start()
    tap.request(late, ACTION, AGENT)
    tap.wait(lambda event: event.get("Fluxcc-Code") == "no-live-call", "it is carried out now")
    assert codes(replies_to(tap, running)) == ["blocked"]
    assert daemon.audited(late[1])["code"] == "no-live-call"
