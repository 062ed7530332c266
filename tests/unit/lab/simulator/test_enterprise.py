"""``:_:`` in a dial string: one of several is reached."""

from __future__ import annotations

from .conftest import Scene

BOTH = "user/1000@pbx.test:_:user/1001@pbx.test"


def test_the_first_one_takes_it_and_the_other_loses(scene: Scene) -> None:
    scene.pbx.outside.set_phone("1000", "ring")
    caller = scene.call("9999")
    scene.run(caller, ("bridge", BOTH))
    scene.until(lambda: caller.bridged_to is not None)
    assert caller.bridged_to is not None
    assert caller.bridged_to.variable("dialed_user") == "1001"
    assert caller.variable("originate_disposition") == "success"
    (lost,) = scene.said("CHANNEL_HANGUP")
    assert lost.get("Hangup-Cause") == "LOSE_RACE"
    assert lost.get("variable_ent_originate_aleg_uuid") == caller.uuid
    assert lost.get("Other-Type") is None
    scene.end(caller)


def test_where_nobody_takes_it_there_is_a_cause(scene: Scene) -> None:
    for number in ("1000", "1001"):
        scene.pbx.outside.set_phone(number, "busy")
    assert scene.pbx.api(f"originate {BOTH} &park()") == "-ERR USER_BUSY\n"
    scene.until_quiet()
