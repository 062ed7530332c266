"""What whoever watches the daemon sees, and what its log says (``docs/watching.md``)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.ports import free_port
from tests.testing.waiting import until

from .people import Person


class Watcher:
    """Somebody who asks a daemon how it is."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str) -> tuple[int, str]:
        """Status and page."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def value(self, name: str, **labels: str) -> float | None:
        """A metric's value."""
        for family in text_string_to_metric_families(self.get("/metrics")[1]):
            for sample in family.samples:
                if (sample.name, sample.labels) == (name, labels):
                    return float(sample.value)
        return None


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def watched(make_daemon: Callable[..., Daemon], port: int) -> Daemon:
    daemon = make_daemon(FLUXCC_METRICS_LISTEN=f"127.0.0.1:{port}", FLUXCC_LOG_FORMAT="json")
    daemon.start()
    return daemon


def test_a_prank_a_crash_of_freeswitch_and_its_return_are_seen(
    lab: Lab, watched: Daemon, port: int, person: Person
) -> None:
    watcher = Watcher(port)
    assert watcher.get("/healthz") == watcher.get("/readyz") == (200, "ok\n")
    assert watcher.value("fluxcc_link_up") == 1
    assert watcher.value("fluxcc_blocks") == 0

    lab.call(person.number, "1000").wait_answered()
    watched.wait_talking(person.number)
    assert watcher.value("fluxcc_calls") == 1
    assert watched.cli("prank", "--agent", "1000").code == 0
    done = {"action": "prank", "status": "ok", "code": "blocked"}
    assert watcher.value("fluxcc_actions_total", **done) == 1
    assert watcher.value("fluxcc_action_seconds_count", action="prank") == 1
    assert watcher.value("fluxcc_blocks") == 1
    assert person.local not in watcher.get("/metrics")[1]

    lab.kill()
    until(lambda: watcher.get("/readyz")[0] == 503, "it is not ready")
    assert "no link to FreeSWITCH" in watcher.get("/readyz")[1]
    assert watcher.get("/healthz")[0] == 200
    assert watcher.value("fluxcc_link_up") == 0
    lab.start()
    until(lambda: watcher.get("/readyz")[0] == 200, "it is ready again", timeout=20)
    assert watcher.value("fluxcc_connects_total") == 2
    assert watched.cli("unblock", person.number).code == 0
    assert watcher.value("fluxcc_block_changes_total", change="released") == 1


def test_each_line_of_the_log_is_one_object_and_shows_no_whole_number(
    lab: Lab, watched: Daemon, person: Person
) -> None:
    caller = lab.call(person.number, "1000", name='"} {"level": "CRITICAL')
    caller.wait_answered()
    watched.wait_talking(person.number)
    assert watched.cli("prank", "--agent", "1000", "--reason", "swears").code == 0
    lines = [json.loads(line) for line in watched.log.splitlines()]
    assert {line["level"] for line in lines} <= {"INFO", "WARNING"}
    (action,) = (line for line in lines if line["message"] == "an action ended")
    assert (action["action"], action["code"]) == ("prank", "blocked")
    assert action["number"].endswith(person.number[-4:])
    assert person.local not in watched.log
    assert watched.cli("unblock", person.number).code == 0


def test_a_second_daemon_works_although_the_port_is_taken(
    make_daemon: Callable[..., Daemon], port: int
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        daemon = make_daemon(FLUXCC_METRICS_LISTEN=f"127.0.0.1:{port}")
        daemon.start()
        assert "metrics and health checks are not served" in daemon.log
        assert daemon.status()["connected"]


@pytest.mark.parametrize("is_running", [True, False])
def test_a_persons_data_is_erased(
    lab: Lab, make_daemon: Callable[..., Daemon], person: Person, is_running: bool
) -> None:
    """``db purge``: through the daemon where one runs, by itself otherwise
    (``docs/commands.md``)."""
    daemon = make_daemon()
    daemon.start()
    lab.call(person.number, "1000").wait_answered()
    daemon.wait_talking(person.number)
    assert daemon.cli("prank", "--agent", "1000", "--reason", "swears").code == 0
    until(lambda: daemon.store.ended_calls(number=person.number, limit=9), "the call is history")
    if not is_running:
        daemon.stop()

    erased = daemon.cli("db", "purge", "--number", person.other_spellings[-1], "--json")
    assert erased.code == 0, erased.stderr
    assert erased.json["counts"] == {"calls": 1, "surveys": 0, "blocks": 0, "audit": 1}
    assert erased.json["blocked_until"]
    assert daemon.store.ended_calls(number=person.number, limit=9) == []
    purge, prank = daemon.store.audit(limit=9)
    assert (purge.action, purge.code, purge.number) == ("purge", "erased", "")
    assert (prank.action, prank.code, prank.number, prank.reason) == ("prank", "blocked", "", "")
    assert daemon.block_of(person.number) is not None

    gone = daemon.cli("db", "purge", "--number", person.number, "--with-live-block", "--json")
    if is_running:
        assert gone.json["counts"]["blocks"] == 1
        assert daemon.block_of(person.number) is None
        assert daemon.cli("check", person.number, "--json").json["blocked_until"] is None
    else:
        assert gone.code == 69
        assert daemon.block_of(person.number) is not None
        daemon.start()
        assert daemon.cli("unblock", person.number).code == 0
