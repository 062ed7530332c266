"""Pairs of loopback legs: what they pass on, and when they go."""

from __future__ import annotations

import pytest

from fluxcc.lab.simulator import loopback
from fluxcc.lab.simulator.channel import Channel

from .conftest import Scene


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "BOW_OUT_AFTER", 0.02)


def _bridge(scene: Scene, to: str) -> Channel:
    caller = scene.call("9999")
    scene.run(caller, ("bridge", to))
    return caller


def _pair(scene: Scene) -> tuple[Channel, Channel]:
    scene.until(lambda: len(_legs(scene)) == 2)
    called, dials = _legs(scene)
    return called, dials


def _legs(scene: Scene) -> list[Channel]:
    return [leg for leg in scene.pbx.switchboard if leg.name.startswith("loopback/")]


def test_the_pair_bows_out_once_both_of_it_talk(scene: Scene) -> None:
    caller = _bridge(scene, "loopback/1000/default")
    called, dials = _pair(scene)
    assert (called.direction, dials.direction) == ("outbound", "inbound")
    scene.until(lambda: not _legs(scene) and caller.bridged_to is not None)
    agent = caller.bridged_to
    assert agent is not None
    assert agent.name.startswith("sofia/")
    assert called.variable("loopback_bowout_other_uuid") == caller.uuid
    assert dials.variable("loopback_bowout_other_uuid") == agent.uuid
    scene.end(caller)


def test_a_pair_that_must_not_bow_out_stays(scene: Scene) -> None:
    caller = _bridge(scene, "{loopback_bowout=false}loopback/1000/default")
    called, dials = _pair(scene)
    scene.until(lambda: caller.bridged_to is called and dials.bridged_to is not None)
    caller.wait(lambda: not _legs(scene), timeout=3 * loopback.BOW_OUT_AFTER)
    assert caller.bridged_to is called
    scene.end(caller)


def test_one_leg_ends_as_the_other_one_does(scene: Scene) -> None:
    scene.pbx.outside.set_phone("1000", "ring")
    caller = _bridge(scene, "loopback/1000/default")
    called, dials = _pair(scene)
    scene.until(lambda: called.progress_us > 0)
    scene.pbx.api(f"uuid_kill {dials.uuid} CALL_REJECTED")
    scene.until_quiet()
    assert [leg.cause for leg in (dials, called, caller)] == ["CALL_REJECTED"] * 3


def test_a_number_that_nobody_has_is_not_reached(scene: Scene) -> None:
    caller = _bridge(scene, "loopback/1/nowhere")
    scene.until_quiet()
    assert caller.cause == "NO_ROUTE_DESTINATION"
