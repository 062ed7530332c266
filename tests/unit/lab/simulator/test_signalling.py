"""Media that go past the PBX, or through it unseen."""

from __future__ import annotations

import json

import pytest

from fluxcc.lab.simulator.channel import Channel

from .conftest import Scene


def _talk(scene: Scene, how: str) -> tuple[Channel, Channel]:
    caller = scene.call("9999")
    scene.run(caller, ("set", f"{how}=true"), ("bridge", "user/1000@pbx.test"))
    scene.until(lambda: caller.bridged_to is not None)
    assert caller.bridged_to is not None
    return caller, caller.bridged_to


def _shown(scene: Scene, leg: Channel) -> dict[str, str]:
    rows = json.loads(scene.pbx.api("show channels as json"))["rows"]
    (row,) = [row for row in rows if row["uuid"] == leg.uuid]
    return dict(row)


def test_legs_whose_media_go_past_have_no_codec_and_hibernate(scene: Scene) -> None:
    caller, agent = _talk(scene, "bypass_media")
    for leg in (caller, agent):
        shown = _shown(scene, leg)
        assert (shown["state"], shown["application"]) == ("CS_HIBERNATE", "signal_bridge")
        assert shown["read_codec"] == ""
        assert "read_codec" not in leg.variables
    assert scene.said("CHANNEL_PROGRESS_MEDIA") == []
    scene.end(caller)
    assert scene.said("CHANNEL_UNBRIDGE")[0].get("Bridge-A-Unique-ID") is None


@pytest.mark.parametrize("which", ["", "-both"])
def test_a_transfer_hangs_up_the_one_who_was_not_moved_first(scene: Scene, which: str) -> None:
    caller, agent = _talk(scene, "bypass_media")
    named, kept = (agent, caller) if which else (caller, caller)
    scene.pbx.api(f"uuid_transfer {named.uuid} {which} 9999 XML default")
    scene.until(lambda: _shown(scene, kept)["application"] == "park")
    assert agent.cause == "BLIND_TRANSFER"
    assert _shown(scene, kept)["read_codec"] == "PCMU"
    scene.end(kept)


def test_media_are_sent_past_and_brought_back(scene: Scene) -> None:
    caller, agent = scene.bridged_call()
    assert scene.pbx.api(f"uuid_media off {agent.uuid}") == "+OK Success\n"
    scene.until(lambda: caller.is_past)
    assert scene.pbx.api(f"uuid_media off {caller.uuid}") == "+OK Success\n"
    assert scene.pbx.api(f"uuid_media {agent.uuid}") == "+OK Success\n"
    scene.until(lambda: not caller.is_past and caller.bridged_to is agent)
    assert _shown(scene, agent)["state"] == "CS_EXCHANGE_MEDIA"
    scene.end(caller)


def test_media_that_are_passed_on_cannot_be_brought_here(scene: Scene) -> None:
    caller, agent = _talk(scene, "proxy_media")
    assert {_shown(scene, leg)["read_codec"] for leg in (caller, agent)} == {"PROXY"}
    assert scene.pbx.api(f"uuid_media {caller.uuid}") == "-ERR Operation failed\n"
    scene.run(caller, ("conference", "room@default"))
    scene.until_quiet()
    actions = [event.get("Action") for event in scene.said("CUSTOM", Unique_ID=caller.uuid)]
    assert actions == ["add-member", "del-member"]


def test_who_goes_while_the_media_leave_takes_the_other_along(scene: Scene) -> None:
    caller, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_media off {caller.uuid}")
    scene.end(caller)
    assert agent.cause == "NORMAL_CLEARING"
