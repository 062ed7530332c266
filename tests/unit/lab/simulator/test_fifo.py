"""Fifos: who waits, who fetches, and who gives up."""

from __future__ import annotations

import pytest

from fluxcc.lab.simulator import fifo
from fluxcc.lab.simulator.channel import Channel

from .conftest import Scene


def _enter(scene: Scene, how: str) -> Channel:
    leg = scene.call("9999")
    scene.run(leg, ("fifo", f"f {how}"))
    return leg


def _actions(scene: Scene, leg: Channel) -> list[str]:
    return [event.get("FIFO-Action") or "" for event in scene.said("CUSTOM", Unique_ID=leg.uuid)]


def test_a_caller_gives_up(scene: Scene) -> None:
    caller = _enter(scene, "in")
    scene.until(lambda: caller.variable("fifo_status") == "WAITING")
    scene.end(caller)
    assert _actions(scene, caller) == ["push", "abort"]
    assert caller.variable("fifo_status") == "ABORTED"


def test_a_consumer_who_does_not_wait_goes_on_where_nobody_is(scene: Scene) -> None:
    consumer = _enter(scene, "out nowait")
    scene.until_quiet()
    assert _actions(scene, consumer) == ["consumer_start", "consumer_stop"]


def test_callers_are_fetched_in_their_order(scene: Scene) -> None:
    callers = [_enter(scene, "in"), _enter(scene, "in")]
    scene.until(lambda: callers[1].variable("fifo_position") == "2")
    for caller in callers:
        consumer = _enter(scene, "out nowait")
        scene.until(lambda consumer=consumer: consumer.bridged_to is not None)
        assert consumer.bridged_to is caller
        assert caller.variable("fifo_serviced_uuid") == consumer.uuid
    for caller in callers:
        scene.pbx.api(f"uuid_kill {caller.uuid}")
    scene.until_quiet()


@pytest.mark.parametrize("wanted", ["", "10"])
def test_a_waiting_consumer_rests_after_a_call(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(fifo, "WRAP_UP", 60 if wanted else 0.01)
    consumer = _enter(scene, "out wait")
    consumer.set_variable("fifo_consumer_wrapup_time", wanted)
    for _ in range(2):
        caller = _enter(scene, "in")
        scene.until(lambda caller=caller: caller.bridged_to is consumer)
        scene.pbx.api(f"uuid_kill {caller.uuid}")
        scene.until(lambda: consumer.bridged_to is None)
    scene.until(lambda: _actions(scene, consumer).count("consumer_reentrance") == 2)
    scene.end(consumer)
    assert _actions(scene, consumer)[-1] == "consumer_stop"


def test_a_caller_who_leaves_while_being_fetched_is_missed(scene: Scene) -> None:
    caller = _enter(scene, "in")
    scene.until(lambda: caller.variable("fifo_status") == "WAITING")
    consumer = _enter(scene, "out nowait")
    scene.until_event("CUSTOM", FIFO_Action="consumer_pop")
    scene.pbx.api(f"uuid_kill {caller.uuid}")
    scene.until_quiet()
    assert "bridge-consumer-start" not in _actions(scene, consumer)
