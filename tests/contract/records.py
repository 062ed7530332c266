"""Builders of the records that stores are fed with."""

from __future__ import annotations

from typing import Any

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.surveys import Survey

NOW = 1_795_000_000
"""An epoch second in November 2026."""


def a_call(at: int = 0, **changes: Any) -> CallRecord:
    """A live call that began ``at`` seconds after ``NOW``."""
    fields: dict[str, Any] = {
        "id": (NOW + at) * 1_000_000,
        "direction": "received",
        "customer_leg": "c" * 36,
        "agent_leg": "a" * 36,
        "number": "+5511988887777",
        "agent": "1000",
        "group": "sales",
        "started": NOW + at + 0.25,
        "bridged": None,
        "ended": None,
        "cause": "",
        "outcome": "live",
    }
    return CallRecord(**fields | changes)


def a_block(id: str = "b1", **changes: Any) -> Block:
    """A live block of half an hour from ``NOW``."""
    fields: dict[str, Any] = {
        "id": id,
        "number": "+5511988887777",
        "keys": ("+5511988887777", "011988887777"),
        "since": NOW + 0.5,
        "until": NOW + 1800,
        "by": "agent:1000",
        "reason": 'said "trote", não parou',
    }
    return Block(**fields | changes)


def an_audit(at: int = 0, **changes: Any) -> AuditRecord:
    """A request that began ``at`` seconds after ``NOW`` and has not ended."""
    fields: dict[str, Any] = {
        "id": (NOW + at) * 1_000_000,
        "at": float(NOW + at),
        "request": "r-1",
        "action": "prank",
        "by": "agent:1000",
        "agent": "1000",
        "call": "c" * 36,
        "number": "+5511988887777",
        "reason": "",
    }
    return AuditRecord(**fields | changes)


def a_survey(id: str = "s1", at: int = 0, **changes: Any) -> Survey:
    """A survey that was offered ``at`` seconds after ``NOW``, and answered."""
    fields: dict[str, Any] = {
        "id": id,
        "call": "c" * 36,
        "number": "+5511988887777",
        "group": "sales",
        "agent": "1000",
        "direction": "received",
        "started": NOW + at - 60.0,
        "offered": float(NOW + at),
        "questions": 1,
        "answers": (5,),
    }
    return Survey(**fields | changes)
