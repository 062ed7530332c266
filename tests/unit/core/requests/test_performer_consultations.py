"""An action while the agent asks a colleague inside the bridge to the customer (``att_xfer``): the
consultation ends first, and customer and agent hear each other again before either is moved."""

from __future__ import annotations

import pytest

from fluxcc.core.requests.performer import REJOINING_STEP, REJOINING_TIMEOUT, Performer
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.effects import EndConsultation, MovePair
from fluxcc.domain.errors import LinkLostError, PbxRejectedError
from fluxcc.domain.provisioning import Room
from tests.builders import World, a_request
from tests.unit.core.requests.moves import BILLING, joins, set_up

CONSULTATION = EndConsultation("colleague", "customer", "telephone")


@pytest.fixture
def performer(world: World) -> Performer:
    return Performer(
        world.pbx, world.blocking, world.provisioning, world.runtime, world.views, world.clock
    )


def consults(world: World) -> None:
    """The agent asks a colleague, who answers, while the customer waits."""
    world.telephone_rings("colleague", "1001", "telephone")
    world.bridged("telephone", "colleague", variable_soft_holding_uuid="customer")


def rejoins(world: World, flushes: int) -> None:
    """After so many flushes FreeSWITCH tells that it has bridged the two anew."""
    told: list[float] = []

    def flush_events() -> None:
        told.append(world.clock.monotonic())
        if len(told) == flushes:
            world.bridged("customer", "telephone")

    world.pbx.on_flush = flush_events


# The effect alone


@pytest.mark.parametrize("flushes", [1, 2, 30])
def test_it_takes_until_the_two_hear_each_other_again(
    world: World, performer: Performer, flushes: int
) -> None:
    set_up(world)
    consults(world)
    rejoins(world, flushes)
    began = world.clock.monotonic()
    performer.perform((CONSULTATION,), "agent:1000")
    assert world.story == ["end colleague NORMAL_CLEARING"]
    assert world.clock.monotonic() - began == pytest.approx(flushes * REJOINING_STEP)
    assert world.views.originatee("customer", "telephone") == "telephone"


def test_the_bridge_of_before_is_not_taken_for_the_new_one(
    world: World, performer: Performer
) -> None:
    """When the colleague has gone it shows again, for the moment until FreeSWITCH replaces it."""
    set_up(world)
    consults(world)
    with pytest.raises(PbxRejectedError, match="not bridged to each other"):
        performer.perform((CONSULTATION,), "agent:1000")
    assert world.views.originatee("customer", "telephone") == "telephone"


def test_one_that_does_not_end_fails_in_time_for_the_reply(
    world: World, performer: Performer
) -> None:
    set_up(world)
    consults(world)
    world.pbx.on_end = lambda leg, cause: None
    began = world.clock.monotonic()
    with pytest.raises(PbxRejectedError, match="not bridged to each other"):
        performer.perform((CONSULTATION,), "agent:1000")
    waited = world.clock.monotonic() - began
    assert REJOINING_TIMEOUT <= waited < REJOINING_TIMEOUT + 2 * REJOINING_STEP


def test_a_colleague_who_has_not_answered_leaves_the_bridge_as_it_is(
    world: World, performer: Performer
) -> None:
    """There is no other bridge that would have to end first."""
    set_up(world)
    world.telephone_rings("colleague", "1001", "telephone")
    began = world.clock.monotonic()
    performer.perform((CONSULTATION,), "agent:1000")
    assert world.story == ["end colleague NORMAL_CLEARING"]
    assert world.clock.monotonic() == began


def test_a_customer_who_hangs_up_meanwhile_is_not_waited_for_in_vain(
    world: World, performer: Performer
) -> None:
    set_up(world)
    consults(world)
    world.pbx.on_flush = lambda: world.hung_up("customer") if world.tracker.calls else None
    with pytest.raises(PbxRejectedError):
        performer.perform((CONSULTATION,), "agent:1000")


@pytest.mark.parametrize("method", ["end_leg", "flush_events"])
def test_a_link_that_goes_meanwhile_is_told(
    world: World, performer: Performer, method: str
) -> None:
    set_up(world)
    consults(world)
    world.pbx.broken.add(method)
    with pytest.raises(LinkLostError):
        performer.perform((CONSULTATION,), "agent:1000")


# Which of the two is named to FreeSWITCH


@pytest.mark.parametrize(
    ("first", "second"), [("customer", "telephone"), ("telephone", "customer")]
)
def test_a_pair_is_moved_by_the_leg_that_the_other_one_was_bridged_to(
    world: World, performer: Performer, first: str, second: str
) -> None:
    """FreeSWITCH moves it second, and the originator would hang up if it were left behind."""
    set_up(world)
    world.bridged(first, second)
    performer.perform((MovePair("customer", "telephone", "*1000", "default"),), "agent:1000")
    assert world.story == [f"move {second} and its partner to *1000 in default"]


def test_a_pair_that_is_bridged_no_longer_is_not_moved(world: World, performer: Performer) -> None:
    """The command would act on whatever else the leg is bridged to."""
    set_up(world)
    consults(world)
    with pytest.raises(PbxRejectedError, match="not bridged"):
        performer.perform((MovePair("customer", "telephone", "*1000", "default"),), "agent:1000")
    assert world.story == []


# A whole action


def test_a_conference_ends_it_first_and_moves_the_pair_by_its_new_bridge(world: World) -> None:
    set_up(world, Room("1000"))
    consults(world)

    def move(leg: str, destination: str) -> None:
        for moved in ("customer", "telephone"):
            joins(world, moved, "1000")

    flushes = 0

    def flush_events() -> None:
        nonlocal flushes
        flushes += 1
        if flushes == 2:
            world.bridged("telephone", "customer")

    world.pbx.on_move, world.pbx.on_flush = move, flush_events
    reply = world.ask(a_request(Action.CONFERENCE))
    assert (reply.status, reply.code, reply.call) == (
        Status.OK,
        Code.CONFERENCE_JOINED,
        "customer",
    )
    assert world.story == [
        "write audit requested",
        "end colleague NORMAL_CLEARING",
        "disarm customer",
        "move customer and its partner to *1000 in default",
        "write audit ok",
    ]


def test_a_transfer_moves_nobody_where_it_does_not_end(world: World) -> None:
    set_up(world, BILLING)
    consults(world)
    world.pbx.on_end = lambda leg, cause: None
    reply = world.ask(a_request(Action.TRANSFER, service="billing"))
    assert (reply.status, reply.code) == (Status.FAILED, Code.PBX_REJECTED)
    assert not [line for line in world.story if line.startswith(("move", "disarm"))]
    assert world.tracker.watchers.count == 0


def test_a_prank_waits_for_nothing_and_ends_all_three(world: World) -> None:
    set_up(world)
    consults(world)
    reply = world.ask(a_request())
    assert (reply.code, reply.call) == (Code.BLOCKED, "customer")
    assert [line for line in world.story if line.startswith("end")] == [
        "end customer CALL_REJECTED",
        "end colleague NORMAL_CLEARING",
        "end telephone NORMAL_CLEARING",
    ]
    assert world.tracker.legs == {}


def test_the_colleague_who_is_asked_may_only_leave(world: World) -> None:
    """Contract, section 1a."""
    set_up(world, BILLING, Room("1001"))
    consults(world)
    for action in (Action.TRANSFER, Action.CONFERENCE):
        reply = world.ask(a_request(action, agent="1001", service="billing"))
        assert (reply.status, reply.code) == (Status.REFUSED, Code.NOT_YOUR_CALL)
    world.story.clear()
    reply = world.ask(a_request(Action.HANGUP, agent="1001"))
    assert (reply.code, reply.call) == (Code.ENDED, "colleague")
    assert [line for line in world.story if line.startswith("end")] == [
        "end colleague NORMAL_CLEARING"
    ]
    assert sorted(world.tracker.legs) == ["customer", "telephone"]


def test_the_prank_of_a_colleague_who_is_asked_blocks_nobody(world: World) -> None:
    set_up(world)
    consults(world)
    reply = world.ask(a_request(agent="1001"))
    assert (reply.code, reply.blocked) == (Code.NOT_BLOCKED_INTERNAL, False)
    assert world.pbx.gate == {}
    call = world.call_of("customer")
    assert (call.outcome, call.is_survey_over) == ("live", False)
