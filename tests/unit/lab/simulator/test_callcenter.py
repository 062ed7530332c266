"""Queues, agents and their states."""

from __future__ import annotations

import pytest

from fluxcc.lab.simulator.channel import Channel

from .conftest import Scene


def _state(scene: Scene, agent: str = "1000@default") -> str:
    return scene.pbx.api(f"callcenter_config agent get state {agent}")


def test_an_agent_is_busy_during_a_call_and_free_after_it(scene: Scene) -> None:
    assert _state(scene) == "Waiting"
    customer = scene.call("5000")
    scene.until(lambda: _state(scene) == "In a queue call")
    assert customer.variable("cc_agent") == "1000@default"
    tiers = scene.pbx.api("callcenter_config tier list")
    assert "sales@default|1000@default|Active Inbound|1|1\n" in tiers
    members = scene.pbx.api("callcenter_config queue list members sales@default")
    assert f"|{customer.uuid}|" in members
    assert "|1000@default|single_box|Answered|0\n" in members
    scene.end(customer, "CALL_REJECTED")
    scene.until(lambda: _state(scene) == "Waiting")
    assert scene.pbx.api("callcenter_config queue count members sales@default") == "0\n"
    assert scene.pbx.api("callcenter_config queue list members sales@default") == "+OK\n"


def test_the_one_longest_idle_takes_the_next_call(scene: Scene) -> None:
    for agent in ("1000@default", "1001@default"):
        customer = scene.call("5000")
        scene.until(lambda agent=agent: _state(scene, agent) == "In a queue call")
        scene.end(customer)


def test_an_agent_rests_after_a_call(scene: Scene) -> None:
    scene.pbx.api("callcenter_config agent set status 1001@default 'On Break'")
    scene.end(scene.bridged_call("5000")[0])
    scene.until(lambda: _state(scene) == "Waiting")
    agent = scene.pbx.callcenter.agents["1000@default"]
    assert not agent.can_take_a_call()
    agent.last_bridge_end -= agent.wrap_up_time
    assert agent.can_take_a_call()


def test_a_busy_agent_is_passed_over(scene: Scene) -> None:
    scene.pbx.api("sim_phone 1000 busy")
    customer = scene.call("5000")
    scene.until(lambda: customer.bridged_to is not None)
    failed = scene.said("CUSTOM", CC_Action="bridge-agent-fail")[0]
    assert failed.get("CC-Agent") == "1000@default"
    assert failed.get("CC-Hangup-Cause") == "USER_BUSY"
    assert customer.variable("cc_agent_uuid")


def test_who_hangs_up_while_waiting_has_left_the_queue(scene: Scene) -> None:
    for phone in ("1000", "1001"):
        scene.pbx.api(f"sim_phone {phone} ring")
    customer = scene.call("5000")
    scene.until_event("CHANNEL_PROGRESS")
    scene.pbx.api(f"sim_hang_up {customer.uuid}")
    scene.until_quiet()
    left = scene.said("CUSTOM", CC_Action="member-queue-end")[0]
    assert (left.get("CC-Cause"), left.get("CC-Cancel-Reason")) == ("Cancel", "BREAK_OUT")
    scene.until(lambda: _state(scene) == "Waiting")


def test_an_agent_who_never_answers_goes_on_a_break(scene: Scene) -> None:
    scene.pbx.api("callcenter_config agent set status 1001@default 'Logged Out'")
    scene.pbx.api("sim_phone 1000 ring")
    agent = scene.pbx.callcenter.agents["1000@default"]
    agent.contact = "[leg_timeout=0]user/1000"
    scene.call("5000")
    changed = scene.until_event("CUSTOM", CC_Agent_Status="On Break")
    assert changed.get("CC-Agent") == "1000@default"
    assert len(scene.said("CUSTOM", CC_Action="bridge-agent-fail")) == 3


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("agent get status 1000@default", "Available"),
        ("agent get uuid 1000@default", ""),
        ("agent get state nobody", "-ERR Agent not found!\n"),
        ("agent set status 1000@default Nonsense", "-ERR Invalid Agent Status!\n"),
        ("agent set state 1000@default Idle", "+OK\n"),
        ("agent set state nobody Idle", "-ERR Agent not found!\n"),
        ("agent set wrap_up_time 1000@default 0", "+OK\n"),
        ("agent set wrap_up_time nobody 0", "-ERR Agent not found!\n"),
        ("agent", "-ERR Invalid!\n"),
        ("queue count", "1\n"),
        ("queue count agents sales@default", "2\n"),
        ("queue nonsense", "-ERR Invalid!\n"),
        ("nonsense", "-ERR Invalid!\n"),
        ("queue list", "name|strategy\nsales@default|longest-idle-agent\n+OK\n"),
    ],
)
def test_answers(scene: Scene, command: str, answer: str) -> None:
    assert scene.pbx.api(f"callcenter_config {command}") == answer


def test_lists(scene: Scene) -> None:
    api = scene.pbx.api
    assert api("callcenter_config").startswith("-USAGE")
    assert len(api("callcenter_config agent list").splitlines()) == 4
    assert len(api("callcenter_config agent list 1000@default").splitlines()) == 3
    assert len(api("callcenter_config queue list agents sales@default").splitlines()) == 4
    assert len(api("callcenter_config queue list tiers sales@default").splitlines()) == 4


def _stand_by(scene: Scene) -> Channel:
    """An agent's leg that is parked between calls; nobody else serves the queue."""
    for agent in ("1000@default", "1001@default"):
        scene.pbx.api(f"callcenter_config agent set status {agent} 'On Break'")
    leg = scene.call("9999")
    scene.until_event("CHANNEL_PARK")
    leg.set_variable("park_after_bridge", "true")
    for command in (
        "agent add 9@default uuid-standby",
        f"agent set uuid 9@default {leg.uuid}",
        "agent set status 9@default Available",
        "tier add sales@default 9@default 1 1",
    ):
        assert scene.pbx.api(f"callcenter_config {command}") == "+OK\n"
    return leg


def test_an_agent_who_stands_by_has_one_call_after_the_other(scene: Scene) -> None:
    leg = _stand_by(scene)
    for _ in range(2):
        customer = scene.call("5000")
        scene.until(lambda customer=customer: customer.bridged_to is leg)
        assert leg.variable("cc_member_session_uuid") == customer.uuid
        scene.pbx.api(f"uuid_kill {customer.uuid}")
        scene.until(lambda: leg.bridged_to is None and _state(scene, "9@default") == "Waiting")
        assert scene.pbx.api("callcenter_config agent get uuid 9@default") == leg.uuid
    scene.end(leg)


def test_an_agent_whose_standing_leg_is_gone_is_logged_out(scene: Scene) -> None:
    leg = _stand_by(scene)
    scene.end(leg)
    customer = scene.call("5000")
    fail = scene.until_event("CUSTOM", CC_Action="bridge-agent-fail")
    assert fail.get("CC-Agent") == "9@default"
    assert scene.pbx.api("callcenter_config agent get status 9@default") == "Logged Out"
    assert scene.pbx.api("callcenter_config agent get uuid 9@default") == ""
    scene.end(customer)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("agent add 1000@default callback", "-ERR Agent already exist!\n"),
        ("agent add 9@default robot", "-ERR Agent type invalid!\n"),
        ("agent set type 1000@default robot", "-ERR Invalid Agent Type!\n"),
        ("agent set colour 1000@default red", "-ERR Invalid Agent Update KEY!\n"),
        ("agent set contact nobody user/1", "-ERR Agent not found!\n"),
        ("agent del nobody", "+OK\n"),
        ("tier add nowhere 1000@default", "-ERR Queue not found!\n"),
        ("tier add sales@default nobody", "-ERR Agent not found!\n"),
        ("tier add sales@default 1000@default", "-ERR Tier already exist!\n"),
        ("tier del sales@default 1000@default", "+OK\n"),
    ],
)
def test_what_changes_to_agents_and_tiers_answer(scene: Scene, command: str, answer: str) -> None:
    assert scene.pbx.api(f"callcenter_config {command}") == answer


def test_an_agent_who_is_removed_serves_no_queue(scene: Scene) -> None:
    scene.pbx.api("callcenter_config agent del 1000@default")
    assert "1000@default" not in scene.pbx.api("callcenter_config tier list")
