"""Telephones with an address: several of one user, early media, hold, keys, handing over."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from fluxcc.lab.simulator import outside
from fluxcc.lab.simulator.dialstring import alternatives

from .conftest import Scene

PORT = ""
"""That of the telephones, which no lab has set here."""


class Desk:
    """One telephone of the lab's agents, used by the ``sim_*`` commands."""

    def __init__(self, scene: Scene, user: str) -> None:
        self._scene = scene
        self.address = self._ask(f"sim_telephone add user={user}&domain=pbx.test&port={PORT}")

    def treat(self, how: str) -> None:
        self._ask(f"sim_telephone answers address={quote(self.address)}&how={how}")

    def incoming(self) -> str:
        told = self._ask(f"sim_telephone incoming address={quote(self.address)}&seconds=5")
        return str(json.loads(told)["leg"])

    def does(self, what: str, leg: str, **values: str) -> dict[str, object]:
        pairs = "".join(f"&{name}={quote(value, '')}" for name, value in values.items())
        told: dict[str, object] = json.loads(self._ask(f"sim_line {what} leg={leg}{pairs}"))
        return told

    def _ask(self, command: str) -> str:
        answer = self._scene.pbx.api(command)
        assert answer.startswith("+OK"), answer
        return answer.removeprefix("+OK").strip()


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene, "1000")


def test_a_line_tells_how_far_the_call_is(scene: Scene, desk: Desk) -> None:
    desk.treat("ring")
    scene.call("1000")
    leg = desk.incoming()
    assert desk.does("wait", leg, state="ringing", seconds="5")["state"] == "ringing"
    scene.until(lambda: desk.does("tell", leg)["status"] == 180)
    assert desk.does("answer", leg)["state"] == "up"
    assert desk.does("hang_up", leg)["status"] == 200
    scene.until_quiet()


@pytest.mark.parametrize(
    ("how", "status", "cause"), [("busy", 486, "USER_BUSY"), ("decline", 603, "CALL_REJECTED")]
)
def test_a_telephone_refuses(scene: Scene, desk: Desk, how: str, status: int, cause: str) -> None:
    desk.treat(how)
    caller = scene.call("1000")
    leg = desk.incoming()
    told = desk.does("wait", leg, state="ended", seconds="5")
    assert (told["state"], told["status"]) == ("ended", status)
    scene.until_quiet()
    assert caller.cause == cause


def test_early_media_bridge_before_the_answer(scene: Scene, desk: Desk) -> None:
    desk.treat("early")
    caller = scene.call("1000")
    bridge = scene.until_event("CHANNEL_BRIDGE")
    assert bridge.get("Answer-State") == "early"
    assert not caller.is_answered
    desk.does("answer", desk.incoming())
    scene.until(lambda: caller.is_answered)
    scene.end(caller)


def test_the_other_side_of_a_hold_hears_music(scene: Scene, desk: Desk) -> None:
    customer, agent = scene.bridged_call()
    desk.does("hold", agent.uuid)
    assert agent.call_state == "HELD"
    assert customer.variable("current_application") == "playback"
    desk.does("resume", agent.uuid)
    assert [event.get("Channel-Call-State") for event in scene.said("CHANNEL_UNHOLD")] == ["UNHELD"]
    assert agent.call_state == "ACTIVE"
    scene.end(customer)


def test_a_leg_that_is_moved_while_it_is_recorded_is_hung_up(
    configuration: Path, scene: Scene
) -> None:
    (configuration / "dialplan" / "public" / "00_record.xml").write_text(
        '<include>\n<extension name="record">'
        '<condition field="destination_number" expression="^record$">'
        '<action application="answer"/><action application="record" data="/dev/null 60"/>'
        "</condition></extension>\n</include>"
    )
    scene.pbx.api("reloadxml")
    caller = scene.call("record")
    scene.until_event("RECORD_START")
    assert scene.pbx.api(f"uuid_transfer {caller.uuid} 1000 XML default") == "+OK\n"
    scene.until_quiet()
    assert caller.cause == "DESTINATION_OUT_OF_ORDER"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("uuid_hold", "-USAGE: [off|toggle] <uuid> [<display>]\n"),
        ("uuid_hold off {leg}", "-ERR Operation failed\n"),
        ("uuid_hold {leg}", "+OK Success\n"),
        ("uuid_hold toggle {leg}", "+OK Success\n"),
        ("uuid_hold nobody", "-ERR Operation failed\n"),
        ("uuid_media", "-USAGE: [off] <uuid>\n"),
        ("uuid_media off {leg}", "+OK Success\n"),
        ("uuid_media nobody", "-ERR Operation failed\n"),
    ],
)
def test_what_hold_and_media_answer(scene: Scene, command: str, answer: str) -> None:
    customer, agent = scene.bridged_call()
    assert scene.pbx.api(command.format(leg=agent.uuid)) == answer
    scene.end(customer)


def test_a_leg_that_was_moved_is_parted_before_it_is_bridged_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "PICK_UP", 0)
    _, agent = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {agent.uuid} 1001 XML default")
    scene.until_event("CHANNEL_BRIDGE", count=2)
    names = [event.name for event in scene.events]
    assert names.index("CHANNEL_UNBRIDGE") < len(names) - names[::-1].index("CHANNEL_BRIDGE") - 1
    scene.end(agent)


def test_a_bound_key_runs_an_extension_inside_the_bridge(
    configuration: Path, scene: Scene, desk: Desk
) -> None:
    (configuration / "dialplan" / "keys.xml").write_text(
        "<include>\n"
        '<context name="features"><extension name="x"><condition field="destination_number"'
        ' expression="^x$"><action application="read" data="2 4 silence_stream://10 typed 500 #"/>'
        "</condition></extension></context>"
        '<context name="bound"><extension name="y"><condition>'
        '<action application="bind_meta_app" data="7 b s execute_extension::x XML features"/>'
        '<action application="bridge" data="user/1000@pbx.test"/></condition></extension>'
        "</context>\n</include>",
        encoding="utf-8",
    )
    assert "Success" in scene.pbx.api("reloadxml")
    caller = scene.call("9999")
    scene.until_event("CHANNEL_PARK")
    scene.pbx.api(f"uuid_transfer {caller.uuid} 1 XML bound")
    leg = desk.incoming()
    scene.until(lambda: caller.bridged_to is not None)
    desk.does("press", leg, digits="*8*7123#")
    agent = scene.pbx.switchboard.find(leg)
    assert agent is not None
    scene.until(lambda: agent.variable("typed") == "123")
    assert caller.bridged_to is agent
    scene.end(caller)


@pytest.mark.parametrize(
    ("dial_string", "names"),
    [
        ("{a=1,b=2}x,[c=3]y|z", [["x", "y"], ["z"]]),
        ("{^^:a=1,2:b=3}x", [["x"]]),
        ("[a=b|c]x|y", [["x"], ["y"]]),
    ],
)
def test_whom_a_dial_string_names(dial_string: str, names: list[list[str]]) -> None:
    assert [[one.address for one in group] for group in alternatives(dial_string)] == names


def test_a_separator_of_its_own_leaves_commas_in_a_value() -> None:
    ((endpoint,),) = alternatives("{^^:a=1,2:b=3}x")
    assert endpoint.variables == {"a": "1,2", "b": "3"}


def test_who_is_not_registered_cannot_be_reached(scene: Scene, desk: Desk) -> None:
    assert scene.pbx.api("sofia_contact */1000@pbx.test") == "error/user_not_registered"
    scene.pbx.api(f"sim_telephone register address={quote(desk.address)}&expires=60")
    assert scene.pbx.api("sofia_contact */1000@pbx.test").endswith(f"sip:{desk.address}")
    answer = scene.pbx.api("originate error/user_not_registered &park()")
    assert answer == "-ERR USER_NOT_REGISTERED\n"
