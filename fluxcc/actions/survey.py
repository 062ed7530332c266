"""Who is sent to Avali-E, where, and what travels with them: for ``hangup`` and for the arming of a
group whose survey starts also when the telephone hangs up (contract, section 1)."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.calls import Conversation, Direction
from fluxcc.domain.effects import Brief
from fluxcc.domain.provisioning import Group, Trigger


def group_of(call: Conversation, rules: Rules) -> Group | None:
    """The group whose survey this call's customer gets; None where there is none to get."""
    if not call.may_have_survey or call.direction is Direction.INTERNAL:
        return None
    group = rules.find_group(call.group)
    return group if group is not None and group.has_survey else None


def is_to_be_armed(group: Group) -> bool:
    """Whether the survey starts also without the board."""
    return group.trigger is Trigger.ANY


def destination(group: Group, rules: Rules) -> str:
    """Where the survey answers."""
    return group.destination or rules.survey_destination


def brief(call: Conversation, group: Group) -> Brief:
    """What the survey must know, as the kit's ``avali_e.lua`` reads it."""
    return Brief(
        call.customer,
        (
            ("call", call.customer),
            ("number", call.number),
            ("group", group.name),
            ("agent", call.agent),
            ("direction", call.direction.value),
            ("started", f"{call.started:.3f}"),
            ("questions", str(group.questions)),
            ("scale", group.scale.value),
            ("prompts", group.prompts),
        ),
    )
