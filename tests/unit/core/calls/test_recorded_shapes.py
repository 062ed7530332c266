"""Shapes of calls as a real FreeSWITCH told them: who has the customer at each stage of each, also
where the daemon was started anew just then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from fluxcc.config import CallSettings
from fluxcc.domain.agents import read_agent
from fluxcc.domain.calls import Conversation
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.events import LegRow, Snapshot
from fluxcc.pbx import events, snapshot
from tests.builders import DECODER, SETTINGS, World
from tests.shapes.matrix import MATRIX
from tests.shapes.matrix import Stage as Line
from tests.shapes.recordings import STREAMS, TWINS, Stage, recorded_shape, recorded_shapes

TRUNKS = msgspec.structs.replace(CallSettings(), trunk_users=("^29(80|90)$",))


class Site:
    """The daemon's core, as it hears a recorded shape."""

    def __init__(self) -> None:
        self.world = World(msgspec.structs.replace(SETTINGS, calls=TRUNKS))
        self.names: dict[str, str] = {}
        """UUID of a leg → the agent whose telephone it was."""

    def hear(self, body: bytes) -> None:
        event = DECODER.event(body)
        if event.at.isdigit():
            self.world.clock.set(int(event.at) / 1e6)
        tracker = self.world.tracker
        if (event.name, event.subclass) == (events.CUSTOM, events.CONFERENCE):
            if event.action == events.JOINED:
                tracker.leg_joined(event)
            elif event.action == events.LEFT:
                tracker.leg_left(event)
        elif (event.name, event.subclass) == (events.CUSTOM, events.VALET):
            (tracker.leg_parked if event.action == events.PARKED else tracker.leg_unparked)(event)
        else:
            self.world.handle(event)
        for leg in tracker.legs.values():
            if leg.extension:
                self.names[leg.uuid] = leg.extension

    def answer(self, agent: str) -> Conversation | str:
        """What this agent's request without ``Fluxcc-Call`` is about, or the refusal's code."""
        try:
            return self.world.views.find(read_agent(agent), "", by_operator=False)[1]
        except RefusedError as refusal:
            return str(refusal.code)

    def started_anew(self, stage: Stage) -> Site:
        """A daemon that has only the store and a snapshot."""
        self.world.journal.flush()
        site = Site()
        site.names = dict(self.names)
        site.world.clock.set(self.world.clock.now())
        site.world.snapshots.restore(
            record for record in self.world.store.calls.values() if record.ended is None
        )
        described = {
            uuid: DECODER.event(json.dumps(variables).encode())
            for uuid, variables in stage.variables.items()
        }
        channels = json.dumps(stage.channels)
        rows = snapshot.read_snapshot(channels, json.dumps({"row_count": 0}))
        bridged = [_with_bridge(row, stage.variables) for row in rows]
        legs = Snapshot(bridged, frozenset(row.uuid for row in rows))
        site.world.snapshots.resync(legs, frozenset(), described.items())
        return site


def _with_bridge(row: LegRow, variables: Mapping[str, dict[str, str]]) -> LegRow:
    """As ``show bridged_calls`` would say it: at the row of the bridge's originatee."""
    own = variables.get(row.uuid, {})
    for uuid, theirs in variables.items():
        is_pair = own.get("variable_bridge_to") == uuid or (
            theirs.get("variable_bridge_to") == row.uuid
        )
        if uuid != row.uuid and is_pair and theirs.get("Other-Type") != "originator":
            return msgspec.structs.replace(row, bridged_to=uuid)
    return row


def played(shape: str, streams: Path = STREAMS) -> Iterator[tuple[Stage, Site]]:
    """The site at each stage of a shape; in the end nobody is left."""
    recorded, site = recorded_shape(shape, streams), Site()
    heard = 0
    for stage in recorded.stages:
        for body in recorded.bodies[heard : stage.events]:
            site.hear(body)
        heard = stage.events
        yield stage, site
    for body in recorded.bodies[heard:]:
        site.hear(body)
    tracker = site.world.tracker
    assert list(tracker.legs) == []
    assert list(tracker.calls) == []


def check(line: Line, stage: Stage, site: Site) -> None:
    """What the matrix says of the stage."""
    if line.has and not line.internal:
        view = site.answer(site.names[stage.legs[line.has]])
        assert isinstance(view, Conversation), view
        assert (view.customer, view.agent_leg) == (stage.legs[line.customer], stage.legs[line.has])
        assert view.is_standing == line.stands
    if line.holds:
        view = site.answer(site.names[stage.legs[line.holds]])
        assert isinstance(view, Conversation), view
        assert (view.customer, view.agent_leg) == (stage.legs[line.customer], "")
    if line.asked:
        view = site.answer(site.names[stage.legs[line.asked]])
        assert isinstance(view, Conversation), view
        assert view.is_consulted
    has = site.names.get(stage.legs.get(line.agent, ""), "")
    for role in (*line.former, *line.rings):
        name = site.names.get(stage.legs[role], "")
        if name and name != has:
            assert site.answer(name) == "no-live-call"


LINES = {(line.shape, line.name): line for line in MATRIX}


@pytest.mark.parametrize("shape", recorded_shapes())
def test_everybody_is_who_they_are_at_each_stage(shape: str) -> None:
    """Contract, section 1a."""
    for stage, site in played(shape):
        if (shape, stage.stage) in LINES:
            check(LINES[shape, stage.stage], stage, site)


@pytest.mark.parametrize("shape", recorded_shapes())
def test_a_restart_changes_no_answer(shape: str) -> None:
    for stage, site in played(shape):
        anew = site.started_anew(stage)
        for agent in sorted(set(site.names.values())):
            before, after = _told(site.answer(agent)), _told(anew.answer(agent))
            assert after == before, (stage.stage, agent)


def _told(answer: Conversation | str) -> Conversation | str:
    """Without the bridge's originatee, of which only ``show bridged_calls`` tells, which is not
    recorded."""
    if isinstance(answer, str):
        return answer
    return msgspec.structs.replace(answer, originatee=str(answer.is_bridged))


@pytest.mark.parametrize("shape", recorded_shapes())
def test_a_conversation_is_one_row_of_history(shape: str) -> None:
    """Under the number of somebody outside, who is nobody's agent."""
    site = [site for _, site in played(shape)][-1]
    site.world.journal.flush()
    rows = list(site.world.store.calls.values())
    outside = [row for row in rows if row.direction != "internal"]
    assert len({row.customer_leg for row in outside}) == len(outside)
    for row in outside:
        assert row.number.startswith("5511"), row
        assert row.agent == "" or len(row.agent) == 4, row


CUSTOMERS = {
    ("twins_called", "one talks"): ("customer", ""),
    ("twins_called", "both talk"): ("customer", "second"),
    ("twins_called", "the twin talks"): ("", "second"),
    ("twins_dial_out", "both talk"): ("customer", "second"),
    ("twins_dial_out", "the twin consults"): ("customer", "second"),
}
"""At each stage of each shape of two domains: whom the agent has, and whom the twin."""


@pytest.mark.parametrize("shape", recorded_shapes(TWINS))
def test_twins_have_a_customer_each(shape: str) -> None:
    """Contract, section 8: one extension in two domains is two agents, also after a restart."""
    for stage, site in played(shape, TWINS):
        for one in (site, site.started_anew(stage)):
            roles = CUSTOMERS[shape, stage.stage]
            for domain, role in zip(("a.example", "b.example"), roles, strict=True):
                view = one.answer(f"2000@{domain}")
                found = view.customer if isinstance(view, Conversation) else view
                assert found == stage.legs.get(role, "no-live-call"), (stage.stage, domain)
