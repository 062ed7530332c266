"""One action at a time on a call, and each request once (contract, section 3)."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from fluxcc.client import Board
from fluxcc.domain.audit import REQUESTED, AuditRecord
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .kinds import (
    AGENT,
    RECEIVED,
    Calls,
    Conversation,
    Kind,
    Supervisor,
    both_ways,
    every_kind,
    exists,
    wait_free,
)
from .people import Person
from .tap import Event, Tap

DONE = {
    "prank": "blocked",
    "conference": "conference-joined",
    "transfer": "transferred",
    "hangup": "ended",
}
SECOND = {"action-in-progress", "no-live-call"}
"""Why the second of two is refused: what the first one did, or does, may have ended the call."""


@pytest.fixture(autouse=True)
def settings(supervisor: Supervisor) -> None:
    """Every action can be carried out."""
    supervisor.adds_room()
    supervisor.adds_service("invoices", "7001")


def send(tap: Tap, action: str, request: str = "") -> str:
    """Ask as agent 1000; the request's ID."""
    request = request or uuid4().hex
    tap.request(*headers(action, request))
    return request


def send_at_once(tap: Tap, *actions: str) -> list[str]:
    """Ask for all of these as agent 1000; the requests' IDs."""
    requests = [uuid4().hex for _ in actions]
    tap.requests(*map(headers, actions, requests))
    return requests


def headers(action: str, request: str) -> list[tuple[str, str]]:
    """A request of agent 1000."""
    service = [("Fluxcc-Service", "invoices")] if action == "transfer" else []
    return [
        ("Fluxcc-Request-ID", request),
        ("Fluxcc-Action", action),
        ("Fluxcc-Agent", AGENT),
        *service,
    ]


def came_at_once(daemon: Daemon, requests: list[str]) -> bool:
    """Whether the daemon heard the second before the first was over. On a busy machine FreeSWITCH
    may take longer between two events of one connection than for the first one's action."""

    def rows() -> list[AuditRecord]:
        return [row for row in daemon.store.audit(limit=9) if row.request in requests and row.ended]

    second, first = until(lambda: found if len(found := rows()) == 2 else None, "both are audited")
    assert first.ended is not None
    return second.at < first.ended


def leave(talk: Conversation) -> None:
    """End what an action has left of a call."""
    if not talk.agent_is_gone():
        talk.agent_hangs_up()
    if not talk.customer_is_gone():
        talk.customer_hangs_up()
    talk.wait_over()


@every_kind
def test_two_actions_at_once(
    *, lab: Lab, daemon: Daemon, tap: Tap, calls: Calls, person: Person, kind: Kind
) -> None:
    """One runs, the other is refused and has done nothing."""
    talk = calls.connect(kind, person)
    requests = send_at_once(tap, "transfer", "prank")
    codes = [tap.reply(request)["Fluxcc-Code"] for request in requests]
    assert codes[0] == "transferred"
    assert codes[1] in SECOND
    assert daemon.block_of(person.number) is None
    assert exists(lab, talk.customer)
    wait_free(lab)
    leave(talk)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("conference", "transfer"),
        ("conference", "hangup"),
        ("hangup", "conference"),
        ("transfer", "conference"),
        ("prank", "transfer"),
        ("transfer", "transfer"),
    ],
)
def test_any_two_actions_at_once(
    *, daemon: Daemon, tap: Tap, calls: Calls, person: Person, first: str, second: str
) -> None:
    """Whichever they are, the first one runs."""
    talk = calls.connect(RECEIVED, person)
    requests = send_at_once(tap, first, second)
    codes = [tap.reply(request)["Fluxcc-Code"] for request in requests]
    assert codes[0] == DONE[first]
    assert codes[1] in (SECOND if came_at_once(daemon, requests) else {*SECOND, DONE[second]})
    leave(talk)


@both_ways
def test_the_second_one_comes_while_the_first_is_being_proved(
    *, tap: Tap, calls: Calls, person: Person, kind: Kind
) -> None:
    talk = calls.connect(kind, person)
    first = send(tap, "transfer")
    time.sleep(0.04)
    second = tap.reply(send(tap, "hangup"))
    assert second["Fluxcc-Status"] == "refused"
    assert second["Fluxcc-Code"] in SECOND
    assert tap.reply(first)["Fluxcc-Code"] == "transferred"
    assert not talk.customer_is_gone()
    leave(talk)


@every_kind
def test_the_same_request_twice(
    *, lab: Lab, daemon: Daemon, tap: Tap, calls: Calls, person: Person, kind: Kind
) -> None:
    """One effect, and the same reply twice."""
    talk = calls.connect(kind, person)
    request = send(tap, "conference")
    tap.reply(request)
    send(tap, "conference", request)
    first, second = wait_replies(tap, request, 2)
    assert first["Fluxcc-Code"] == "conference-joined"
    assert ours(first) == ours(second)
    assert len(daemon.store.audit(number=talk.number, limit=9)) == 1
    assert exists(lab, talk.agent_leg)
    leave(talk)
    send(tap, "conference", request)
    assert ours(wait_replies(tap, request, 3)[2]) == ours(first)


def test_the_same_request_after_a_restart(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, somebody_else: Person
) -> None:
    """Answered with the first reply, be it that the daemon was killed meanwhile."""
    talk = calls.connect(RECEIVED, person)
    request = uuid4().hex
    first = board.ask("transfer", AGENT, service="invoices", request=request)
    assert first.code == "transferred"
    leave(talk)
    daemon.kill()
    daemon.start()

    other = calls.connect(RECEIVED, somebody_else)
    again = board.ask("transfer", AGENT, service="invoices", request=request)
    assert (again.status, again.code, again.call) == ("ok", "transferred", talk.customer)
    assert again.text == first.text
    assert other.is_up
    leave(other)


@both_ways
def test_killed_in_the_middle(
    *, daemon: Daemon, tap: Tap, calls: Calls, person: Person, kind: Kind
) -> None:
    """Begun and not known to be done: nobody can tell, and it is not done once more."""
    talk = calls.connect(kind, person)
    request = send(tap, "transfer")
    until(talk.agent_is_gone, "the transfer has begun")
    daemon.kill()
    (row,) = daemon.store.audit(number=talk.number, limit=9)
    leave(talk)
    daemon.start()
    send(tap, "transfer", request)
    told = wait_replies(tap, request, 2 if tap.of("fluxcc::reply") else 1)[-1]
    assert told["Fluxcc-Code"] == ("outcome-unknown" if row.status == REQUESTED else row.code)
    assert told["Fluxcc-Call"] == talk.customer


def wait_replies(tap: Tap, request: str, count: int) -> list[Event]:
    """So many replies to this request."""
    found: list[Event] = []

    def is_wanted(event: Event) -> bool:
        is_reply = event.get("Event-Subclass") == "fluxcc::reply"
        if is_reply and event["Fluxcc-Request-ID"] == request and event not in found:
            found.append(event)
        return len(found) == count

    tap.wait(is_wanted, f"{count} replies")
    return found


def ours(event: Event) -> dict[str, str]:
    """What fluxcc says in an event."""
    return {name: value for name, value in event.items() if name.startswith("Fluxcc-")}
