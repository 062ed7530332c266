"""``hangup``: the call ends, or its customer goes to the group's survey (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions import agent_leg, survey
from fluxcc.actions.rules import Rules
from fluxcc.domain import causes
from fluxcc.domain.calls import Conversation, Outcome
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Arrived, DisarmSurvey, EndLeg, MoveLeg, Plan
from fluxcc.domain.requests import Request


def plan(call: Conversation, request: Request, rules: Rules) -> Plan:
    """Send the customer to the survey where the group has one and the request does not say no; end
    both legs otherwise.

    A survey that was armed for the telephone's hangup is disarmed in both cases, so that it does
    not start twice.
    """
    if call.is_consulted:
        return agent_leg.leave(call, Code.ENDED)
    group = survey.group_of(call, rules) if request.has_survey else None
    if group is None:
        return Plan(
            effects=(
                DisarmSurvey(call.customer),
                EndLeg(call.customer, causes.NORMAL),
                *agent_leg.end(call),
            ),
            code=Code.ENDED,
            confirmation=agent_leg.all_ended(call),
        )
    destination = survey.destination(group, rules)
    context = rules.context_for(rules.survey_context, call)
    return Plan(
        effects=(
            *agent_leg.end_consultation(call),
            DisarmSurvey(call.customer),
            survey.brief(call, group),
            MoveLeg(call.customer, destination, context),
        ),
        code=Code.SURVEY_STARTED,
        confirmation=Arrived(call.customer, call.agent_leg, destination),
        afterwards=agent_leg.end(call),
        outcome=Outcome.SURVEYED,
    )
