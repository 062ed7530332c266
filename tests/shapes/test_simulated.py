"""The shapes on the simulator: each tells what FreeSWITCH told of it, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.testing.waiting import until

from . import scripts
from .cast import Cast, Pool
from .domains import TWO
from .likeness import IN_ORDER, Event, Roles, differences, own, people, snapshot, tell
from .listener import Listener
from .port import Site
from .recordings import TWINS as TWINS_STREAMS
from .recordings import Recorded, Stage, recorded_shape, recorded_shapes
from .shape import SHAPES, TWINS, Shape
from .simulated import SimulatedSite

assert scripts
_QUIET = 0.05
_SLOW = {"voicemail": 0.3}
"""Seconds without an event after which a stage is reached."""
_SEVERAL_DIAL = ("loopback_", "ring_enterprise")
"""In which several threads of FreeSWITCH dial at once."""


class Run(NamedTuple):
    """One shape, on the simulator."""

    events: list[Event]
    stages: list[Stage]
    legs: dict[str, str]
    is_over: bool
    """The script itself ended every leg."""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with SimulatedSite() as site:
        yield Pool(site)


def _look(site: Site, stage: str, events: int, cast: Cast) -> Stage:
    channels = json.loads(site.api("show channels as json"))
    variables: dict[str, dict[str, Any]] = {}
    for row in channels.get("rows", ()):
        answer = site.api(f"uuid_dump {row['uuid']} json")
        variables[row["uuid"]] = json.loads(answer) if answer.startswith("{") else {}
    return Stage(stage, events, dict(cast.legs), channels, variables)


@pytest.fixture(scope="module")
def twins_pool() -> Iterator[Pool]:
    with SimulatedSite(homes=TWO) as site:
        yield Pool(site)


def _play(shape: Shape, pool: Pool) -> Run:
    pause = _SLOW.get(shape.name, _QUIET)
    cast = pool.cast()
    stages = []
    with Listener(pool.site) as listener:
        try:
            for stage in shape.play(cast):
                listener.wait_quiet(pause)
                stages.append(_look(pool.site, stage, len(listener.heard), cast))
            listener.wait_quiet(pause)
            is_over = pool.site.api("show channels count").strip() == "0 total."
        finally:
            cast.close()
        listener.wait_quiet(pause)
        return Run([one.event for one in listener.heard], stages, cast.legs, is_over)


def _between(recorded: Recorded) -> tuple[list[Event], list[list[Event]]]:
    """A recording's events, all and from stage to stage."""
    events = [json.loads(body.decode("utf-8", "replace"), strict=False) for body in recorded.bodies]
    mine = own(events)
    numbers = {id(event) for event in mine}
    places = [0, *(stage.events for stage in recorded.stages), len(events)]
    parts = [
        [event for event in events[begin:end] if id(event) in numbers]
        for begin, end in itertools.pairwise(places)
    ]
    return mine, parts


@pytest.mark.parametrize("name", recorded_shapes())
def test_a_shape_tells_what_freeswitch_told(name: str, pool: Pool) -> None:
    _compare(SHAPES[name], recorded_shape(name), pool)


@pytest.mark.parametrize("name", recorded_shapes(TWINS_STREAMS))
def test_twins_tell_what_freeswitch_told(name: str, twins_pool: Pool) -> None:
    _compare(TWINS[name], recorded_shape(name, TWINS_STREAMS), twins_pool)


def _compare(shape: Shape, recorded: Recorded, pool: Pool) -> None:
    name, run = shape.name, _play(shape, pool)
    events, parts = _between(recorded)
    roles, known = Roles(run.legs), Roles(recorded.stages[-1].legs)
    numbers = people(run.events, run.legs)
    known_numbers = people(events, recorded.stages[-1].legs)
    roles.learn(run.events, numbers)
    known.learn(events, known_numbers)
    in_order = IN_ORDER - ({"CHANNEL_CREATE"} if name.startswith(_SEVERAL_DIAL) else set())
    faults: list[str] = []
    begin = 0
    for stage, real, part in zip(run.stages, recorded.stages, parts, strict=False):
        told = tell(run.events[begin : stage.events], roles)
        faults += [
            f"before {stage.stage}: {one}" for one in differences(tell(part, known), told, in_order)
        ]
        begin = stage.events
        shown = snapshot(stage, roles, numbers)
        expected = snapshot(real, known, known_numbers)
        for what in sorted(shown.keys() | expected.keys()):
            if shown.get(what) != expected.get(what):
                said = f"FreeSWITCH {expected.get(what)!r}, simulator {shown.get(what)!r}"
                faults.append(f"at {stage.stage}: {what}: {said}")
    if run.is_over:
        # Elsewhere all hang up together, in any order.
        faults += differences(tell(parts[-1], known), tell(run.events[begin:], roles), in_order)
    assert not faults, "\n".join(faults)
    until(lambda: pool.site.api("show channels count").strip() == "0 total.", "all legs are gone")


def test_every_shape_was_recorded() -> None:
    assert set(recorded_shapes()) >= SHAPES.keys()
    assert set(recorded_shapes(TWINS_STREAMS)) >= TWINS.keys()
