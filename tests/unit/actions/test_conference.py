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
    DisarmSurvey,
    MoveLeg,
    MovePair,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.media import Media
from fluxcc.domain.provisioning import Room
from tests.builders import a_conversation, a_request, some_rules

BOTH = frozenset({"customer", "telephone"})


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


def rules_of_a_room(*members: str, media: Media = Media.HERE) -> Rules:
    """The room of agent 1000, with these legs in it, and the way of the call's media."""
    rules = some_rules(Room("1000"))
    rules.room_members = lambda room: frozenset(members) if room == "1000" else frozenset()
    rules.media_of = lambda leg: media if leg == "telephone" else Media.UNKNOWN
    return rules


@pytest.mark.parametrize("members", [("visitor",), ("visitor", "customer", "telephone")])
def test_where_another_person_is_in_the_room_nothing_moves(members: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as refusal:
        conference.plan(a_conversation(), a_request(Action.CONFERENCE), rules_of_a_room(*members))
    assert (refusal.value.code, refusal.value.call) == (Code.ROOM_OCCUPIED, "customer")


def test_two_who_are_in_the_room_stay_there() -> None:
    call = a_conversation(originatee="")
    rules = rules_of_a_room("customer", "telephone")
    plan = conference.plan(call, a_request(Action.CONFERENCE), rules)
    assert plan.effects == (DisarmSurvey("customer"),)
    assert (plan.code, plan.confirmation) == (Code.CONFERENCE_JOINED, None)


def test_nobody_can_tell_who_is_in_a_room_of_the_pbxs_own() -> None:
    rules = rules_of_a_room("visitor")
    rules.find_room = lambda agent: Room(agent, is_served_by_pbx=True)
    plan = conference.plan(a_conversation(), a_request(Action.CONFERENCE), rules)
    assert plan.effects[-1] == MovePair("telephone", "*1000", "default")


def test_media_that_runs_past_the_pbx_is_brought_back_first() -> None:
    plan = conference.plan(
        a_conversation(), a_request(Action.CONFERENCE), rules_of_a_room(media=Media.PAST)
    )
    assert plan.effects == (
        BringMediaBack("telephone"),
        DisarmSurvey("customer"),
        MovePair("telephone", "*1000", "default"),
    )


def test_media_that_is_passed_on_unseen_moves_nobody() -> None:
    with pytest.raises(RefusedError) as refusal:
        conference.plan(
            a_conversation(), a_request(Action.CONFERENCE), rules_of_a_room(media=Media.PROXIED)
        )
    assert refusal.value.code is Code.CONFERENCE_NOT_JOINED
