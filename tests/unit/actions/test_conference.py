"""``conference``: both legs move to the agent's room, and what proves it."""

from __future__ import annotations

import pytest

from fluxcc.actions import conference
from fluxcc.actions.rules import Rules
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    AllJoined,
    BringMediaBack,
    Detain,
    DisarmSurvey,
    EndConsultation,
    EndLeg,
    MoveLeg,
    MovePair,
    Plan,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.media import Media
from fluxcc.domain.provisioning import Room
from tests.builders import a_conversation, a_request, some_rules

BOTH = frozenset({"customer", "telephone"})
ROOM = Room("1000")
MOVED = MovePair("customer", "telephone", "*1000", "default")


def plan(provisioned: Room = ROOM, **changes: object) -> Plan:
    """The plan for agent 1000's call."""
    call = a_conversation(**changes)
    return conference.plan(call, a_request(Action.CONFERENCE), some_rules(provisioned))


def test_a_bridged_pair_moves_to_the_agents_room_in_one_command() -> None:
    """The agent's leg would end if the customer's left alone."""
    found = plan()
    assert found.effects == (DisarmSurvey("customer"), MOVED)
    assert found.confirmation == AllJoined(BOTH, "1000")
    assert found.code is Code.CONFERENCE_JOINED


@pytest.mark.parametrize("originatee", ["telephone", "customer"])
def test_which_of_a_pair_the_bridge_was_made_to_is_seen_when_it_is_moved(originatee: str) -> None:
    """A consultation that ends before that makes a new bridge."""
    assert plan(originatee=originatee).effects[-1] == MOVED


def test_a_pair_that_is_not_bridged_is_moved_one_by_one() -> None:
    """``-both`` on such a leg acts on the wrong one."""
    assert plan(originatee="").effects == (
        DisarmSurvey("customer"),
        MoveLeg("customer", "*1000", "default"),
        MoveLeg("telephone", "*1000", "default"),
    )


def test_behind_a_wire_the_customer_waits_while_the_agent_moves() -> None:
    """The wire collapses as soon as one has left, and the other would end."""
    assert plan(originatee="", wire="wire").effects == (
        DisarmSurvey("customer"),
        Detain("customer", True),
        MoveLeg("telephone", "*1000", "default"),
        MoveLeg("customer", "*1000", "default"),
        Detain("customer", False),
    )


# Where the agent asks a colleague meanwhile


def test_a_consultation_inside_the_bridge_ends_before_the_pair_moves() -> None:
    """The two are not bridged to each other during it, and are again when it is over."""
    found = plan(originatee="", consulted_inside="colleague")
    assert found.effects == (
        EndConsultation("colleague", "customer", "telephone"),
        DisarmSurvey("customer"),
        MOVED,
    )
    assert found.confirmation == AllJoined(BOTH, "1000")


def test_the_calls_beside_the_customer_end_before_the_pair_moves() -> None:
    found = plan(consulted=("second line", "colleague"))
    assert found.effects == (
        DisarmSurvey("customer"),
        EndLeg("second line", "NORMAL_CLEARING"),
        EndLeg("colleague", "NORMAL_CLEARING"),
        MOVED,
    )
    assert found.confirmation == AllJoined(BOTH, "1000")


def test_who_is_asked_for_advice_moves_nobody() -> None:
    """Contract, section 1a."""
    with pytest.raises(RefusedError) as refusal:
        plan(customer="colleague", agent_leg="", is_consulted=True)
    assert refusal.value.code is Code.NOT_YOUR_CALL


def test_a_room_of_the_pbxs_own_may_have_any_name() -> None:
    room = Room("1000", is_served_by_pbx=True)
    assert plan(room).confirmation == AllJoined(BOTH, "")


def test_a_room_of_the_pbxs_own_is_given_its_time() -> None:
    room = Room("1000", is_served_by_pbx=True, wait=20.0)
    assert plan(room).confirmation == AllJoined(BOTH, "", 20.0)


def test_without_a_provisioned_room_nothing_moves() -> None:
    """Contract, section 1. mod_conference would make any room on first entry."""
    with pytest.raises(RefusedError) as refusal:
        plan(Room("1001"))
    assert refusal.value.code is Code.ROOM_NOT_PROVISIONED


def test_a_customer_without_an_agent_is_not_put_into_a_room_alone() -> None:
    with pytest.raises(RefusedError) as refusal:
        plan(agent_leg="")
    assert refusal.value.code is Code.NO_LIVE_CALL


def test_a_customer_who_is_being_called_is_not_put_into_a_room() -> None:
    with pytest.raises(RefusedError) as refusal:
        plan(is_rung=True)
    assert refusal.value.code is Code.NO_LIVE_CALL


# Who is in the room, and where the media run


def rules_of_a_room(
    *members: str, media: Media = Media.HERE, is_served_by_pbx: bool = False
) -> Rules:
    """The room of agent 1000, with these legs in it, and the way of the call's media."""
    rules = some_rules(Room("1000", is_served_by_pbx=is_served_by_pbx))
    rules.room_members = lambda room: frozenset(members) if room == "1000" else frozenset()
    rules.media_of = lambda leg: media if leg == "telephone" else Media.UNKNOWN
    return rules


def plan_by(rules: Rules, **changes: object) -> Plan:
    """The plan for agent 1000's call by these rules."""
    return conference.plan(a_conversation(**changes), a_request(Action.CONFERENCE), rules)


@pytest.mark.parametrize("members", [("visitor",), ("visitor", "customer", "telephone")])
def test_where_another_person_is_in_the_room_nothing_moves(members: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as refusal:
        plan_by(rules_of_a_room(*members))
    assert (refusal.value.code, refusal.value.call) == (Code.ROOM_OCCUPIED, "customer")


def test_two_who_are_in_the_room_stay_there() -> None:
    found = plan_by(rules_of_a_room("customer", "telephone"), originatee="")
    assert found.effects == (DisarmSurvey("customer"),)
    assert (found.code, found.confirmation) == (Code.CONFERENCE_JOINED, None)


@pytest.mark.parametrize("members", [(), ("customer",), ("telephone",)])
def test_two_of_whom_one_is_there_at_most_are_moved_one_by_one(members: tuple[str, ...]) -> None:
    found = plan_by(rules_of_a_room(*members), originatee="")
    assert found.effects[1:] == (
        MoveLeg("customer", "*1000", "default"),
        MoveLeg("telephone", "*1000", "default"),
    )


def test_nobody_can_tell_who_is_in_a_room_of_the_pbxs_own() -> None:
    found = plan_by(rules_of_a_room("visitor", is_served_by_pbx=True))
    assert found.effects[-1] == MOVED


def test_media_that_runs_past_the_pbx_is_brought_back_first() -> None:
    """Where that fails, nothing was done."""
    found = plan_by(rules_of_a_room(media=Media.PAST), consulted=("second line",))
    assert found.effects == (
        BringMediaBack("telephone"),
        DisarmSurvey("customer"),
        EndLeg("second line", "NORMAL_CLEARING"),
        MOVED,
    )


def test_media_that_is_passed_on_unseen_moves_nobody() -> None:
    with pytest.raises(RefusedError) as refusal:
        plan_by(rules_of_a_room(media=Media.PROXIED))
    assert refusal.value.code is Code.CONFERENCE_NOT_JOINED


def test_nobody_is_asked_about_media_where_the_two_are_not_bridged() -> None:
    rules = rules_of_a_room(media=Media.PROXIED)
    assert plan_by(rules, originatee="", consulted_inside="colleague").effects[-1] == MOVED
