"""Which of two legs is the customer's, however the call came about (contract, section 1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxcc.client import Board
from fluxcc.lab.port import Lab
from tests.testing.daemon import Daemon
from tests.testing.waiting import until

from .conftest import are_gone, is_refused
from .people import Person

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


def originate(lab: Lab, whom: str, then: str) -> str:
    """The UUID of the leg that was dialled first."""
    answer = lab.api(f"originate {whom} {then}")
    assert answer.startswith("+OK"), answer
    return answer.removeprefix("+OK").strip()


def outside(lab: Lab, number: str) -> str:
    """The dial string of somebody out there: the lab's telephones answer whatever is dialled."""
    port = lab.api("global_getvar lab_phones_port").strip()
    return f"sofia/external/{number}@127.0.0.1:{port}"


@pytest.mark.usefixtures("waiting_agent")
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
    lab: Lab, daemon: Daemon, board: Board, *, person: Person, way: Way, direction: str, group: str
) -> None:
    """Contract, section 1: the customer's number is blocked, whoever dialled whom."""
    spelling = person.other_spellings[0]
    customer = way(lab, spelling)
    call = daemon.wait_talking(spelling)
    assert (call["direction"], call["agent"], call["group"]) == (direction, "1000", group)
    assert call["call"] == customer or not customer

    reply = board.prank("1000")
    assert (reply.code, reply.number, reply.call) == ("blocked", person.number, call["call"])
    assert are_gone(lab, *call["legs"])
    assert is_refused(lab, person.number)
    assert lab.api("hash select/fluxcc_block/1000").startswith("-ERR")
    (row,) = until(lambda: _ended(daemon, spelling, "prank"), "the call's history")
    assert (row.direction, row.agent, row.group) == (direction, "1000", group)
    assert {row.customer_leg, row.agent_leg} == set(call["legs"])
    assert row.customer_leg == call["call"]


@pytest.mark.parametrize("way", [dialled_by_the_agent, dialled_by_a_campaign])
def test_a_number_that_was_dialled_with_a_plus_sign(
    lab: Lab, daemon: Daemon, board: Board, number: str, way: Way
) -> None:
    """Contract, section 2: FreeSWITCH shows a dialled ``+`` as ``%2B``; it is the same person."""
    way(lab, number)
    daemon.wait_talking()
    reply = board.prank("1000")
    assert (reply.code, reply.number) == ("blocked", number)
    assert is_refused(lab, number)


def _ended(daemon: Daemon, number: str, outcome: str) -> list:
    rows = daemon.store.ended_calls(number=number, limit=9)
    return [row for row in rows if row.outcome == outcome]


@pytest.mark.parametrize(("agent", "other"), [("1000", "1001"), ("1001", "1000")])
def test_an_internal_number_is_never_blocked(
    lab: Lab, daemon: Daemon, board: Board, agent: str, other: str
) -> None:
    """Contract, section 1: the call ends, whichever of the two marks it, and both can call again
    at once."""
    caller = lab.call("1001", "1000", from_phones=True)
    caller.wait_answered()
    call = daemon.wait_talking()
    assert call["direction"] == "internal"

    reply = board.prank(agent)
    assert (reply.status, reply.code) == ("ok", "not-blocked-internal")
    assert (reply.number, reply.blocked, reply.expires) == (other, False, None)
    assert are_gone(lab, *call["legs"])
    assert caller.wait_ended() == 200

    for number, called in (("1001", "1000"), ("1000", "1001")):
        again = lab.call(number, called, from_phones=True)
        again.wait_answered()
        again.hang_up()
    assert daemon.block_of(other) is None


def test_an_extension_that_comes_by_the_trunk_is_internal_too(
    lab: Lab, daemon: Daemon, board: Board
) -> None:
    """Contract, section 5, ``[blocks] internal``: the number says so, not the way it came."""
    lab.call("4711", "1000").wait_answered()
    daemon.wait_talking()
    assert board.prank("1000").code == "not-blocked-internal"
    assert not is_refused(lab, "4711")
