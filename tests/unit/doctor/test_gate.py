"""The gate: where it stands, and whether it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from fluxcc.config import BlockSettings, Settings
from fluxcc.doctor import gate
from fluxcc.pbx.inquiry import Profile

from .builders import GATE, OTHER, FakeInquiry, codes, installation

LOOPBACK = {"modules": ("mod_loopback",)}


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (GATE + OTHER, []),
        (OTHER, ["gate-missing"]),
        (OTHER + GATE, ["gate-not-first"]),
        ("<extension/>" + GATE, ["gate-not-first"]),
        ("", ["context-missing"]),
        ("<not XML", ["gate-missing"]),
    ],
    ids=["first", "missing", "second", "behind-a-nameless-one", "no-context", "not-xml"],
)
def test_where_the_gate_stands(dialplan: str, expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"public": dialplan})
    assert codes(gate.check_gate(installation(inquiry))) == expected


def test_the_gate_is_looked_for_in_every_context_of_trunks() -> None:
    inquiry = FakeInquiry(
        profiles=[Profile("a", "first"), Profile("b", "second"), Profile("c", "third")],
        contexts={"first": GATE, "second": OTHER},
    )
    found = [(each.code, each.facts["context"]) for each in gate.check_gate(installation(inquiry))]
    assert found == [("gate-missing", "second"), ("context-missing", "third")]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (LOOPBACK, []),
        (LOOPBACK | {"cause": "NO_ROUTE_DESTINATION"}, ["call-let-through"]),
        ({}, ["no-loopback"]),
        ({"refuses_everyone": True}, ["gate-refuses-everyone"]),
        ({"refuses_nobody": True}, ["gate-lets-through"]),
    ],
)
def test_whether_the_gate_refuses(known: dict[str, Any], expected: list[str]) -> None:
    inquiry = FakeInquiry(contexts={"public": GATE}, **known)
    assert codes(gate.check_refusal(installation(inquiry, places_call=True))) == expected
    assert inquiry.blocked == []


def test_a_call_is_placed_only_where_it_was_asked_for() -> None:
    inquiry = FakeInquiry(contexts={"public": GATE}, modules=("mod_loopback",))
    assert codes(gate.check_refusal(installation(inquiry))) == []
    assert inquiry.called == []
    assert codes(gate.check_refusal(installation(inquiry, places_call=True))) == []
    ((number, context),) = inquiry.called
    assert number.startswith("000")
    assert context == "public"


def test_the_configured_cause_is_a_refusal() -> None:
    settings = Settings(blocks=BlockSettings(reject_cause="USER_BUSY"))
    inquiry = FakeInquiry(contexts={"public": GATE}, modules=("mod_loopback",), cause="USER_BUSY")
    assert (
        codes(gate.check_refusal(installation(inquiry, settings=settings, places_call=True))) == []
    )
    assert codes(gate.check_refusal(installation(inquiry, places_call=True))) == [
        "call-let-through"
    ]


def test_without_a_gate_there_is_nothing_to_try() -> None:
    inquiry = FakeInquiry(contexts={"public": OTHER})
    assert codes(gate.check_refusal(installation(inquiry))) == ["no-gate"]


def test_a_gate_that_does_not_hang_up_lets_through() -> None:
    harmless = FakeInquiry(contexts={"public": GATE.replace("hangup", "answer")})
    assert codes(gate.check_refusal(installation(harmless))) == ["gate-lets-through"]
