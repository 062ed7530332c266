"""The gate: where it stands, and whether it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fluxcc.config import BlockSettings, Settings
from fluxcc.doctor import gate
from fluxcc.doctor.finding import State
from fluxcc.kit.names import GATE_PATH
from fluxcc.pbx.contexts import FUSIONPBX, Server
from fluxcc.pbx.inquiry import Profile

from .builders import FAR, GATE, OTHER, FakeInquiry, codes, installation

LOOPBACK = {"modules": ("mod_loopback",)}
PREPARING = (
    '<extension name="first" continue="true"><condition><action application="set"/></condition>'
    "</extension>"
)
DOMAIN_GATE = GATE.replace("fluxcc_gate", "fluxcc_domain_gate")
ANSWERING = PREPARING.replace("set", "answer")
CURL = Server("mod_xml_curl")
FUSIONPBX_SERVER = Server("mod_lua", FUSIONPBX)


@pytest.mark.parametrize(
    ("dialplan", "expected"),
    [
        (GATE + OTHER, []),
        (OTHER, ["gate-missing"]),
        (OTHER + GATE, ["gate-not-first"]),
        (OTHER.replace(' name="other"', "") + GATE, ["gate-not-first"]),
        (PREPARING + GATE, []),
        (ANSWERING + GATE, ["gate-not-first"]),
        ("", ["context-missing"]),
        ("<not XML", ["gate-missing"]),
    ],
    ids=[
        *("first", "missing", "second", "behind-a-nameless-one", "behind-one-that-prepares"),
        *("behind-one-that-answers", "no-context", "not-xml"),
    ],
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


@pytest.mark.parametrize(
    ("known", "remedy"),
    [
        ({}, "Run: fluxcc kit install DIR"),
        ({"server": FUSIONPBX_SERVER}, "kit install --fusionpbx"),
        ({"server": CURL}, "What mod_xml_curl serves"),
    ],
    ids=["files", "fusionpbx", "mod_xml_curl"],
)
def test_the_remedy_is_one_for_where_the_dialplan_comes_from(
    known: dict[str, Any], remedy: str
) -> None:
    (found,) = gate.check_gate(installation(FakeInquiry(contexts={"public": OTHER}, **known)))
    assert found.code == "gate-missing"
    assert remedy in found.remedy.format(**found.facts)


def test_a_file_that_no_context_takes_in_is_said_to_be_that(tmp_path: Path) -> None:
    """Where the kit is installed already, "run kit install" would send one round in a circle."""
    file = tmp_path / GATE_PATH
    file.parent.mkdir(parents=True)
    file.touch()
    known = {"contexts": {"public": OTHER}, "variables": {"conf_dir": str(tmp_path)}}
    (found,) = gate.check_gate(installation(FakeInquiry(**known)))
    remedy = found.remedy.format(**found.facts)
    assert 'data="public/00_fluxcc.xml"' in remedy
    assert str(tmp_path / "dialplan") in remedy
    (found,) = gate.check_gate(installation(FakeInquiry(**known), settings=FAR))
    assert "Run: fluxcc kit install DIR" in found.remedy


def test_a_context_that_cannot_be_seen_is_skipped_and_never_called_missing() -> None:
    whole = installation(FakeInquiry(unseen=("public",), server=CURL))
    for check, code in ((gate.check_gate, "gate-unseen"), (gate.check_refusal, "refusal-unseen")):
        (found,) = check(whole)
        assert (found.code, found.state) == (code, State.SKIPPED)
        assert "doctor --call" in found.remedy


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (LOOPBACK, []),
        (LOOPBACK | {"cause": "NO_ROUTE_DESTINATION"}, ["call-let-through"]),
        (LOOPBACK | {"cause": "NORMAL_CLEARING"}, ["call-let-through"]),
        (LOOPBACK | {"cause_unblocked": "CALL_REJECTED"}, ["call-says-nothing"]),
        ({}, ["no-loopback"]),
    ],
    ids=["refused", "no-route", "answered", "refuses-everybody", "no-call"],
)
def test_a_call_finds_out_where_the_gate_cannot_be_seen(
    known: dict[str, Any], expected: list[str]
) -> None:
    inquiry = FakeInquiry(unseen=("public",), server=CURL, **known)
    whole = installation(inquiry, places_call=True)
    assert codes(gate.check_gate(whole)) == []
    assert codes(gate.check_refusal(whole)) == expected
    assert len(inquiry.called) == (2 if known else 0)
    assert inquiry.blocked == []


DOMAINS = {
    "server": FUSIONPBX_SERVER,
    "registrations": [("1000", "a.example"), ("1000", "b.example")],
}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (DOMAINS | {"contexts": {"a.example": DOMAIN_GATE, "b.example": DOMAIN_GATE}}, []),
        (
            DOMAINS | {"contexts": {"a.example": DOMAIN_GATE, "b.example": OTHER}},
            ["domain-gate-missing"],
        ),
        (
            DOMAINS | {"contexts": {"a.example": DOMAIN_GATE, "b.example": OTHER + DOMAIN_GATE}},
            ["gate-not-first"],
        ),
        (DOMAINS | {"unseen": ("a.example", "b.example")}, ["context-unseen"] * 2),
        (DOMAINS | {"registrations": [("1000", "a.example")]}, []),
        (DOMAINS | {"server": Server()}, []),
    ],
    ids=["there", "missing", "not-first", "unseen", "one-domain", "files"],
)
def test_each_of_several_domains_has_its_own_gate(
    known: dict[str, Any], expected: list[str]
) -> None:
    assert codes(gate.check_domain_gates(installation(FakeInquiry(**known)))) == expected
