"""Who is the customer, who the agent and who called whom, in every situation the PBX knows."""

from __future__ import annotations

import pytest
from fluxcc.core.calls.roles import assign_roles, name_agent

from fluxcc.domain.calls import Call, Direction, Leg, record
from tests.builders import NUMBER, OTHER, a_leg, a_telephone


def dialled_out(uuid: str = "customer", number: str = OTHER, **changes: object) -> Leg:
    """A leg towards a trunk."""
    return a_leg(uuid, is_inbound=False, number="1000", destination=number, **changes)


def calling_telephone(uuid: str = "telephone", extension: str = "1000") -> Leg:
    """The leg of a telephone that dials."""
    return a_telephone(uuid, extension, is_inbound=True, number=extension, destination=OTHER)


# assign_roles


def test_a_trunk_call_to_an_extension_is_received() -> None:
    customer, telephone = a_leg(), a_telephone()
    assert assign_roles(customer, telephone) == (customer, telephone, Direction.RECEIVED)


def test_a_queue_that_put_the_telephone_first_changes_nothing() -> None:
    customer, telephone = a_leg(), a_telephone()
    assert assign_roles(telephone, customer) == (customer, telephone, Direction.RECEIVED)


def test_an_outbound_call_dialled_by_an_agent_is_originated() -> None:
    telephone, customer = calling_telephone(), dialled_out()
    assert assign_roles(telephone, customer) == (customer, telephone, Direction.ORIGINATED)


def test_a_click_to_dial_rings_the_agent_first_and_is_originated() -> None:
    """``originate user/1000 &bridge(trunk)``: both legs are outbound, the customer is the B leg."""
    telephone, customer = a_telephone(), dialled_out()
    assert assign_roles(telephone, customer) == (customer, telephone, Direction.ORIGINATED)


def test_a_campaign_calls_the_customer_first_then_an_agent() -> None:
    customer, telephone = dialled_out(), a_telephone()
    assert assign_roles(customer, telephone) == (customer, telephone, Direction.CAMPAIGN)


def test_an_internal_call_has_the_caller_in_the_customers_place() -> None:
    caller, called = calling_telephone("a", "1001"), a_telephone("b", "1000")
    assert assign_roles(caller, called) == (caller, called, Direction.INTERNAL)


def test_an_agent_who_is_reached_over_a_trunk_is_the_one_that_was_called() -> None:
    customer, mobile = a_leg("customer"), dialled_out("mobile")
    assert assign_roles(customer, mobile) == (customer, mobile, Direction.RECEIVED)
    assert assign_roles(mobile, customer) == (customer, mobile, Direction.RECEIVED)


def test_of_two_trunks_that_the_pbx_dialled_the_first_is_the_agents() -> None:
    first, second = dialled_out("first"), dialled_out("second")
    assert assign_roles(first, second) == (second, first, Direction.ORIGINATED)


def test_of_two_trunks_that_the_pbx_dialled_a_channel_variable_says_who_is_the_agent() -> None:
    first, second = dialled_out("first"), dialled_out("second", claim="1000")
    assert assign_roles(first, second) == (first, second, Direction.CAMPAIGN)


@pytest.mark.parametrize("first_claims", [True, False])
def test_roles_always_tell_the_two_legs_apart(first_claims: bool) -> None:
    first = dialled_out("first", claim="1000" if first_claims else "")
    second = dialled_out("second", claim="1001")
    customer, agent, _ = assign_roles(first, second)
    assert {customer, agent} == {first, second}


# name_agent


def test_the_agent_is_the_telephones_extension() -> None:
    assert name_agent(a_leg(), a_telephone(extension="1000")) == "1000"


def test_a_channel_variable_names_the_agent_before_the_telephone_does() -> None:
    """An agent at somebody else's desk (contract, section 5: ``agent_variables``)."""
    assert name_agent(a_leg(), a_telephone(extension="1000", claim="2000")) == "2000"


def test_the_first_variable_of_the_setting_wins_whichever_leg_has_it() -> None:
    customer = a_leg(claim="2000", claim_rank=0)
    telephone = a_telephone(claim="1000", claim_rank=2)
    assert name_agent(customer, telephone) == "2000"


def test_with_variables_of_the_same_rank_the_agents_own_leg_is_believed() -> None:
    customer = a_leg(claim="2000", claim_rank=2)
    telephone = a_telephone(claim="1000", claim_rank=2)
    assert name_agent(customer, telephone) == "1000"


def test_an_agent_on_a_trunk_whom_nobody_names_is_known_by_the_number_dialled() -> None:
    assert name_agent(a_leg(), dialled_out("mobile", OTHER)) == OTHER


# Call.seen_by


def a_call(*legs: Leg) -> Call:
    """A call whose two legs are bridged."""
    first, second = legs
    first.partner, second.partner = second, first
    customer, agent_leg, direction = assign_roles(first, second)
    return Call(
        id=1,
        started=0.0,
        legs=[first, second],
        customer=customer,
        agent_leg=agent_leg,
        agent=name_agent(customer, agent_leg),
        number=customer.person,
        direction=direction,
        bridged=1.0,
    )


def test_a_call_is_seen_with_its_customers_number() -> None:
    view = a_call(a_leg("customer"), a_telephone("telephone")).seen_by("1000")
    assert (view.customer, view.agent_leg, view.number) == ("customer", "telephone", NUMBER)
    assert (view.agent, view.is_bridged) == ("1000", True)


def test_of_an_originated_call_the_number_is_the_one_dialled() -> None:
    assert a_call(calling_telephone(), dialled_out()).seen_by("1000").number == OTHER


def test_on_an_internal_call_the_other_one_is_always_the_customer() -> None:
    call = a_call(calling_telephone("a", "1001"), a_telephone("b", "1000"))
    seen_by_called, seen_by_caller = call.seen_by("1000"), call.seen_by("1001")
    assert (seen_by_called.customer, seen_by_called.agent_leg) == ("a", "b")
    assert (seen_by_caller.customer, seen_by_caller.agent_leg) == ("b", "a")
    assert (seen_by_called.number, seen_by_caller.number) == ("1001", "1000")
    assert seen_by_called.is_bridged
    assert seen_by_caller.is_bridged


def test_an_agent_between_two_telephones_of_their_own_has_the_calling_one_as_customer() -> None:
    call = a_call(calling_telephone("desk", "1000"), a_telephone("home", "1000"))
    assert call.seen_by("1000").customer == "desk"


def test_an_operator_sees_an_internal_call_as_the_one_who_was_called_does() -> None:
    call = a_call(calling_telephone("a", "1001"), a_telephone("b", "1000"))
    assert call.seen_by("") == call.seen_by("1000")


def test_a_call_that_rings_has_its_first_trunk_as_customer() -> None:
    view = Call(id=1, started=0.0, legs=[a_leg("c"), a_telephone("t")]).seen_by("1000")
    assert (view.customer, view.agent_leg, view.is_bridged) == ("c", "t", False)


def test_a_call_of_two_in_a_conference_room_is_not_bridged() -> None:
    call = a_call(a_leg("c"), a_telephone("t"))
    for leg in call.legs:
        leg.partner = None
    assert not call.seen_by("1000").is_bridged


def test_a_call_without_legs_has_nobody_to_act_on() -> None:
    view = Call(id=1, started=0.0, number=NUMBER).seen_by("1000")
    assert (view.customer, view.agent_leg, view.number) == ("", "", NUMBER)


def test_history_keeps_the_words_and_not_the_legs() -> None:
    call = a_call(a_leg("c"), a_telephone("t"))
    kept = record(call)
    assert (kept.id, kept.number, kept.agent) == (1, NUMBER, "1000")
    assert (kept.direction, kept.outcome, kept.ended) == ("received", "live", None)
