"""Which customers are sent to the survey (Avali-E), where, and with which facts: for ``hangup``,
and for arming a survey that also starts when the telephone hangs up (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation, Direction
from fluxcc.domain.effects import Brief
from fluxcc.domain.privacy import told
from fluxcc.domain.provisioning import Group, Trigger


def group_of(call: Conversation, rules: Rules) -> Group | None:
    """The group whose survey this call's customer gets; None for no survey."""
    if not call.may_have_survey or call.is_proxied or call.direction is Direction.INTERNAL:
        return None
    group = rules.find_group(call.group, call.domain)
    return group if group is not None and group.has_survey else None


def is_to_be_armed(group: Group) -> bool:
    """Whether the survey also starts without the board, when the telephone hangs up."""
    return group.trigger is Trigger.ANY


def destination(group: Group, rules: Rules) -> str:
    """The extension at which the group's survey answers."""
    return group.destination or rules.survey_destination


def brief(call: Conversation, group: Group) -> Brief:
    """The facts that the kit's ``avali_e.lua`` reads from the customer's leg."""
    return Brief(
        call.customer,
        (
            ("call", call.customer),
            ("number", told(call.number, is_private=call.is_private)),
            ("group", group.name),
            ("agent", call.agent.extension),
            ("domain", call.agent.domain or call.domain),
            ("direction", call.direction.value),
            ("started", f"{call.started:.3f}"),
            ("questions", str(group.questions)),
            ("scale", group.scale.value),
            ("prompts", group.prompts),
            ("language", group.language.value),
        ),
    )
