"""Nobody waits in an agent's room (contract, section 1a, rule 9): whoever is left alone in one is
released at once, by FreeSWITCH itself; two who still talk to each other there go on."""

from __future__ import annotations

import time

import pytest

from fluxcc.lab.port import Caller, Lab
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.waiting import until

from .kinds import RECEIVED, RECEIVED_BY_QUEUE
from .pbx import AGENT, COLLEAGUE, exists, legs, members
from .scene import Conversation, Scene

AT_ONCE = 1.0
"""Seconds within which somebody who was left alone is released; it takes some 50 ms."""
PARTNERS_TIME = 5
"""Seconds that a partner has to come in (``docs/kit.md``), as FreeSWITCH's scheduler counts them:
whole ones of the clock, so that the first may be over at once."""
NO_ROOM = "+OK No active conferences."


@pytest.fixture
def talk(scene: Scene) -> Conversation:
    """Customer and agent 1000, in the agent's room."""
    scene.supervisor.adds_room()
    talk = scene.connect(RECEIVED)
    assert scene.board.ask("conference", AGENT).code == "conference-joined"
    return talk


@pytest.fixture
def with_scripts(lab: Lab) -> None:
    if isinstance(lab, SimulatedLab):
        pytest.importorskip("lupa", reason="the simulator runs scripts with lupa only")


def comes_in(lab: Lab, number: str = COLLEAGUE) -> Caller:
    """Somebody inside dials the room."""
    earlier = len(members(lab, AGENT))
    caller = lab.call(number, f"*{AGENT}", from_phones=True)
    caller.wait_answered()
    until(lambda: len(members(lab, AGENT)) == earlier + 1, "one more is in the room")
    return caller


def until_empty(lab: Lab) -> None:
    """Return once the room is over and no leg is left."""
    until(lambda: legs(lab) == 0, "no leg is left", AT_ONCE)
    until(lambda: lab.api("conference list").strip() == NO_ROOM, "the room is over", AT_ONCE)


def test_the_agents_telephone_leaves(scene: Scene, talk: Conversation) -> None:
    talk.agent_hangs_up()
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)


def test_the_customer_leaves(scene: Scene, talk: Conversation) -> None:
    talk.customer_hangs_up()
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)


def test_the_agent_of_a_queue_is_free_at_once(scene: Scene) -> None:
    scene.supervisor.adds_room()
    talk = scene.connect(RECEIVED_BY_QUEUE)
    assert scene.board.ask("conference", AGENT).is_ok
    talk.customer_hangs_up()
    talk.wait_over(AT_ONCE)
    scene.wait_free()


def test_both_leave_at_once(scene: Scene, talk: Conversation) -> None:
    for leg in (talk.customer, talk.agent_leg):
        scene.lab.api(f"uuid_kill {leg}")
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)


def test_one_is_moved_away(scene: Scene, talk: Conversation) -> None:
    """The other one is released; the one that was moved stays where they are."""
    scene.lab.api(f"uuid_transfer {talk.customer} 7001 XML default")
    until(talk.agent_is_gone, "the agent is released", AT_ONCE)
    until(lambda: scene.lab.api("conference list").strip() == NO_ROOM, "the room is over", AT_ONCE)
    assert exists(scene.lab, talk.customer)
    talk.customer_hangs_up()
    talk.wait_over()


def test_both_are_moved_away(scene: Scene, talk: Conversation) -> None:
    """One after the other, right after each other: the room's end takes neither along."""
    for leg in (talk.customer, talk.agent_leg):
        assert scene.lab.api(f"uuid_transfer {leg} 9999 XML default").startswith("+OK")
    until(lambda: scene.lab.api("conference list").strip() == NO_ROOM, "the room is over", AT_ONCE)
    time.sleep(0.2)
    assert exists(scene.lab, talk.customer)
    assert exists(scene.lab, talk.agent_leg)
    talk.customer_hangs_up()
    talk.agent_hangs_up()
    talk.wait_over()


def test_one_is_put_out(scene: Scene, talk: Conversation) -> None:
    first = scene.lab.api(f"conference {AGENT} list").partition(";")[0]
    scene.lab.api(f"conference {AGENT} kick {first}")
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)


def test_two_of_three_go_on(scene: Scene, talk: Conversation) -> None:
    """A supervisor came in, and the agent leaves."""
    supervisor = comes_in(scene.lab)
    talk.agent_hangs_up()
    until(talk.agent_is_gone, "the agent is gone")
    time.sleep(0.5)
    assert len(members(scene.lab, AGENT)) == 2
    assert talk.customer in members(scene.lab, AGENT)
    supervisor.hang_up()
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)


def test_while_the_daemon_is_dead(scene: Scene, talk: Conversation) -> None:
    scene.daemon.kill()
    talk.agent_hangs_up()
    talk.wait_over(AT_ONCE)
    until_empty(scene.lab)
    scene.daemon.start()


@pytest.mark.usefixtures("with_scripts")
def test_somebody_whose_partner_never_comes(scene: Scene) -> None:
    """Whoever dials into an empty room is released after a few seconds."""
    scene.supervisor.adds_room()
    caller = comes_in(scene.lab)
    began = time.monotonic()
    assert caller.wait_ended(PARTNERS_TIME + 2) == 200
    assert time.monotonic() - began > PARTNERS_TIME - 2
    until_empty(scene.lab)


@pytest.mark.usefixtures("with_scripts")
def test_a_partner_who_comes_in_time(scene: Scene) -> None:
    """Neither is released by the other's check, nor by the one of an earlier visit."""
    scene.supervisor.adds_room()
    visitor = comes_in(scene.lab)
    visitor.hang_up()
    until(lambda: not members(scene.lab, AGENT), "the room is empty")
    time.sleep(PARTNERS_TIME / 2)
    first = comes_in(scene.lab)
    time.sleep(PARTNERS_TIME / 2 + 0.5)  # now the visitor's check has come, and found this one
    second = comes_in(scene.lab, "1002")
    time.sleep(PARTNERS_TIME / 2)
    assert len(members(scene.lab, AGENT)) == 2
    first.hang_up()
    second.wait_ended(AT_ONCE + 1)
    until_empty(scene.lab)
