"""``transfer``: the customer goes to a service, blind; the agent is freed (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Arrived, DisarmSurvey, EndLeg, MoveLeg, Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Move the customer to a service; the agent's leg ends after that.

    A bridged agent's leg ends by itself when the customer's leaves; in a conference room, or where
    its dialplan goes on after the bridge, it does not.
    """
    service = rules.find_service(request.service)
    if service is None:
        raise RefusedError(Code.UNKNOWN_SERVICE, call=call.customer)
    return Plan(
        effects=(
            DisarmSurvey(call.customer),
            MoveLeg(call.customer, service.destination, service.context),
        ),
        code=Code.TRANSFERRED,
        confirmation=Arrived(call.customer, call.agent_leg, service.destination),
        afterwards=(EndLeg(call.agent_leg, causes.NORMAL),) if call.agent_leg else (),
        outcome=Outcome.TRANSFERRED,
        is_followed=True,
    )
