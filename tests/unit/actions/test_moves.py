"""``conference``, ``transfer`` and ``hangup``: who is moved where, and what proves it."""

from __future__ import annotations

import pytest

from fluxcc.actions import conference, hangup, transfer
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Direction
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllEnded,
    AllJoined,
    Arrived,
    Brief,
    DisarmSurvey,
    EndLeg,
    MoveLeg,
    MovePair,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Group, Room, Service, Trigger
from tests.builders import NUMBER, a_conversation, a_request, some_rules
from tests.fakes import NOW

BILLING = Service("billing", "7001", "default")
SALES = Group("sales", has_survey=True)
BOTH = frozenset({"customer", "telephone"})


# conference


def test_a_bridged_pair_moves_to_the_agents_room_in_one_command() -> None:
    """The agent's leg would end if the customer's left alone."""
    plan = conference.plan(a_conversation(), a_request(Action.CONFERENCE), some_rules(Room("1000")))
    assert plan.effects == (DisarmSurvey("customer"), MovePair("telephone", "*1000", "default"))
    assert plan.confirmation == AllJoined(BOTH, "1000")
    assert plan.code is Code.CONFERENCE_JOINED


@pytest.mark.parametrize("originatee", ["telephone", "customer"])
def test_a_pair_is_moved_by_the_leg_that_the_other_one_was_bridged_to(originatee: str) -> None:
    """FreeSWITCH moves it second, and the originator would hang up if it were left behind."""
    call = a_conversation(originatee=originatee)
    plan = conference.plan(call, a_request(Action.CONFERENCE), some_rules(Room("1000")))
    assert plan.effects[-1] == MovePair(originatee, "*1000", "default")


def test_a_pair_that_is_not_bridged_is_moved_one_by_one() -> None:
    """``-both`` on such a leg acts on the wrong one."""
    plan = conference.plan(
        a_conversation(originatee=""), a_request(Action.CONFERENCE), some_rules(Room("1000"))
    )
    assert plan.effects == (
        DisarmSurvey("customer"),
        MoveLeg("customer", "*1000", "default"),
        MoveLeg("telephone", "*1000", "default"),
    )


def test_a_room_of_the_pbxs_own_may_have_any_name() -> None:
    room = Room("1000", is_served_by_pbx=True)
    plan = conference.plan(a_conversation(), a_request(Action.CONFERENCE), some_rules(room))
    assert plan.confirmation == AllJoined(BOTH, "")


def test_without_a_provisioned_room_nothing_moves() -> None:
    """Contract, section 1. mod_conference would make any room on first entry."""
    with pytest.raises(RefusedError) as refusal:
        conference.plan(a_conversation(), a_request(Action.CONFERENCE), some_rules(Room("1001")))
    assert refusal.value.code is Code.ROOM_NOT_PROVISIONED


def test_a_customer_without_an_agent_is_not_put_into_a_room_alone() -> None:
    with pytest.raises(RefusedError):
        conference.plan(
            a_conversation(agent_leg=""), a_request(Action.CONFERENCE), some_rules(Room("1000"))
        )


# transfer


def test_the_customer_moves_to_the_service_and_the_agent_is_freed() -> None:
    plan = transfer.plan(
        a_conversation(), a_request(Action.TRANSFER, service="billing"), some_rules(BILLING)
    )
    assert plan.effects == (DisarmSurvey("customer"), MoveLeg("customer", "7001", "default"))
    assert plan.afterwards == (EndLeg("telephone", "NORMAL_CLEARING"),)
    assert plan.confirmation == Arrived("customer", "telephone", "7001")
    assert plan.code is Code.TRANSFERRED


@pytest.mark.parametrize("service", ["", "Billing", "7001", "support"])
def test_an_unknown_service_moves_nothing(service: str) -> None:
    """Only services in the catalogue (contract, section 1)."""
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(
            a_conversation(), a_request(Action.TRANSFER, service=service), some_rules(BILLING)
        )
    assert refusal.value.code is Code.UNKNOWN_SERVICE


# hangup


def test_a_hangup_ends_both_legs_and_disarms_the_survey() -> None:
    plan = hangup.plan(a_conversation(), a_request(Action.HANGUP), some_rules())
    assert plan.effects == (
        DisarmSurvey("customer"),
        EndLeg("customer", "NORMAL_CLEARING"),
        EndLeg("telephone", "NORMAL_CLEARING"),
    )
    assert (plan.code, plan.confirmation) == (Code.ENDED, AllEnded(BOTH))


@pytest.mark.parametrize(
    "direction", [Direction.RECEIVED, Direction.ORIGINATED, Direction.CAMPAIGN]
)
def test_where_the_group_has_the_survey_on_the_customer_goes_there(direction: Direction) -> None:
    """The same for received, originated and campaign calls (contract, section 1)."""
    plan = hangup.plan(
        a_conversation(direction=direction), a_request(Action.HANGUP), some_rules(SALES)
    )
    disarm, brief, move = plan.effects
    assert disarm == DisarmSurvey("customer")
    assert isinstance(brief, Brief)
    assert move == MoveLeg("customer", "*28", "default")
    assert plan.afterwards == (EndLeg("telephone", "NORMAL_CLEARING"),)
    assert plan.code is Code.SURVEY_STARTED


def test_everything_the_survey_needs_travels_with_the_customers_leg() -> None:
    """Call, group, agent, direction, start time (contract, section 1)."""
    plan = hangup.plan(a_conversation(), a_request(Action.HANGUP), some_rules(SALES))
    brief = plan.effects[1]
    assert isinstance(brief, Brief)
    assert brief.leg == "customer"
    assert dict(brief.facts) == {
        "call": "customer",
        "number": NUMBER,
        "group": "sales",
        "agent": "1000",
        "direction": "received",
        "started": f"{NOW:.3f}",
        "questions": "1",
        "scale": "1-5",
        "prompts": "",
    }


def test_a_group_may_have_a_survey_of_its_own() -> None:
    group = Group("sales", has_survey=True, destination="*29", trigger=Trigger.ANY)
    plan = hangup.plan(a_conversation(), a_request(Action.HANGUP), some_rules(group))
    assert MoveLeg("customer", "*29", "default") in plan.effects


@pytest.mark.parametrize(
    "changes",
    [
        {"may_have_survey": False},
        {"direction": Direction.INTERNAL},
        {"group": "support"},
        {"group": ""},
    ],
)
def test_who_gets_no_survey_is_hung_up(changes: dict[str, object]) -> None:
    """Only a call that was really bridged to an agent, only once (contract, section 1)."""
    plan = hangup.plan(a_conversation(**changes), a_request(Action.HANGUP), some_rules(SALES))
    assert plan.code is Code.ENDED


def test_a_group_with_the_survey_off_has_none() -> None:
    plan = hangup.plan(
        a_conversation(), a_request(Action.HANGUP), some_rules(Group("sales", has_survey=False))
    )
    assert plan.code is Code.ENDED
