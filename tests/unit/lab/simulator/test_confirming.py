"""A key has to be pressed before a call is taken."""

from __future__ import annotations

from .conftest import Scene


def test_who_answers_has_the_call_only_with_the_key(scene: Scene) -> None:
    scene.pbx.outside.set_phone("1001", "ring")
    caller = scene.call("9999")
    where = "user/1000@pbx.test,user/1001@pbx.test"
    scene.run(caller, ("set", "group_confirm_key=5"), ("bridge", where))
    answer = scene.until_event("CHANNEL_ANSWER", Caller_Destination_Number="1000")
    agent = scene.pbx.switchboard.find(answer.get("Unique-ID") or "")
    assert agent is not None
    scene.pbx.switchboard.press(agent, "4")
    assert caller.bridged_to is None
    assert agent.variable("group_confirm_key") == "5"
    scene.pbx.switchboard.press(agent, "5")
    scene.until(lambda: caller.bridged_to is agent)
    (lost,) = scene.said("CHANNEL_HANGUP")
    assert lost.get("Hangup-Cause") == "LOSE_RACE"
    scene.end(caller)
