"""``hangup``: both legs end, or the customer goes on to the survey."""

from __future__ import annotations

import pytest

from fluxcc.actions import hangup
from fluxcc.domain.actions import Action
from fluxcc.domain.calls import Direction
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllEnded,
    Arrived,
    Brief,
    DisarmSurvey,
    Effect,
    EndConsultation,
    EndLeg,
    MoveLeg,
)
from fluxcc.domain.provisioning import Group, Trigger
from tests.builders import NUMBER, a_conversation, a_request, some_rules
from tests.fakes import NOW

SALES = Group("sales", has_survey=True)
BOTH = frozenset({"customer", "telephone"})


def ended(effects: tuple[Effect, ...]) -> list[str]:
    """The legs that are hung up, in this order."""
    return [effect.leg for effect in effects if isinstance(effect, EndLeg)]


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
        "domain": "",
        "direction": "received",
        "started": f"{NOW:.3f}",
        "questions": "1",
        "scale": "1-5",
        "prompts": "",
        "language": "pt_BR",
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


# The agent's telephone stays connected


def test_a_telephone_that_stays_connected_is_left_alone() -> None:
    """Contract, section 1a. It must be seen to have left the customer."""
    plan = hangup.plan(a_conversation(is_standing=True), a_request(Action.HANGUP), some_rules())
    assert plan.effects == (DisarmSurvey("customer"), EndLeg("customer", "NORMAL_CLEARING"))
    assert plan.confirmation == AllEnded(frozenset({"customer"}), parted=frozenset({"telephone"}))


def test_a_telephone_that_stays_connected_in_a_room_has_no_bridge_to_leave() -> None:
    call = a_conversation(is_standing=True, originatee="")
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules())
    assert plan.confirmation == AllEnded(frozenset({"customer"}))


def test_after_the_move_to_the_survey_it_is_left_alone_too() -> None:
    call = a_conversation(is_standing=True)
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules(SALES))
    assert plan.code is Code.SURVEY_STARTED
    assert plan.afterwards == ()
    assert plan.confirmation == Arrived("customer", "telephone", "*28")


# The agent asks a colleague meanwhile


def test_what_the_agent_asks_inside_the_bridge_ends_with_the_call() -> None:
    """FreeSWITCH would join the colleague and the agent's telephone."""
    call = a_conversation(originatee="", consulted_inside="colleague")
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules())
    assert plan.effects == (
        DisarmSurvey("customer"),
        EndLeg("customer", "NORMAL_CLEARING"),
        EndLeg("colleague", "NORMAL_CLEARING"),
        EndLeg("telephone", "NORMAL_CLEARING"),
    )
    assert plan.confirmation == AllEnded(BOTH)


def test_calls_beside_the_customers_end_with_it() -> None:
    call = a_conversation(consulted=("second line", "colleague"))
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules())
    assert ended(plan.effects) == ["customer", "telephone", "second line", "colleague"]
    assert plan.confirmation == AllEnded(BOTH)


def test_of_a_telephone_that_stays_connected_the_consultation_ends_all_the_same() -> None:
    call = a_conversation(is_standing=True, originatee="", consulted_inside="colleague")
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules())
    assert ended(plan.effects) == ["customer", "colleague"]


def test_before_the_customer_goes_to_the_survey_the_consultation_inside_ends() -> None:
    """Contract, section 1a. FreeSWITCH would join the colleague and the customer."""
    call = a_conversation(originatee="", consulted_inside="colleague", consulted=("second line",))
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules(SALES))
    assert plan.effects[0] == EndConsultation("colleague", "customer", "telephone")
    assert plan.effects[-1] == MoveLeg("customer", "*28", "default")
    assert ended(plan.afterwards) == ["colleague", "telephone", "second line"]


@pytest.mark.parametrize("group", [SALES, Group("sales", has_survey=False)])
def test_who_is_asked_for_advice_only_leaves(group: Group) -> None:
    """Contract, section 1a: the customer is not theirs, nor is the survey."""
    call = a_conversation(customer="colleague", agent_leg="", is_consulted=True)
    plan = hangup.plan(call, a_request(Action.HANGUP), some_rules(group))
    assert plan.effects == (EndLeg("colleague", "NORMAL_CLEARING"),)
    assert plan.confirmation == AllEnded(frozenset({"colleague"}))
    assert (plan.code, plan.outcome, plan.ends_survey) == (Code.ENDED, None, False)
