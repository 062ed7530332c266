"""``hangup``: both legs end, or the customer goes on to the survey."""

from __future__ import annotations

import pytest

from fluxcc.actions import hangup
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Direction
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllEnded,
    Brief,
    DisarmSurvey,
    EndLeg,
    MoveLeg,
)
from fluxcc.domain.provisioning import Group, Trigger
from tests.builders import NUMBER, a_conversation, a_request, some_rules
from tests.fakes import NOW

SALES = Group("sales", has_survey=True)
BOTH = frozenset({"customer", "telephone"})


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


def test_a_request_may_say_no_to_the_survey() -> None:
    request = a_request(Action.HANGUP, has_survey=False)
    plan = hangup.plan(a_conversation(), request, some_rules(SALES))
    assert (plan.code, plan.confirmation) == (Code.ENDED, AllEnded(BOTH))
    assert plan.effects[0] == DisarmSurvey("customer")
