"""``transfer``: the customer moves to a service, and what proves it."""

from __future__ import annotations

import pytest

from fluxcc.actions import transfer
from fluxcc.domain.actions import Action
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import (
    Arrived,
    DisarmSurvey,
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


@pytest.mark.parametrize("service", ["", "Billing", "7001", "support"])
def test_an_unknown_service_moves_nothing(service: str) -> None:
    """Only services in the catalogue (contract, section 1)."""
    with pytest.raises(RefusedError) as refusal:
        transfer.plan(
            a_conversation(), a_request(Action.TRANSFER, service=service), some_rules(BILLING)
        )
    assert refusal.value.code is Code.UNKNOWN_SERVICE
