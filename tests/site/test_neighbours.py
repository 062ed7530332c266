"""Two PBXs of a site, each with its daemon: calls and requests of one on the other (contract,
section 9)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from fluxcc.domain.codes import Code
from tests.scenarios.people import STRANGERS, Person
from tests.site.test_two_pbxs import SOON, Pair, labs, pair, person
from tests.testing.daemon import Daemon
from tests.testing.postgresql import stopped_server
from tests.testing.waiting import until

__all__ = ["labs", "pair", "person"]


@pytest.fixture(autouse=True)
def _quiet(pair: Pair) -> Iterator[None]:
    """No test leaves a call to the next one."""
    yield
    for daemon in pair:
        daemon.lab.api("hupall")


def talk(daemon: Daemon, person: Person, agent: str = "1000") -> dict[str, Any]:
    """The person talks to an agent; the call as its node tells it."""
    daemon.lab.call(person.number, agent).wait_answered()
    daemon.wait_talking(person.number)
    return next(call for call in calls(daemon) if call["number"] == person.number)


def calls(daemon: Daemon, **ask: str) -> list[dict[str, Any]]:
    """The live calls that the daemon tells."""
    told: list[dict[str, Any]] = daemon.operate("calls", **ask)["reading"]
    return told


def wait_seen(daemon: Daemon, person: Person) -> dict[str, Any]:
    """The person's call, as soon as the daemon tells it."""

    def seen() -> list[dict[str, Any]]:
        return [call for call in calls(daemon) if call["number"] == person.number]

    return until(seen, lambda: "the call is told; the log:\n" + daemon.log, SOON)[0]


def rows(daemon: Daemon, action: str, number: str) -> list[Any]:
    """Rows of a node's own audit, as its store has them: ``audit`` shows those of all nodes."""
    of_action = "SELECT by, number FROM audit WHERE action = ? AND number = ?"
    with closing(sqlite3.connect(daemon.database)) as store:
        store.row_factory = sqlite3.Row
        return store.execute(of_action, (action, number)).fetchall()


def test_calls_of_all_nodes_are_told_by_each(pair: Pair, person: Person) -> None:
    here, there = pair
    call = talk(there, person)
    assert call["node"] == "pbx2"
    seen = wait_seen(here, person)
    assert seen | {"talking": True} == call
    assert calls(here, node="pbx1") == []
    assert [each["node"] for each in calls(here, node="pbx2")] == ["pbx2"]


def test_an_operator_acts_on_a_call_of_another_node_by_its_leg(pair: Pair, person: Person) -> None:
    here, there = pair
    leg = talk(there, person)["call"]
    wait_seen(here, person)
    answer = here.operate("prank", call=leg)
    assert (answer["reply"]["code"], answer["reply"]["call"]) == (Code.BLOCKED, leg)
    until(lambda: not calls(there), "the call has ended", SOON)
    # As if asked there: the node of the call has it in its audit, once, and by whom.
    (row,) = until(lambda: rows(there, "prank", person.number), "it is in the audit", SOON)
    assert row["by"].startswith("operator:")
    assert rows(here, "prank", person.number) == []


def test_a_board_acts_on_its_agents_call_on_another_node_once(pair: Pair, person: Person) -> None:
    here, there = pair
    talk(there, person)
    wait_seen(here, person)
    with here.board() as board:
        reply = board.hangup("1000", request="once-more")
        assert reply.code == Code.ENDED
        again = board.hangup("1000", request="once-more")
        assert (again.code, again.call) == (reply.code, reply.call)
    until(lambda: rows(there, "hangup", person.number), "it is in the audit", SOON)
    assert len(rows(there, "hangup", person.number)) == 1
    assert rows(here, "hangup", person.number) == []


def test_who_has_no_call_on_any_node_is_told_so_at_once(pair: Pair) -> None:
    here, _ = pair
    began = time.monotonic()
    assert here.operate("hangup", agent="1000")["reply"]["code"] == Code.NO_LIVE_CALL
    assert here.operate("hangup", call="none")["reply"]["code"] == Code.NO_SUCH_CALL
    assert time.monotonic() - began < 2


def test_the_outcome_is_unknown_where_the_calls_node_is_gone(pair: Pair, person: Person) -> None:
    here, there = pair
    leg = talk(there, person)["call"]
    wait_seen(here, person)
    there.kill()
    assert here.operate("hangup", call=leg)["reply"]["code"] == Code.OUTCOME_UNKNOWN
    # It is not carried out later either: its asker waits no more.
    there.start()
    wait_seen(there, person)
    time.sleep(1.5)
    assert [call["number"] for call in calls(there)] == [person.number]
    assert here.operate("hangup", call=leg)["reply"]["code"] == Code.ENDED


def test_a_nodes_operator_acts_on_a_call_elsewhere_while_its_own_freeswitch_is_down(
    pair: Pair, person: Person
) -> None:
    here, there = pair
    leg = talk(there, person)["call"]
    wait_seen(here, person)
    connects = here.connects
    here.lab.kill()
    try:
        until(lambda: not here.status()["connected"], "the link is lost", SOON)
        assert here.operate("hangup", agent="1001")["error"] == "unavailable"
        assert here.operate("hangup", call=leg)["reply"]["code"] == Code.ENDED
    finally:
        here.lab.start()
    here.wait_connected(connects + 1)


def test_a_hundred_requests_at_the_wrong_node_are_each_answered(pair: Pair) -> None:
    here, there = pair
    legs = [talk(there, next(STRANGERS), "1000")["call"] for _ in range(4)]
    until(lambda: {c["call"] for c in calls(here)} >= set(legs), "all are told", SOON)
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda leg: here.operate("hangup", call=leg), legs)]
    assert {answer["reply"]["code"] for answer in answers} == {Code.ENDED}


@pytest.mark.parametrize("command", ["status", "calls"])
def test_commands_go_on_without_the_database(
    pair: Pair, command: str, postgresql_server: str
) -> None:
    with stopped_server(postgresql_server):
        began = time.monotonic()
        assert "reading" in pair.here.operate(command)
        assert time.monotonic() - began < 3
