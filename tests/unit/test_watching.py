"""What whoever watches is told: metrics, health, and a line of log for each action."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import gevent
import pytest
from gevent import socket
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fluxcc.core.retention import FIRST_AFTER
from fluxcc.domain.actions import Action
from fluxcc.doors.board import Board
from fluxcc.pbx.events import RequestHeaders
from fluxcc.watching import actions, collector, server
from fluxcc.watching.actions import Actions
from fluxcc.watching.collector import Collector, Sources
from fluxcc.watching.health import STUCK, Health
from fluxcc.watching.server import WatchServer, routes
from tests.builders import NUMBER, World, a_request, an_operators
from tests.fakes import NOW, FakePbx


@dataclass
class Session:
    """``daemon.session.Session`` as far as it is watched."""

    pbx: FakePbx
    connects: int = 1
    resyncs: int = 2
    connected_since: float | None = NOW
    waiting: int = 4
    dropped: int = 5
    loss: str = "reading failed"

    @property
    def is_connected(self) -> bool:
        """As the real one."""
        return self.pbx.is_connected and self.connected_since is not None


@dataclass
class Intake:
    """``daemon.intake.Intake`` as far as it is watched."""

    handled: int = 100
    undecodable: int = 3
    lag: float = 0.25


class Watched:
    """A world, watched."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.session, self.intake = Session(world.pbx), Intake()
        self.turned = 0.0
        """When the loop that handles events last went round."""
        self.health = Health(self.session, world.journal, world.clock, lambda: self.turned)
        self.board = Board(world.executor, world.pbx, "en")
        self.registry = CollectorRegistry()
        self.registry.register(
            Collector(
                Sources("1.2.3", "pbx1", self.session, self.intake, self.health, world, self.board)
            )
        )
        world.happenings.request_answered.connect(Actions(self.registry).ended)
        self._app = routes(self.registry, self.health)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def get(self, path: str, method: str = "GET") -> tuple[str, str]:
        """Status and page."""
        said: list[str] = []
        body = self._app(
            {"PATH_INFO": path, "REQUEST_METHOD": method},
            lambda status, headers: said.append(status),
        )
        return said[0], b"".join(body).decode()


@pytest.fixture
def watched(world: World) -> Watched:
    return Watched(world)


# Metrics


def test_every_metric_is_told_and_no_other(watched: Watched) -> None:
    told = {
        sample.name
        for family in text_string_to_metric_families(generate_latest(watched.registry).decode())
        for sample in family.samples
    }
    histogram = {f"{actions.TIMED}{tail}" for tail in ("_bucket", "_sum", "_count")}
    assert told == collector.NAMES | {actions.COUNTED} | histogram


def test_metrics_say_what_is_now(watched: Watched) -> None:
    world = watched.world
    world.blocks(number="+5521977776666")
    world.received_call()
    assert watched.value("fluxcc_calls") == 1
    assert watched.value("fluxcc_legs") == 2
    assert watched.value("fluxcc_blocks") == 1
    assert watched.value("fluxcc_link_up") == 1
    assert watched.value("fluxcc_events_waiting") == 4
    assert watched.value("fluxcc_events_dropped_total") == 5
    assert watched.value("fluxcc_event_lag_seconds") == 0.25
    assert watched.value("fluxcc_info", version="1.2.3", node="pbx1") == 1
    assert watched.value("fluxcc_store_pending") == 1
    world.journal.flush()
    assert watched.value("fluxcc_store_pending") == 0


def test_a_lost_link_shows_at_once_and_until_the_snapshot_was_taken(watched: Watched) -> None:
    watched.world.pbx.lose()
    assert watched.value("fluxcc_link_up") == 0
    watched.world.pbx.come_back()
    watched.session.connected_since = None
    assert watched.value("fluxcc_link_up") == 0
    assert watched.value("fluxcc_link_connected_timestamp_seconds") == 0


def test_actions_are_counted_by_how_they_ended_and_timed(watched: Watched) -> None:
    watched.world.received_call()
    watched.world.ask(a_request())
    watched.world.ask(a_request())
    done = {"action": "prank", "status": "ok", "code": "blocked"}
    refused = {"action": "prank", "status": "refused", "code": "no-live-call"}
    assert watched.value("fluxcc_actions_total", **done) == 1
    assert watched.value("fluxcc_actions_total", **refused) == 1
    assert watched.value("fluxcc_action_seconds_count", action="prank") == 2


def test_a_request_that_comes_again_is_not_counted_again(watched: Watched) -> None:
    watched.world.received_call()
    request = a_request()
    for _ in range(2):
        watched.world.ask(request)
    assert watched.value("fluxcc_action_seconds_count", action="prank") == 1


def test_failures_are_there_before_the_first_one(watched: Watched) -> None:
    failed = {"action": "transfer", "status": "failed", "code": "pbx-rejected"}
    assert watched.value("fluxcc_actions_total", **failed) == 0


def test_what_becomes_of_blocks_and_who_tried_is_counted(watched: Watched) -> None:
    world = watched.world
    world.ask(an_operators(Action.BLOCK, number=NUMBER))
    world.caller_dials()
    world.ask(an_operators(Action.UNBLOCK, number=NUMBER))
    assert watched.value("fluxcc_attempts_total") == 1
    for change, count in (("blocked", 1), ("renewed", 0), ("released", 1), ("expired", 0)):
        assert watched.value("fluxcc_block_changes_total", change=change) == count


def test_surveys_and_malformed_requests_are_counted(watched: Watched) -> None:
    world = watched.world
    record = {"Fluxcc-Survey": "s1", "Fluxcc-Questions": "1", "Fluxcc-Answer-1": "5"}
    world.spool.files = {"a": [record], "b": [{"Fluxcc-Survey": "s2"}]}
    world.surveys.empty_spool()
    assert watched.value("fluxcc_surveys_total", result="taken") == 1
    assert watched.value("fluxcc_surveys_total", result="malformed") == 1
    watched.board.answer(RequestHeaders(request="r", action="fly", agent="1000"))
    assert watched.value("fluxcc_requests_malformed_total") == 1


def test_the_stores_lag_is_how_long_the_oldest_record_waits(watched: Watched) -> None:
    world = watched.world
    world.store.failure = "the disk is full"
    world.caller_dials()
    world.journal.wait_for_work()
    world.journal.flush()
    world.clock.step(30)
    lag = watched.value("fluxcc_store_lag_seconds")
    assert lag is not None
    assert lag >= 30
    assert watched.value("fluxcc_store_failing") == 1
    world.store.failure = ""
    world.journal.flush()
    assert watched.value("fluxcc_store_lag_seconds") == 0
    assert watched.value("fluxcc_store_failing") == 0


def test_retention_is_told(watched: Watched) -> None:
    name = "fluxcc_retention_last_success_timestamp_seconds"
    assert watched.value(name) == 0
    watched.world.clock.step(FIRST_AFTER)
    watched.world.retention.step()
    assert watched.value(name) == NOW + FIRST_AFTER
    assert watched.value("fluxcc_retention_deleted_total", kind="calls") == 0


def test_no_metric_has_a_telephone_number_in_it(watched: Watched) -> None:
    watched.world.received_call()
    watched.world.ask(a_request())
    assert NUMBER[-8:] not in generate_latest(watched.registry).decode()


# The line of log


def test_an_action_leaves_one_line(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fluxcc.watching")
    watched.world.received_call()
    watched.world.ask(a_request(id="board-1"))
    (record,) = (record for record in caplog.records if record.name == "fluxcc.watching.actions")
    told = vars(record)
    assert (told["request"], told["by"], told["code"]) == ("board-1", "agent:1000", "blocked")
    assert (told["number"], told["call"]) == (NUMBER, "customer")


# Health


def test_all_is_well(watched: Watched) -> None:
    assert watched.get("/healthz") == watched.get("/readyz") == ("200 OK", "ok\n")
    assert watched.value("fluxcc_ready") == 1


def test_without_a_link_it_lives_and_is_not_ready(watched: Watched) -> None:
    watched.world.pbx.lose()
    assert watched.get("/healthz")[0] == "200 OK"
    assert watched.get("/readyz") == (
        "503 Service Unavailable",
        "no link to FreeSWITCH: reading failed\n",
    )
    assert watched.value("fluxcc_ready") == 0


def test_every_reason_is_told(watched: Watched) -> None:
    watched.world.pbx.lose()
    watched.world.store.failure = "the disk is full"
    watched.world.caller_dials()
    watched.world.journal.flush()
    page = watched.get("/readyz")[1]
    assert page.splitlines() == [
        "no link to FreeSWITCH: reading failed",
        "the store cannot be written: the disk is full",
    ]


def test_a_store_that_nobody_writes_to_is_found_out(watched: Watched) -> None:
    watched.world.store.failure = "the disk is full"
    assert not watched.world.journal.wait_for_work()
    watched.world.journal.check_store()
    assert watched.get("/readyz")[0].startswith("503")
    watched.world.store.failure = ""
    watched.world.journal.check_store()
    assert watched.get("/readyz")[0] == "200 OK"


def test_a_loop_that_does_not_turn_is_ill(watched: Watched) -> None:
    watched.world.clock.step(STUCK + 1)
    assert watched.get("/healthz") == (
        "503 Service Unavailable",
        "the loop has been stuck for 61 s\n",
    )
    watched.turned = watched.world.clock.monotonic()
    assert watched.get("/healthz")[0] == "200 OK"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", "404 Not Found"),
        ("/metrics/../etc", "GET", "404 Not Found"),
        ("/readyz", "HEAD", "200 OK"),
        ("/readyz", "POST", "405 Method Not Allowed"),
        ("/metrics", "DELETE", "405 Method Not Allowed"),
    ],
)
def test_nothing_else_is_there(watched: Watched, path: str, method: str, status: str) -> None:
    assert watched.get(path, method)[0] == status


# The server


@pytest.fixture
def address() -> tuple[str, int]:
    """A port of this machine that is free."""
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        host, port = finder.getsockname()
    return host, port


@pytest.fixture
def watch_server(watched: Watched, address: tuple[str, int]) -> Iterator[WatchServer]:
    door = WatchServer(address, watched.registry, watched.health)
    yield door
    door.stop()


def fetch(address: tuple[str, int], request: bytes = b"GET /readyz HTTP/1.0\r\n\r\n") -> bytes:
    with socket.create_connection(address, timeout=5) as asker:
        asker.sendall(request)
        answer = b""
        while part := asker.recv(65536):
            answer += part
    return answer


def test_it_listens_until_it_is_stopped(
    watch_server: WatchServer, address: tuple[str, int]
) -> None:
    watch_server.start()
    assert fetch(address).endswith(b"\r\n\r\nok\n")
    assert b"fluxcc_link_up 1.0" in fetch(address, b"GET /metrics HTTP/1.0\r\n\r\n")
    watch_server.stop()
    with pytest.raises(OSError, match="refused"):
        fetch(address)


def test_a_port_that_is_taken_is_tried_again(
    watch_server: WatchServer, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "RETRY_AFTER", 0.01)
    with socket.socket() as other:
        other.bind(address)
        other.listen()
        watch_server.start()
    with gevent.Timeout(5):
        while True:
            gevent.sleep(0.01)
            try:
                assert fetch(address).endswith(b"ok\n")
            except OSError:
                continue
            break


def test_whoever_asks_too_slowly_is_let_go(
    watch_server: WatchServer, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTION_TIMEOUT", 0.05)
    watch_server.start()
    assert b"200" not in fetch(address, b"GET /metrics HTTP/1.1\r\nX-")


def test_without_an_address_nobody_is_told(watched: Watched) -> None:
    door = WatchServer(None, watched.registry, watched.health)
    door.start()
    door.stop()
