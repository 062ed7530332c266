"""The lines of the watch stream where the PBX is one of a site: calls of the other nodes, and which
of these are not heard of."""

from __future__ import annotations

from typing import Any

import pytest

from fluxcc.core.site.looking import MARGIN
from fluxcc.core.site.neighbourhood import Machine, Neighbourhood
from fluxcc.domain.agents import Agent
from fluxcc.domain.nodes import SILENT_AFTER, NodeCall, NodeState
from fluxcc.doors.feed import Feed
from fluxcc.protocol.watching import CallHappening, SiteHappening, read_line
from tests.fake_neighbours import FakeNeighbours, FakeTables
from tests.fake_site import FakeDatabase
from tests.fakes import NOW
from tests.unit.core.site.builders import Member

from .doors import readings_of

THERE = NodeCall(
    id=7,
    call="leg-there",
    direction="received",
    number="+5511988887777",
    agent="",
    domain="",
    group="sales",
    started=NOW,
    bridged=None,
    talking=False,
    legs=["leg-there"],
)


class Watched(Member):
    """A node whose stream is watched, and the tables that it has with the others."""

    def __init__(self) -> None:
        super().__init__("pbx1", FakeDatabase())
        self.tables = FakeTables()
        self.tables.nodes["pbx2"] = NodeState(version="1")
        self.neighbours = FakeNeighbours(self.tables, self.clock)
        self.around = Neighbourhood(self, self.joined, self.neighbours, Machine("here", "here"))
        self.around.presence.step()
        self.lines = Feed(self, readings_of(self).state, NOW, self.around)

    def look(self) -> list[Any]:
        """What is told after a look at the others."""
        begin = self.lines.number
        self.around.looking.step()
        return [read_line(line) for line in self.lines.after(begin, 100)]

    def put(self, **about: Any) -> None:
        """The call on the other node, as it is now."""
        facts = {name: getattr(THERE, name) for name in THERE.__struct_fields__}
        self.tables.calls["pbx2", THERE.id] = NodeCall(**{**facts, **about})

    def pass_time(self, seconds: float) -> None:
        """Without a beat of the others; this one goes on with its own."""
        self.clock.step(seconds)
        if not self.neighbours.is_cut:
            self.around.presence.step()


@pytest.fixture
def node() -> Watched:
    node = Watched()
    node.lines.rouse()
    node.look()
    return node


def changes(lines: list[Any]) -> list[tuple[str, str]]:
    """(change, node) of the calls."""
    return [(x.change.value, x.call.node) for x in lines if isinstance(x, CallHappening)]


def test_a_call_on_another_node_from_its_first_ring_to_its_end(node: Watched) -> None:
    node.put()
    assert changes(node.look()) == [("began", "pbx2")]
    node.put(group="support")
    assert changes(node.look()) == [("changed", "pbx2")]
    node.put(agent="1000", bridged=NOW, talking=True, agents=[Agent("1000")])
    (line,) = node.look()
    assert (line.change, line.call.agent, line.call.talking) == ("bridged", "1000", True)
    assert node.look() == []
    node.put(holder="1000")
    (line,) = node.look()
    assert line.call.holder == "1000"
    node.tables.calls.clear()
    (line,) = node.look()
    assert (line.change, line.call.id, line.call.ended) == ("ended", THERE.id, node.clock.now())


def test_the_snapshot_has_the_calls_of_all_nodes_each_with_its_own(node: Watched) -> None:
    node.put()
    node.look()
    node.received_call()
    assert sorted((call.node, call.call) for call in node.lines.calls()) == [
        ("pbx1", "customer"),
        ("pbx2", "leg-there"),
    ]
    assert node.lines.site.nodes == ("pbx1", "pbx2")


def test_nobody_is_asked_while_nobody_watches() -> None:
    node = Watched()
    node.neighbours.is_cut = True
    node.neighbours.reads = 0
    node.look()
    assert node.neighbours.reads == 0
    assert node.lines.calls() == []


def test_a_call_of_a_node_that_is_not_heard_of_is_lost_sight_of_and_not_ended(
    node: Watched,
) -> None:
    node.put()
    node.look()
    node.tables.silent.add("pbx2")
    lines = node.look()
    assert changes(lines) == [("lost", "pbx2")]
    assert [line.call.ended for line in lines if isinstance(line, CallHappening)] == [None]
    assert [x.site.silent for x in lines if isinstance(x, SiteHappening)] == [("pbx2",)]
    node.tables.silent.clear()
    lines = node.look()
    assert changes(lines) == [("began", "pbx2")]
    assert [x.site.silent for x in lines if isinstance(x, SiteHappening)] == [()]


def test_a_call_that_goes_while_its_node_grows_silent_has_not_ended(node: Watched) -> None:
    """The nodes are asked for before their calls: one may be just heard of, and silent then."""
    node.put()
    node.look()
    node.tables.silence["pbx2"] = SILENT_AFTER - MARGIN
    node.tables.calls.clear()
    assert changes(node.look()) == [("lost", "pbx2")]


def test_a_site_that_is_not_reached_is_told_at_once_and_its_calls_go_later(node: Watched) -> None:
    node.put()
    node.look()
    node.neighbours.is_cut = True
    lines = node.look()
    assert [type(line) for line in lines] == [SiteHappening]
    assert lines[0].site.failure
    assert lines[0].site.nodes == ("pbx1", "pbx2")
    node.pass_time(SILENT_AFTER)
    assert changes(node.look()) == [("lost", "pbx2")]
    node.neighbours.is_cut = False
    node.pass_time(0)
    lines = node.look()
    assert changes(lines) == [("began", "pbx2")]
    assert [x.site.failure for x in lines if isinstance(x, SiteHappening)] == [""]


@pytest.mark.parametrize(
    ("own", "domain", "is_foreign"),
    [((), "b.example", False), (("a.example",), "b.example", True), (("a.example",), "", False)],
)
def test_a_call_in_a_domain_that_this_node_does_not_have_is_foreign(
    node: Watched, own: tuple[str, ...], domain: str, is_foreign: bool
) -> None:
    for name in own:
        node.domains.see(Agent("1000", name))
    node.put(agent="1000", domain=domain)
    (line,) = node.look()
    assert line.call.foreign is is_foreign
