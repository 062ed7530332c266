"""What a visitor of one SIP domain is told, and what not: a call whose domain is not known yet may
be another domain's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fluxcc.domain.blocks import BlockChange
from fluxcc.domain.calls import CallChange, Direction
from fluxcc.domain.codes import Code
from fluxcc.domain.provisioning import Group, UserRole
from fluxcc.domain.requests import Reply
from fluxcc.domain.surveys import Survey
from fluxcc.protocol.watching import (
    AnyHappening,
    BlockHappening,
    CallHappening,
    ReplyHappening,
    SurveyHappening,
    WatchedCall,
)
from fluxcc.web.sight import Sight
from fluxcc.web.visitor import Visitor
from tests import builders

HOME, ELSEWHERE = "a.example", "b.example"
CONFINED = Sight.of(Visitor(name="saul", role=UserRole.SUPERVISOR, domain=HOME))
UNCONFINED = Sight.of(Visitor(name="ana", role=UserRole.SUPERVISOR))


def a_call(domain: str) -> CallHappening:
    call = WatchedCall(
        id=1,
        call="leg",
        direction=Direction.RECEIVED,
        number=builders.NUMBER,
        agent="1000",
        group="",
        domain=domain,
        started=1.0,
        bridged=None,
        talking=False,
        legs=["leg"],
    )
    return CallHappening(number=1, at=1.0, change=CallChange.BEGAN, call=call)


def a_reply(domain: str) -> ReplyHappening:
    reply = Reply(request="r", action="prank", code=Code.BLOCKED, agent="1000", domain=domain)
    return ReplyHappening(number=1, at=1.0, reply=reply, by="agent:1000", seconds=0.1)


def a_survey(domain: str) -> SurveyHappening:
    survey = Survey(
        id="s",
        call="leg",
        number=builders.NUMBER,
        group="sales",
        agent="1000",
        direction=Direction.RECEIVED,
        started=1.0,
        offered=2.0,
        questions=1,
        domain=domain,
    )
    return SurveyHappening(number=1, at=1.0, survey=survey)


@pytest.mark.parametrize("make", [a_call, a_reply, a_survey])
@pytest.mark.parametrize("domain", ["", HOME, ELSEWHERE])
def test_what_happens_is_told_in_its_domain_alone(
    make: Callable[[str], AnyHappening], domain: str
) -> None:
    happening = make(domain)
    assert (CONFINED.event(happening) is not None) == (domain == HOME)
    assert UNCONFINED.event(happening) is not None


@pytest.mark.parametrize(
    ("own", "is_foreign", "is_seen"),
    [("", False, True), ("", True, False), (ELSEWHERE, True, True), (HOME, True, False)],
)
def test_an_agent_without_a_domain_is_none_of_another_pbxs_domains(
    own: str, is_foreign: bool, is_seen: bool
) -> None:
    """The extension 1000 of a domain that this PBX does not have is another person."""
    agent = Sight.of(Visitor(name="c", role=UserRole.AGENT, extension="1000", domain=own))
    happening = a_call(ELSEWHERE)
    happening.call.foreign = is_foreign
    assert agent.has_call(happening.call) == is_seen
    assert (agent.event(happening) is not None) == is_seen


def test_of_a_call_that_ended_elsewhere_what_became_of_it_is_not_known() -> None:
    happening = a_call(HOME)
    assert UNCONFINED.call(happening.call).outcome == "live"
    happening.call.ended = 2.0
    assert UNCONFINED.call(happening.call).outcome == ""


@pytest.mark.parametrize("domain", ["", HOME, ELSEWHERE])
def test_what_holds_for_all_domains_is_told_in_each(domain: str) -> None:
    block = builders.a_block(domain=domain)
    blocked = BlockHappening(number=1, at=1.0, change=BlockChange.BLOCKED, block=block)
    is_seen = domain in ("", HOME)
    assert (CONFINED.event(blocked) is not None) == is_seen
    assert CONFINED.has_entry(Group("sales", domain=domain)) == is_seen
