"""``transfer``: the customer moves to a service, and what proves it."""

from __future__ import annotations

import pytest

from fluxcc.actions import transfer
from fluxcc.domain.actions import Action
from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    Arrived,
    DisarmSurvey,
    EndConsultation,
    EndLeg,
    MoveLeg,
)
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Service
from tests.builders import a_conversation, a_request, some_rules

BILLING = Service("billing", "7001", "default")


def test_the_customer_moves_to_the_service_and_the_agent_is_freed() -> None:
    plan = transfer.plan(
        a_conversation(), a_request(Action.TRANSFER, service="billing"), some_rules(BILLING)
    )
    assert plan.effects == (DisarmSurvey("customer"), MoveLeg("customer", "7001", "default"))
    assert plan.afterwards == (EndLeg("telephone", "NORMAL_CLEARING"),)
    assert plan.confirmation == Arrived("customer", "telephone", "7001")
    assert plan.code is Code.TRANSFERRED


@pytest.mark.parametrize(
    ("agent", "domain", "context"),
    [
        (Agent("1000", "a.example"), "b.example", "a.example"),
        (Agent("1000"), "a.example", "a.example"),
        (NOBODY, "a.example", "a.example"),
    ],
)
def test_a_services_context_may_be_the_agents_domain_or_that_of_a_call_nobody_has(
    agent: Agent, domain: str, context: str
) -> None:
    """Contract, section 8. An operator transfers a call that still rings."""
    plan = transfer.plan(
        a_conversation(agent=agent, domain=domain),
        a_request(Action.TRANSFER, service="billing"),
        some_rules(Service("billing", "7001", "{domain}")),
    )
    assert MoveLeg("customer", "7001", context) in plan.effects


def test_nothing_is_moved_to_a_context_that_is_not_known() -> None:
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(
            a_conversation(agent=NOBODY, domain=""),
            a_request(Action.TRANSFER, service="billing"),
            some_rules(Service("billing", "7001", "{context}")),
        )
    assert refusal.value.code is Code.PBX_REJECTED


@pytest.mark.parametrize("service", ["", "Billing", "7001", "support"])
def test_an_unknown_service_moves_nothing(service: str) -> None:
    """Only services in the catalogue (contract, section 1)."""
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(
            a_conversation(), a_request(Action.TRANSFER, service=service), some_rules(BILLING)
        )
    assert refusal.value.code is Code.UNKNOWN_SERVICE


def test_a_telephone_that_stays_connected_is_left_alone() -> None:
    """Contract, section 1a."""
    plan = transfer.plan(
        a_conversation(is_standing=True),
        a_request(Action.TRANSFER, service="billing"),
        some_rules(BILLING),
    )
    assert plan.effects[-1] == MoveLeg("customer", "7001", "default")
    assert plan.afterwards == ()
    assert plan.confirmation == Arrived("customer", "telephone", "7001")


def test_what_the_agent_asks_meanwhile_ends_before_the_customer_moves() -> None:
    """Contract, section 1a. FreeSWITCH would join the colleague and the customer."""
    call = a_conversation(originatee="", consulted_inside="colleague", consulted=("second line",))
    plan = transfer.plan(call, a_request(Action.TRANSFER, service="billing"), some_rules(BILLING))
    assert plan.effects == (
        EndConsultation("colleague", "customer", "telephone"),
        DisarmSurvey("customer"),
        MoveLeg("customer", "7001", "default"),
    )
    assert plan.afterwards == (
        EndLeg("colleague", "NORMAL_CLEARING"),
        EndLeg("telephone", "NORMAL_CLEARING"),
        EndLeg("second line", "NORMAL_CLEARING"),
    )


@pytest.mark.parametrize("service", ["billing", "unknown"])
def test_who_is_asked_for_advice_moves_nobody(service: str) -> None:
    """Contract, section 1a."""
    call = a_conversation(customer="colleague", agent_leg="", is_consulted=True)
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(call, a_request(Action.TRANSFER, service=service), some_rules(BILLING))
    assert (refusal.value.code, refusal.value.call) == (Code.NOT_YOUR_CALL, "colleague")


def test_a_customer_who_is_being_called_is_not_moved() -> None:
    call = a_conversation(is_rung=True)
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(call, a_request(Action.TRANSFER, service="billing"), some_rules(BILLING))
    assert refusal.value.code is Code.NO_LIVE_CALL
