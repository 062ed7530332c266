"""``transfer``: the customer goes to a service, blind; the agent is freed (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions import agent_leg
from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Arrived, DisarmSurvey, MoveLeg, Plan
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Move the customer to a service; the agent's leg ends after that."""
    agent_leg.check_movable(call)
    service = rules.find_service(request.service, call.agent.domain or call.domain)
    if service is None:
        raise RefusedError(Code.UNKNOWN_SERVICE, call=call.customer)
    if call.is_proxied:
        # The service would not hear the customer, and FreeSWITCH would end the call.
        raise RefusedError(Code.PBX_REJECTED, call=call.customer)
    context = rules.context_for(service.context, call)
    return Plan(
        effects=(
            *agent_leg.end_consultation(call),
            DisarmSurvey(call.customer),
            MoveLeg(call.customer, service.destination, context),
        ),
        code=Code.TRANSFERRED,
        confirmation=Arrived(call.customer, call.agent_leg, service.destination),
        afterwards=agent_leg.end(call),
        outcome=Outcome.TRANSFERRED,
        is_followed=True,
    )
