"""What happens is told to every browser, to each what it may see, and nothing is lost when the web
process is killed: the real process beside the real daemon and the simulator."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, pairwise
from pathlib import Path

import httpx
import pytest

from fluxcc.lab.port import Caller
from tests.testing.daemon import Daemon
from tests.testing.waiting import until
from tests.testing.web import (
    AGENT,
    CONFINED_SUPERVISOR,
    SUPERVISOR,
    VIEWER,
    Listener,
    Web,
    listening,
    log_in,
)

NUMBERS = count(1000)
"""The ends of callers' numbers: nobody calls twice."""


@pytest.fixture
def caller(daemon: Daemon) -> Iterator[Caller]:
    """Somebody who talks to agent 1000."""
    until(lambda: not daemon.calls(), "nobody is on the telephone")
    calling = daemon.lab.call(f"+551197777{next(NUMBERS)}", "1000")
    calling.wait_answered()
    yield calling
    daemon.lab.api("hupall")
    until(lambda: not daemon.calls(), "nobody is on the telephone")


def test_a_call_is_seen_whole_masked_or_not_at_all(web: Web, daemon: Daemon) -> None:
    until(lambda: not daemon.calls(), "nobody is on the telephone")
    with ExitStack() as end:
        whole, masked, own = (
            end.enter_context(listening(web, person)) for person in (SUPERVISOR, VIEWER, AGENT)
        )
        # As a trunk may present it; blocks and the audit have it in the other spelling.
        caller = daemon.lab.call("011966665555", "1001")
        caller.wait_answered()
        event = whole.wait("call", change="bridged")
        assert event.data["call"]["number"] == "+5511966665555"
        number = masked.wait("call", change="bridged").data["call"]["number"]
        assert number.endswith("5555")
        assert "1196666" not in number
        caller.hang_up()
        assert whole.wait("call", change="ended").data["call"]["state"] == "ended"
        until(lambda: not daemon.calls(), "it is over")
        assert [event for event in own.events if event.kind == "call"] == []


def test_an_agent_sees_the_own_call_and_acts_on_it(web: Web, caller: Caller) -> None:
    with listening(web, AGENT) as own, web.client(AGENT) as program:
        calls = until(lambda: program.get("/api/v1/calls").json(), "the own call is there")
        assert "1197777" in calls[0]["number"]
        answer = program.post("/api/v1/actions", json={"action": "hangup"})
        assert answer.json()["code"] == "ended", answer.text
        own.wait("call", change="ended")
        assert own.wait("reply", code="ended").data["by"] == "agent:1000 via web"


def test_a_mark_blocks_and_is_released_and_both_are_told(
    web: Web, daemon: Daemon, caller: Caller
) -> None:
    with listening(web, SUPERVISOR) as seen, web.client(SUPERVISOR) as program:
        body = {"action": "prank", "agent": "1000"}
        key = {"Idempotency-Key": "a-key-of-its-own"}
        first = program.post("/api/v1/actions", json=body, headers=key)
        again = program.post("/api/v1/actions", json=body, headers=key)
        assert first.status_code == 200, first.text
        assert first.json()["code"] == "blocked"
        assert again.json() == first.json(), "the same request is answered alike"
        block = seen.wait("block", change="blocked").data["block"]
        assert block["by"] == "supervisor:token/ana via web"
        assert daemon.audited("a-key-of-its-own")["by"] == "supervisor:token/ana via web"
        listed = [each["id"] for each in program.get("/api/v1/blocks").json()]
        assert block["id"] in listed
        checked = program.get(f"/api/v1/numbers/{block['number']}").json()
        assert checked["blocked_until"] == block["until"]
        assert program.delete(f"/api/v1/blocks/{block['id']}").json()["code"] == "released"
        seen.wait("block", change="released")
        assert program.delete(f"/api/v1/blocks/{block['id']}").status_code == 404


def test_another_domains_supervisor_neither_sees_nor_acts(web: Web, caller: Caller) -> None:
    with web.client(SUPERVISOR) as program, web.client(CONFINED_SUPERVISOR) as confined:
        (call,) = until(lambda: program.get("/api/v1/calls").json(), "the call is there")
        assert confined.get("/api/v1/calls").json() == []
        assert confined.get(f"/api/v1/calls/{call['call']}").status_code == 404
        body = {"action": "hangup", "call": call["call"]}
        assert confined.post("/api/v1/actions", json=body).status_code in (403, 404)
        assert program.get("/api/v1/calls").json() != []


def test_a_killed_process_comes_back_and_loses_nothing(web: Web, daemon: Daemon) -> None:
    until(lambda: not daemon.calls(), "nobody is on the telephone")
    listener = Listener(web, SUPERVISOR)
    try:
        listener.wait("reset")
        daemon.lab.call("+5511955550001", "1000").wait_answered()
        last = listener.wait("call", change="bridged")
        read = [int(event.id) for event in listener.events if event.id]
    finally:
        web.kill(signal.SIGKILL)
        listener.wait_over()
    daemon.lab.api("hupall")
    until(lambda: not daemon.calls(), "it is over")
    web.start()
    with listening(web, SUPERVISOR, after=str(read[-1])) as again:
        ended = again.wait("call", change="ended").data["call"]
        assert ended["id"] == last.data["call"]["id"]
        numbers = [int(event.id) for event in again.events if event.id]
        assert numbers[0] == read[-1] + 1, "the first one that was missed"
        assert [b - a for a, b in pairwise(numbers)] == [1] * (len(numbers) - 1)
        assert "reset" not in {event.kind for event in again.events}


def test_a_log_in_outlives_the_process(web: Web) -> None:
    with web.client() as browser:
        assert log_in(browser, "ana").status_code == 303
        web.kill()
        web.start()
        assert browser.get("/api/v1/status").status_code == 200


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "1e3", "99999999999"])
def test_a_number_that_nobody_was_told_begins_anew(web: Web, after: str) -> None:
    with listening(web, SUPERVISOR, after=after) as listener:
        listener.wait("reset")


def test_a_daemon_that_ends_is_told_and_so_is_its_return(web: Web, daemon: Daemon) -> None:
    with listening(web, SUPERVISOR) as listener, web.client(SUPERVISOR) as program:
        daemon.kill()
        listener.wait("status", reached=False)
        answer = program.get("/api/v1/calls")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        body = {"action": "hangup", "agent": "1000"}
        assert program.post("/api/v1/actions", json=body).status_code == 503
        assert program.get("/api/v1/audit").status_code == 200, "the records are there all the same"
        daemon.start()
        until(lambda: program.get("/api/v1/status").json()["reached"], "it is watched again")
        assert listener.wait("reset")


def test_it_has_no_gevent_and_little_memory(web: Web) -> None:
    status = Path(f"/proc/{web.pid}/status").read_text()
    size = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(size.split()[1]) < 150 * 1024
    maps = Path(f"/proc/{web.pid}/maps").read_text()
    assert "gevent" not in maps


def test_nothing_of_a_person_is_in_its_log(web: Web) -> None:
    assert "Traceback" not in web.log
    assert "1196666" not in web.log
    with httpx.Client(base_url=web.url) as nobody:
        assert nobody.get("/api/v1/events").status_code == 401
