"""Several domains, and agents who have other names than their extensions: what follows is said, and
nothing of it is a fault."""

from __future__ import annotations

from typing import Any

import pytest

from fluxcc.doctor import domains
from fluxcc.doctor.domains import MOST_ASKED
from fluxcc.doctor.finding import State
from fluxcc.pbx.people import QueueAgent

from .builders import FakeInquiry, codes, installation

A, B = "a.example", "b.example"
UUID = "f7d80643-20ed-5ab4-8100-8c17c4caaf11"


@pytest.mark.parametrize(
    "known",
    [
        {"stations": [("1000", A), ("1000", B), ("1001", A)]},
        {"registrations": [("1000", A), ("1000", B)]},
        {"stations": [("1000", A)], "registrations": [("1000", B)]},
        {"queue_agents": [QueueAgent("x", "1000", A), QueueAgent("y", "1000", B)]},
        {"registrations": [("1000", A)], "queues": ["1@" + B], "answered_for": (("1000", B),)},
    ],
    ids=["directory", "registrations", "both", "agents", "served-directory"],
)
def test_an_extension_in_two_domains_is_named(known: dict[str, Any]) -> None:
    (found,) = domains.check_twins(installation(FakeInquiry(**known)))
    assert (found.code, found.state) == ("extension-in-domains", State.NOTE)
    assert "1000 (a.example, b.example)" in found.problem.format(**found.facts)
    assert "ambiguous-agent" in found.problem
    assert "1000@a.example" in found.remedy.format(**found.facts)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"stations": [("1000", A), ("1001", B)]},
        {"stations": [("1000", A)], "registrations": [("1000", A)]},
        {"queues": ["sales@default", "support@default"]},
    ],
    ids=["nobody", "two-extensions", "one-telephone", "no-domain-of-sip"],
)
def test_where_nobody_has_a_twin_nothing_is_said(known: dict[str, Any]) -> None:
    whole = installation(FakeInquiry(**known))
    assert codes(domains.check_twins(whole)) == codes(domains.check_queues(whole)) == []


def test_a_large_directory_is_not_asked_about_everybody() -> None:
    inquiry = FakeInquiry(stations=[(str(number), A) for number in range(1000)] + [("x", B)])
    assert codes(domains.check_twins(installation(inquiry))) == []
    assert len(inquiry.asked_about) == MOST_ASKED


def test_queues_that_are_called_alike_are_named() -> None:
    inquiry = FakeInquiry(queues=["8000@" + A, "8000@" + B, "8001@" + A])
    (found,) = domains.check_queues(installation(inquiry))
    assert (found.code, found.state) == ("queue-in-domains", State.NOTE)
    assert "group set 8000 --domain a.example" in found.remedy.format(**found.facts)


def test_an_agent_who_is_named_by_a_uuid_is_told_with_the_extension() -> None:
    inquiry = FakeInquiry(queue_agents=[QueueAgent(UUID, "1000", A)])
    (found,) = domains.check_queue_agents(installation(inquiry))
    assert (found.code, found.state) == ("agent-not-extension", State.NOTE)
    assert f"{UUID} = 1000@a.example" in found.problem.format(**found.facts)
    assert f"1000@a.example in place of {UUID}" in found.remedy.format(**found.facts)


@pytest.mark.parametrize(
    "agent",
    [QueueAgent("1000", "1000", A), QueueAgent("1000@default", "1000", A), QueueAgent("maria")],
)
def test_an_agent_by_the_extension_or_outside_is_nothing_to_be_told(agent: QueueAgent) -> None:
    whole = installation(FakeInquiry(queue_agents=[agent]))
    assert codes(domains.check_queue_agents(whole)) == []
