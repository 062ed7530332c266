"""``set`` and ``remove``: supervisors' entries, which are groups, rooms and services."""

from __future__ import annotations

from fluxcc.actions.rules import Rules
from fluxcc.domain.codes import Code
from fluxcc.domain.effects import Plan, Remove, Save
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import faults
from fluxcc.domain.requests import Request


def plan_set(request: Request, rules: Rules) -> Plan:
    """Save the entry, in place of the earlier one of that name."""
    if request.entry is None or faults(request.entry):
        raise RefusedError(Code.MALFORMED_REQUEST)
    return Plan(effects=(Save(request.entry),), code=Code.SAVED)


def plan_remove(request: Request, rules: Rules) -> Plan:
    """Remove the entry. Raises ``RefusedError`` where there is none of that name."""
    if request.entry is None:
        raise RefusedError(Code.MALFORMED_REQUEST)
    if not rules.has_entry(request.entry):
        raise RefusedError(Code.UNKNOWN_ENTRY)
    return Plan(effects=(Remove(request.entry),), code=Code.REMOVED)
