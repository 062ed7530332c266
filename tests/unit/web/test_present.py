"""What is live in a site: calls of several PBXs, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fluxcc.domain.agents import Agent
from fluxcc.domain.calls import CallChange
from fluxcc.domain.history import CallAt
from fluxcc.domain.nodes import SiteSight
from fluxcc.doors.readings import Readings
from fluxcc.protocol.watching import Snapshot, WatchedCall
from fluxcc.web.present import Present
from fluxcc.web.sight import Sight
from tests.builders import World
from tests.contract.records import a_call
from tests.unit.doors.doors import readings_of

EVERYTHING = Sight(is_whole=True)


def call_on(node: str, **changes: Any) -> WatchedCall:
    facts: dict[str, Any] = {
        "id": 1,
        "call": f"leg-{node}",
        "direction": "received",
        "number": "+5511988887777",
        "agent": "1000",
        "group": "",
        "started": 1.0,
        "bridged": None,
        "talking": False,
        "legs": [f"leg-{node}"],
        "node": node,
    }
    return WatchedCall(**facts | changes)


@pytest.fixture
def readings(world: World) -> Readings:
    return readings_of(world)


@pytest.fixture
def present(readings: Readings) -> Present:
    """Of two PBXs, with a call of the same id on each."""
    present = Present()
    status = replace(readings.state(), node="pbx1", domains=["a.example"])
    present.begin(
        1,
        Snapshot(
            status=status,
            calls=[call_on("pbx1"), call_on("pbx2")],
            blocks=[],
            site=SiteSight(nodes=("pbx1", "pbx2"), silent=("pbx2",)),
        ),
    )
    return present


def nodes(present: Present) -> list[str]:
    return [each.node for each in present.calls(EVERYTHING)]


def test_two_pbxs_may_have_a_call_of_the_same_id(present: Present) -> None:
    assert nodes(present) == ["pbx1", "pbx2"]
    present.put_call(call_on("pbx2", ended=2.0), CallChange.ENDED)
    assert nodes(present) == ["pbx1"]


def test_a_call_that_is_lost_sight_of_is_not_live_here(present: Present) -> None:
    present.put_call(call_on("pbx2"), CallChange.LOST)
    assert nodes(present) == ["pbx1"]


def test_the_state_names_the_pbxs_and_those_that_are_silent(present: Present) -> None:
    status = present.status(EVERYTHING)
    assert (status.nodes, status.silent_nodes, status.calls) == (["pbx1", "pbx2"], ["pbx2"], 2)
    assert present.are_several


@pytest.mark.parametrize(
    ("agent", "node", "domain", "is_strange"),
    [
        (Agent("1000"), "pbx2", "b.example", True),
        (Agent("1000"), "pbx2", "a.example", False),
        (Agent("1000"), "pbx2", "", False),
        (Agent("1000"), "pbx1", "b.example", False),
        (Agent("1000", "b.example"), "pbx2", "b.example", False),
    ],
)
def test_whose_history_on_another_pbx_it_is(
    present: Present, agent: Agent, node: str, domain: str, is_strange: bool
) -> None:
    record = a_call(domain=domain)
    facts = {name: getattr(record, name) for name in record.__struct_fields__}
    assert present.is_strange(agent, CallAt(**facts, node=node)) is is_strange
