"""The simulator's calls against recorded ones: the same events, in the same order, as telling."""

from __future__ import annotations

import json
from collections.abc import Callable

import gevent
import pytest

from fluxcc.lab.simulator.channel import Channel

from .conftest import Scene
from .recorded import Headers, recorded_events

CUSTOMER, OTHER = "5511988887777", "5521977776666"

NEEDED = {
    "Event-Name",
    "Event-Subclass",
    "Core-UUID",
    "Event-Date-Timestamp",
    "Unique-ID",
    "Call-Direction",
    "Answer-State",
    "Caller-Caller-ID-Number",
    "Caller-Destination-Number",
    "Caller-Context",
    "Channel-Name",
    "Channel-Presence-ID",
    "Other-Leg-Unique-ID",
    "Other-Type",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "Hangup-Cause",
    "Application",
    "Application-Data",
    "CC-Action",
    "CC-Agent",
    "CC-Agent-State",
    "CC-Agent-UUID",
    "CC-Cause",
    "CC-Hangup-Cause",
    "CC-Member-Session-UUID",
    "CC-Queue",
    "variable_cc_agent",
    "variable_cc_member_session_uuid",
    "variable_cc_queue",
    "variable_cc_side",
    "variable_dialed_user",
    "variable_fluxcc_group",
    "variable_presence_id",
    "variable_hangup_cause",
}
"""What somebody who follows calls reads."""

SAME_VALUE = {
    "Event-Name",
    "Event-Subclass",
    "Call-Direction",
    "Answer-State",
    "Caller-Destination-Number",
    "Caller-Context",
    "Channel-State",
    "Channel-Call-State",
    "Other-Type",
    "Hangup-Cause",
    "Application",
    "CC-Action",
    "CC-Agent-State",
    "CC-Cause",
    "CC-Hangup-Cause",
    "variable_cc_side",
    "variable_cc_queue",
    "variable_fluxcc_group",
}
"""Headers whose value is the same for every call that goes the same way."""

THREADS_RACE = {"CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"}
"""In FreeSWITCH each leg's own thread says these, so two legs' come in any order."""


def _kill(scene: Scene, leg: Channel, cause: str) -> None:
    scene.pbx.api(f"uuid_kill {leg.uuid} {cause}")


def _direct_agent_hangs_up(scene: Scene) -> None:
    scene.bridged_call("1000")
    scene.pbx.api("sim_phone_hang_up 1000")


def _direct_caller_killed(scene: Scene) -> None:
    customer, _ = scene.bridged_call("1000")
    _kill(scene, customer, "CALL_REJECTED")


def _never_answered(scene: Scene) -> None:
    caller = scene.call("9999", number=OTHER)
    scene.until_event("CHANNEL_PARK")
    _kill(scene, caller, "MANAGER_REQUEST")


def _queue_call(scene: Scene) -> None:
    scene.call("5000")
    scene.until_event("CUSTOM", CC_Agent_State="In a queue call")
    scene.pbx.api("sim_phone_hang_up 1000")


def _queue_to_service(scene: Scene) -> None:
    # In the recording 1000 had just been in a call, and 1001 was the one longest idle.
    scene.pbx.callcenter.agents["1000@default"].last_bridge_end = 1.0
    caller = scene.call("5000", number=OTHER)
    scene.until_event("CUSTOM", CC_Agent_State="In a queue call")
    scene.pbx.api(f"uuid_transfer {caller.uuid} 7001 XML default")
    scene.until_event("CHANNEL_DESTROY")
    _kill(scene, caller, "MANAGER_REQUEST")


def _survey_after_agent_leaves(scene: Scene) -> None:
    customer, agent = scene.bridged_call("1000")
    scene.pbx.api(f"uuid_setvar {customer.uuid} transfer_after_bridge 7001:XML:default")
    _kill(scene, agent, "NORMAL_CLEARING")
    scene.until_event("CHANNEL_DESTROY")
    _kill(scene, customer, "MANAGER_REQUEST")


def _transfer_to_nowhere(scene: Scene) -> None:
    customer, _ = scene.bridged_call("1000")
    scene.pbx.api(f"uuid_transfer {customer.uuid} 404404 XML default")


SCRIPTS: dict[str, Callable[[Scene], None]] = {
    "direct_agent_hangs_up": _direct_agent_hangs_up,
    "direct_caller_killed": _direct_caller_killed,
    "never_answered": _never_answered,
    "queue_call": _queue_call,
    "queue_to_service": _queue_to_service,
    "survey_after_agent_leaves": _survey_after_agent_leaves,
    "transfer_to_nowhere": _transfer_to_nowhere,
}

RECORDED = {"CUSTOM"} | {
    f"CHANNEL_{what}"
    for what in (
        *("CREATE", "EXECUTE", "ANSWER", "BRIDGE", "UNBRIDGE", "PARK"),
        *("HANGUP", "HANGUP_COMPLETE", "DESTROY"),
    )
}
"""What the recording client had subscribed to."""


@pytest.fixture(params=sorted(SCRIPTS))
def pair(request: pytest.FixtureRequest, scene: Scene) -> tuple[list[Headers], list[Headers]]:
    """One call as it was recorded, and the same on the simulator."""
    name: str = request.param
    SCRIPTS[name](scene)
    scene.until_quiet()
    gevent.sleep(0)
    simulated = [json.loads(event.as_json()) for event in scene.events if event.name in RECORDED]
    return [e for e in recorded_events(name) if e["Event-Name"] in RECORDED], simulated


def _roles(events: list[Headers]) -> list[tuple[str, str]]:
    """Each event as whose it is (the first leg, the second, nobody's) and what it says."""
    legs: list[str] = []
    told = []
    for event in events:
        leg = event.get("Unique-ID", "")
        if leg and leg not in legs:
            legs.append(leg)
        role = str(legs.index(leg)) if leg else "-"
        said = (event["Event-Name"], event.get("Application"), event.get("CC-Action"))
        told.append((role, " ".join(word for word in said if word)))
    return told


def test_says_for_each_leg_what_the_real_one_says(
    pair: tuple[list[Headers], list[Headers]],
) -> None:
    real, simulated = (_roles(events) for events in pair)
    for role in ("0", "1", "-"):
        assert [said for who, said in simulated if who == role] == [
            said for who, said in real if who == role
        ]


def test_says_it_in_the_real_order(pair: tuple[list[Headers], list[Headers]]) -> None:
    real, simulated = (
        [told for told in _roles(events) if told[1] not in THREADS_RACE] for events in pair
    )
    assert simulated == real


def _by_role(events: list[Headers]) -> dict[tuple[str, str, int], Headers]:
    seen: dict[tuple[str, str], int] = {}
    keyed = {}
    for told, event in zip(_roles(events), events, strict=True):
        seen[told] = seen.get(told, 0) + 1
        keyed[*told, seen[told]] = event
    return keyed


def test_tells_what_one_who_follows_calls_reads(
    pair: tuple[list[Headers], list[Headers]],
) -> None:
    real, simulated = (_by_role(events) for events in pair)
    for told, event in real.items():
        missing = {name for name in NEEDED if name in event} - set(simulated[told])
        assert not missing, f"{told} lacks {missing}"


def test_tells_the_same_of_a_call_that_goes_the_same_way(
    pair: tuple[list[Headers], list[Headers]],
) -> None:
    real, simulated = (_by_role(events) for events in pair)
    for told, event in real.items():
        expected = {name: event[name] for name in SAME_VALUE if name in event}
        got = {name: simulated[told].get(name) for name in expected}
        assert got == expected, told


def test_events_are_about_as_large_as_real_ones(
    pair: tuple[list[Headers], list[Headers]],
) -> None:
    real, simulated = (_by_role(events) for events in pair)
    for told, event in real.items():
        if told[1].startswith("CHANNEL_"):
            assert len(json.dumps(simulated[told])) > len(json.dumps(event)) / 2
