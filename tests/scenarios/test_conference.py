"""An agent takes the customer along to a conference room (contract, section 1)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.waiting import until

from .kinds import RECEIVED, RECEIVED_BY_QUEUE, Kind, every_kind
from .pbx import AGENT, COLLEAGUE, TALKING, members
from .scene import Conversation, Scene

HOUSE_MEDIA = r"""<include>
  <extension name="house_media">
    <condition field="destination_number" expression="^(bypass_media|proxy_media)$">
      <action application="set" data="$1=true"/>
      <action application="set" data="fluxcc_group=sales"/>
      <action application="bridge" data="user/1000@pbx.test"/>
    </condition>
  </extension>
</include>
"""
"""What is dialled is the media's way."""
HOUSE_ROOM = r"""<include>
  <extension name="house_room">
    <condition field="destination_number" expression="^\*(1000)$">
      <action application="answer"/>
      <action application="conference" data="house-$1@default"/>
    </condition>
  </extension>
  <extension name="greeting_room">
    <condition field="destination_number" expression="^\*(1001)$">
      <action application="answer"/>
      <action application="sleep" data="4000"/>
      <action application="conference" data="greeting@default"/>
    </condition>
  </extension>
</include>
"""


@every_kind
def test_without_a_room_nothing_moves(scene: Scene, kind: Kind) -> None:
    """Refused, with a text that sends the agent to the supervisor; the two talk on."""
    talk = scene.connect(kind)
    reply = scene.board.ask("conference", AGENT, language="en")
    assert (reply.status, reply.code) == ("refused", "room-not-provisioned")
    assert "supervisor" in reply.text
    assert reply.call == talk.customer

    deadline = time.monotonic() + (3.0 if kind is RECEIVED_BY_QUEUE else 0.2)
    while time.monotonic() < deadline:
        assert talk.is_up
        time.sleep(0.05)
    assert scene.lab.api("conference list").strip() == "+OK No active conferences."
    talk.customer_hangs_up()
    talk.wait_over()


@every_kind
def test_both_move_and_a_third_joins(scene: Scene, kind: Kind) -> None:
    """Both are in the agent's room when the board hears so; the agent is busy while in it."""
    scene.supervisor.adds_room()
    talk = scene.connect(kind)
    reply = scene.board.ask("conference", AGENT)
    assert set(members(scene.lab, AGENT)) == {talk.customer, talk.agent_leg}
    assert (reply.status, reply.code, reply.call) == ("ok", "conference-joined", talk.customer)
    if kind.has_queue:
        assert scene.agent_state() == TALKING

    third = scene.lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True)
    third.wait_answered()
    until(lambda: len(members(scene.lab, AGENT)) == 3, "three are in the room")
    if kind.has_queue:
        assert scene.agent_state() == TALKING

    talk.agent_hangs_up()
    scene.wait_free()
    assert talk.customer in members(scene.lab, AGENT)
    talk.customer_hangs_up()
    third.hang_up()
    talk.wait_over()


def test_from_the_room_the_call_can_still_be_ended(scene: Scene) -> None:
    """In a room the legs are not bridged: each is ended by itself."""
    scene.supervisor.adds_room()
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.board.ask("conference", AGENT).is_ok
    assert scene.board.ask("hangup", AGENT).code == "ended"
    assert talk.customer_is_gone()
    assert talk.agent_is_gone()
    scene.wait_free()


def test_from_the_room_the_customer_can_be_transferred(scene: Scene) -> None:
    """The customer leaves for the service, and the agent is freed as from any call."""
    scene.supervisor.adds_room()
    scene.supervisor.adds_service("invoices", "7001")
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.board.ask("conference", AGENT).is_ok
    assert scene.board.ask("transfer", AGENT, service="invoices").code == "transferred"
    scene.wait_free()
    assert talk.agent_is_gone()
    talk.customer_hangs_up()
    talk.wait_over()


def test_nobody_gets_into_a_room_that_is_not_provisioned(scene: Scene) -> None:
    """Dialled by whomever, the agent included, beside a room that is."""
    scene.leave_one_agent(rests=False)
    scene.supervisor.adds_room()
    for number in (AGENT, COLLEAGUE):
        assert scene.lab.call(number, f"*{COLLEAGUE}", from_phones=True).wait_ended() == 404
    assert scene.lab.call(scene.number, f"*{COLLEAGUE}").wait_ended() == 404
    assert scene.lab.call(scene.number, f"*{AGENT}").wait_ended() == 404


def test_a_room_comes_and_goes_at_once(scene: Scene) -> None:
    """``fluxcc room add`` and ``remove`` are in force for the next action, on live calls too."""
    talk = scene.connect(RECEIVED)
    assert scene.daemon.cli("room", "add", AGENT).code == 0
    third = scene.lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True)
    third.wait_answered()
    assert scene.daemon.cli("room", "remove", AGENT).code == 0
    assert scene.board.ask("conference", AGENT).code == "room-not-provisioned"
    assert scene.lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True).wait_ended() == 404
    third.hang_up()
    assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


def test_where_somebody_else_is_in_the_room_nothing_moves(scene: Scene) -> None:
    """Contract, section 1a: the two talk on, and nobody meets the one in there."""
    scene.supervisor.adds_room()
    talk = scene.connect(RECEIVED)
    visitor = scene.lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True)
    visitor.wait_answered()
    until(lambda: members(scene.lab, AGENT), "somebody is in the room")
    reply = scene.board.ask("conference", AGENT, language="en")
    assert (reply.status, reply.code, reply.call) == ("refused", "room-occupied", talk.customer)
    assert "Somebody else" in reply.text
    assert talk.is_up
    assert len(members(scene.lab, AGENT)) == 1
    visitor.hang_up()
    until(lambda: not members(scene.lab, AGENT), "the room is empty")
    assert scene.board.ask("conference", AGENT).code == "conference-joined"
    talk.customer_hangs_up()
    talk.wait_over()


def member_numbers(lab: Lab) -> list[str]:
    """Each one who enters a room has a new one."""
    return [line.partition(";")[0] for line in lab.api(f"conference {AGENT} list").splitlines()]


def test_who_is_in_the_room_already_stays_there(scene: Scene) -> None:
    """A second click moves nobody out and in again."""
    scene.supervisor.adds_room()
    talk = scene.connect(RECEIVED)
    assert scene.board.ask("conference", AGENT).is_ok
    before = member_numbers(scene.lab)
    assert scene.board.ask("conference", AGENT).code == "conference-joined"
    assert member_numbers(scene.lab) == before
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.fixture
def house(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """The PBX's own dialplan, beside the kit's: its folder, with what this house has in it."""
    kit = tmp_path / "kit"
    shutil.copytree(find_kit(), kit)
    (kit / "dialplan" / "default" / "60_house.xml").write_text(HOUSE_ROOM)
    (kit / "dialplan" / "public" / "60_house.xml").write_text(HOUSE_MEDIA)
    lab.install_kit(kit)
    yield kit
    lab.install_kit(find_kit())


@pytest.fixture
def house_room(house: Path) -> str:
    """The PBX's own dialplan has a room for agent 1000, under a name of its own."""
    return f"house-{AGENT}"


@pytest.mark.usefixtures("house")
def test_media_past_the_pbx_is_brought_back(scene: Scene) -> None:
    """The telephones send it to each other; a room needs it."""
    scene.supervisor.adds_room()
    talk = scene.talk(scene.number, "bypass_media")
    assert scene.lab.api(f"uuid_getvar {talk.customer} signal_bridge_to") == talk.agent_leg
    reply = scene.board.ask("conference", AGENT)
    assert reply.code == "conference-joined"
    time.sleep(0.3)
    assert set(members(scene.lab, AGENT)) == {talk.customer, talk.agent_leg}
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.mark.usefixtures("house")
def test_media_that_is_passed_on_unseen_moves_nobody(scene: Scene) -> None:
    """It cannot be brought back, and both would be out of the room at once."""
    scene.supervisor.adds_room()
    talk = scene.talk(scene.number, "proxy_media")
    reply = scene.board.ask("conference", AGENT)
    assert (reply.status, reply.code) == ("failed", "conference-not-joined")
    assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


def test_a_room_of_the_pbx_itself(scene: Scene, house_room: str) -> None:
    """``--served-by-pbx``: both in one room, whatever the PBX calls it; fluxcc serves none."""
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.daemon.cli("room", "add", AGENT, "--served-by-pbx").code == 0
    assert scene.board.ask("conference", AGENT).code == "conference-joined"
    assert set(members(scene.lab, house_room)) == {talk.customer, talk.agent_leg}
    talk.agent_hangs_up()
    talk.customer_hangs_up()
    talk.wait_over()
    assert scene.daemon.cli("room", "remove", AGENT).code == 0


def test_a_room_that_the_pbx_does_not_have(scene: Scene) -> None:
    """Tried, and nobody arrived: ``conference-not-joined``, and nobody is told otherwise."""
    scene.supervisor.adds_room(is_served_by_pbx=True)
    talk = scene.connect(RECEIVED)
    reply = scene.board.ask("conference", AGENT)
    assert (reply.status, reply.code) == ("failed", "conference-not-joined")
    talk.wait_over()


@pytest.mark.usefixtures("house")
def test_a_room_that_greets_is_given_its_time(scene: Scene) -> None:
    """Without it the two count as not arrived, which they do only later. Every door waits."""
    add = ("room", "add", COLLEAGUE, "--served-by-pbx")
    doors = {
        "board": lambda: scene.board.conference(COLLEAGUE, patience=12).code,
        "api": lambda: scene.lab.api(f"lua fluxcc.lua conference agent={COLLEAGUE} wait=12"),
        "operator": lambda: scene.daemon.cli("conference", "--agent", COLLEAGUE).code,
    }
    expected = {"board": "conference-joined", "api": "+OK conference-joined", "operator": 0}
    assert scene.daemon.cli(*add).code == 0
    talk = scene.talk(scene.number, COLLEAGUE)
    assert scene.board.conference(COLLEAGUE).code == "conference-not-joined"
    leave(talk)
    assert scene.daemon.cli(*add, "--wait", "8s").code == 0
    for door, ask in doors.items():
        talk = scene.talk(scene.stranger().number, COLLEAGUE)
        answer = ask()
        assert answer == expected[door] or str(answer).startswith(f"{expected[door]} "), door
        assert set(members(scene.lab, "greeting")) == {talk.customer, talk.agent_leg}
        leave(talk)
    assert scene.daemon.cli("room", "remove", COLLEAGUE).code == 0


def leave(talk: Conversation) -> None:
    """Both hang up, wherever they are."""
    talk.customer_hangs_up()
    talk.lab.hang_up_phone(COLLEAGUE)
    talk.wait_over()
