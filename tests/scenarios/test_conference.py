"""An agent takes the customer along to a conference room (contract, section 1)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.client import Board
from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .kinds import (
    AGENT,
    COLLEAGUE,
    RECEIVED,
    RECEIVED_BY_QUEUE,
    TALKING,
    Calls,
    Kind,
    Supervisor,
    every_kind,
    state,
    wait_free,
)
from .people import Person

HOUSE_ROOM = r"""<include>
  <extension name="house_room">
    <condition field="destination_number" expression="^\*(1000)$">
      <action application="answer"/>
      <action application="conference" data="house-$1@default"/>
    </condition>
  </extension>
</include>
"""


@every_kind
def test_without_a_room_nothing_moves(
    lab: Lab, board: Board, calls: Calls, person: Person, kind: Kind
) -> None:
    """Refused, with a text that sends the agent to the supervisor; the two talk on."""
    talk = calls.connect(kind, person)
    reply = board.ask("conference", AGENT, language="en")
    assert (reply.status, reply.code) == ("refused", "room-not-provisioned")
    assert "supervisor" in reply.text
    assert reply.call == talk.customer

    deadline = time.monotonic() + (3.0 if kind is RECEIVED_BY_QUEUE else 0.2)
    while time.monotonic() < deadline:
        assert talk.is_up
        time.sleep(0.05)
    assert lab.api("conference list").strip() == "+OK No active conferences."
    talk.customer_hangs_up()
    talk.wait_over()


@every_kind
def test_both_move_and_a_third_joins(
    *, lab: Lab, board: Board, calls: Calls, supervisor: Supervisor, person: Person, kind: Kind
) -> None:
    """Both are in the agent's room when the board hears so; the agent is busy while in it."""
    supervisor.adds_room()
    talk = calls.connect(kind, person)
    reply = board.ask("conference", AGENT)
    assert set(members(lab, AGENT)) == {talk.customer, talk.agent_leg}
    assert (reply.status, reply.code, reply.call) == ("ok", "conference-joined", talk.customer)
    if kind.has_queue:
        assert state(lab) == TALKING

    third = lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True)
    third.wait_answered()
    until(lambda: len(members(lab, AGENT)) == 3, "three are in the room")
    if kind.has_queue:
        assert state(lab) == TALKING

    talk.agent_hangs_up()
    wait_free(lab)
    assert talk.customer in members(lab, AGENT)
    talk.customer_hangs_up()
    third.hang_up()
    talk.wait_over()


def test_from_the_room_the_call_can_still_be_ended(
    lab: Lab, board: Board, calls: Calls, supervisor: Supervisor, person: Person
) -> None:
    """In a room the legs are not bridged: each is ended by itself."""
    supervisor.adds_room()
    talk = calls.connect(RECEIVED_BY_QUEUE, person)
    assert board.ask("conference", AGENT).is_ok
    assert board.ask("hangup", AGENT).code == "ended"
    assert talk.customer_is_gone()
    assert talk.agent_is_gone()
    wait_free(lab)


def test_from_the_room_the_customer_can_be_transferred(
    lab: Lab, board: Board, calls: Calls, supervisor: Supervisor, person: Person
) -> None:
    """The customer leaves for the service, and the agent is freed as from any call."""
    supervisor.adds_room()
    supervisor.adds_service("invoices", "7001")
    talk = calls.connect(RECEIVED_BY_QUEUE, person)
    assert board.ask("conference", AGENT).is_ok
    assert board.ask("transfer", AGENT, service="invoices").code == "transferred"
    wait_free(lab)
    assert talk.agent_is_gone()
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.mark.usefixtures("calls")
def test_nobody_gets_into_a_room_that_is_not_provisioned(lab: Lab, supervisor: Supervisor) -> None:
    """Dialled by whomever, the agent included, beside a room that is."""
    supervisor.adds_room()
    for number in (AGENT, COLLEAGUE):
        assert lab.call(number, f"*{COLLEAGUE}", from_phones=True).wait_ended() == 404
    assert lab.call("5511988887777", f"*{COLLEAGUE}").wait_ended() == 404
    assert lab.call("5511988887777", f"*{AGENT}").wait_ended() == 404


def test_a_room_comes_and_goes_at_once(
    lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person
) -> None:
    """``fluxcc room add`` and ``remove`` are in force for the next action, on live calls too."""
    talk = calls.connect(RECEIVED, person)
    assert daemon.cli("room", "add", AGENT).code == 0
    third = lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True)
    third.wait_answered()
    assert daemon.cli("room", "remove", AGENT).code == 0
    assert board.ask("conference", AGENT).code == "room-not-provisioned"
    assert lab.call(COLLEAGUE, f"*{AGENT}", from_phones=True).wait_ended() == 404
    third.hang_up()
    assert talk.is_up
    talk.customer_hangs_up()
    talk.wait_over()


@pytest.fixture
def house_room(lab: Lab, tmp_path: Path) -> Iterator[str]:
    """The PBX's own dialplan has a room for agent 1000, under a name of its own."""
    kit = tmp_path / "kit"
    shutil.copytree(find_kit(), kit)
    (kit / "dialplan" / "default" / "60_house.xml").write_text(HOUSE_ROOM)
    lab.install_kit(kit)
    yield f"house-{AGENT}"
    lab.install_kit(find_kit())


def test_a_room_of_the_pbx_itself(
    *, lab: Lab, daemon: Daemon, board: Board, calls: Calls, person: Person, house_room: str
) -> None:
    """``--served-by-pbx``: both in one room, whatever the PBX calls it; fluxcc serves none."""
    talk = calls.connect(RECEIVED_BY_QUEUE, person)
    assert daemon.cli("room", "add", AGENT, "--served-by-pbx").code == 0
    assert board.ask("conference", AGENT).code == "conference-joined"
    assert set(members(lab, house_room)) == {talk.customer, talk.agent_leg}
    talk.agent_hangs_up()
    talk.customer_hangs_up()
    talk.wait_over()
    assert daemon.cli("room", "remove", AGENT).code == 0


def test_a_room_that_the_pbx_does_not_have(
    lab: Lab, board: Board, calls: Calls, supervisor: Supervisor, person: Person
) -> None:
    """Tried, and nobody arrived: ``conference-not-joined``, and nobody is told otherwise."""
    supervisor.adds_room(is_served_by_pbx=True)
    talk = calls.connect(RECEIVED, person)
    reply = board.ask("conference", AGENT)
    assert (reply.status, reply.code) == ("failed", "conference-not-joined")
    talk.wait_over()


def members(lab: Lab, room: str) -> list[str]:
    """The legs in a room, by the room's own list."""
    answer = lab.api(f"conference {room} list")
    return [line.split(";")[2] for line in answer.splitlines() if line.count(";") > 3]
