"""Which of two legs is the customer's, however the call came about (contract, section 1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxcc.lab.port import Lab
from tests.testing.waiting import until

from .kinds import originate, outside
from .scene import Scene

Way = Callable[[Lab, str], str]
"""Lets a customer with this number talk to agent 1000; the UUID of the customer's leg, where the
PBX tells it, otherwise empty."""


def dialled_by_the_customer(lab: Lab, number: str) -> str:
    lab.call(number, "1000").wait_answered()
    return ""


def waiting_in_the_queue(lab: Lab, number: str) -> str:
    lab.call(number, "5000").wait_answered()
    return ""


def dialled_by_the_agent(lab: Lab, number: str) -> str:
    originate(lab, "user/1000", f"&bridge({outside(lab, number)})")
    return ""


def dialled_by_a_campaign(lab: Lab, number: str) -> str:
    return originate(lab, outside(lab, number), "1000 XML default")


def campaign_by_way_of_the_queue(lab: Lab, number: str) -> str:
    return originate(lab, outside(lab, number), "5000 XML public")


@pytest.mark.parametrize(
    ("way", "direction", "group"),
    [
        (dialled_by_the_customer, "received", "sales"),
        (waiting_in_the_queue, "received", "sales"),
        (dialled_by_the_agent, "originated", ""),
        (dialled_by_a_campaign, "campaign", ""),
        (campaign_by_way_of_the_queue, "campaign", "sales"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_customers_number_is_blocked_and_not_the_agents(
    scene: Scene, way: Way, direction: str, group: str
) -> None:
    """Contract, section 1: the customer's number is blocked, whoever dialled whom."""
    scene.leave_one_agent()
    spelling = scene.person.other_spellings[0]
    customer = way(scene.lab, spelling)
    call = scene.daemon.wait_talking(spelling)
    assert (call["direction"], call["agent"], call["group"]) == (direction, "1000", group)
    assert call["call"] == customer or not customer

    reply = scene.board.prank("1000")
    assert (reply.code, reply.number, reply.call) == ("blocked", scene.number, call["call"])
    assert scene.are_gone(*call["legs"])
    assert scene.is_refused(scene.number)
    assert scene.lab.api("hash select/fluxcc_block/1000").startswith("-ERR")
    (row,) = until(lambda: scene.daemon.ended_calls(spelling, "prank"), "the call's history")
    assert (row.direction, row.agent, row.group) == (direction, "1000", group)
    assert {row.customer_leg, row.agent_leg} == set(call["legs"])
    assert row.customer_leg == call["call"]


@pytest.mark.parametrize("way", [dialled_by_the_agent, dialled_by_a_campaign])
def test_a_number_that_was_dialled_with_a_plus_sign(scene: Scene, way: Way) -> None:
    """Contract, section 2: FreeSWITCH shows a dialled ``+`` as ``%2B``; it is the same person."""
    way(scene.lab, scene.number)
    scene.daemon.wait_talking()
    reply = scene.board.prank("1000")
    assert (reply.code, reply.number) == ("blocked", scene.number)
    assert scene.is_refused(scene.number)


@pytest.mark.parametrize(("agent", "other"), [("1000", "1001"), ("1001", "1000")])
def test_an_internal_number_is_never_blocked(scene: Scene, agent: str, other: str) -> None:
    """Contract, section 1: the call ends, whichever of the two marks it, and both can call again
    at once."""
    caller = scene.lab.call("1001", "1000", from_phones=True)
    caller.wait_answered()
    call = scene.daemon.wait_talking()
    assert call["direction"] == "internal"

    reply = scene.board.prank(agent)
    assert (reply.status, reply.code) == ("ok", "not-blocked-internal")
    assert (reply.number, reply.blocked, reply.expires) == (other, False, None)
    assert scene.are_gone(*call["legs"])
    assert caller.wait_ended() == 200

    for number, called in (("1001", "1000"), ("1000", "1001")):
        again = scene.lab.call(number, called, from_phones=True)
        again.wait_answered()
        again.hang_up()
    assert scene.daemon.block_of(other) is None


def test_an_extension_that_comes_by_the_trunk_is_internal_too(scene: Scene) -> None:
    """Contract, section 5, ``[blocks] internal``: the number says so, not the way it came."""
    scene.lab.call("4711", "1000").wait_answered()
    scene.daemon.wait_talking()
    assert scene.board.prank("1000").code == "not-blocked-internal"
    assert not scene.is_refused("4711")
