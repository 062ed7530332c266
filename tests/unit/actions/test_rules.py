"""The rules that depend on the SIP domain: for whom a prank blocks, where a room is, and in which
context something is dialled (contract, section 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fluxcc.actions.rules import Rules
from fluxcc.domain.agents import Agent
from fluxcc.domain.blocks import Scope
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from fluxcc.domain.provisioning import Room
from tests.builders import a_conversation, some_rules

A, B = "a.example", "b.example"
AGENT = Agent("1000", A)


def rules(*, several: bool = True, scope: Scope = Scope.AUTO, room: str = "*{agent}") -> Rules:
    return replace(some_rules(), are_several_domains=lambda: several, block_scope=scope, room=room)


@pytest.mark.parametrize(
    ("scope", "several", "expected"),
    [
        (Scope.AUTO, True, A),
        (Scope.AUTO, False, ""),
        (Scope.DOMAIN, True, A),
        (Scope.DOMAIN, False, A),
        (Scope.PBX, True, ""),
        (Scope.PBX, False, ""),
    ],
)
def test_for_whom_a_prank_blocks(scope: Scope, several: bool, expected: str) -> None:
    assert rules(scope=scope, several=several).scope(A) == expected


def test_a_prank_in_no_known_domain_blocks_for_all() -> None:
    """The empty domain is that of every block for all."""
    assert rules(scope=Scope.DOMAIN).scope("") == ""


@pytest.mark.parametrize(
    ("room", "several", "agent", "expected"),
    [
        (Room("1000"), False, AGENT, ("*1000", "1000")),
        (Room("1000"), True, AGENT, ("*1000@a.example", "1000@a.example")),
        (Room("1000"), True, Agent("1000"), ("*1000", "1000")),
        (Room("1000", domain=A), False, AGENT, ("*1000@a.example", "1000@a.example")),
        (Room("1000", domain=A), True, AGENT, ("*1000@a.example", "1000@a.example")),
        (Room("1000", is_served_by_pbx=True), True, AGENT, ("*1000", "")),
    ],
)
def test_where_an_agents_room_is(
    room: Room, several: bool, agent: Agent, expected: tuple[str, str]
) -> None:
    assert rules(several=several).room_of(agent, room) == expected


def test_a_room_of_the_pbxs_own_may_have_the_domain_in_its_number() -> None:
    wanted = rules(room="*30{agent}.{domain}")
    found = wanted.room_of(AGENT, Room("1000", is_served_by_pbx=True))
    assert found == ("*301000.a.example", "")


EXTENSIONS = st.from_regex(r"[0-9]{2,6}", fullmatch=True)


@given(extensions=st.tuples(EXTENSIONS, EXTENSIONS), scoped=st.booleans())
def test_two_agents_of_two_domains_never_share_a_room(
    extensions: tuple[str, str], scoped: bool
) -> None:
    first, second = extensions
    places = [
        rules().room_of(Agent(extension, domain), Room(extension, domain=domain if scoped else ""))
        for extension, domain in ((first, A), (second, B))
    ]
    assert len({dialled for dialled, _ in places}) == 2
    assert len({conference for _, conference in places}) == 2


def test_a_context_that_is_named_is_taken_as_it_is() -> None:
    assert rules().context_for("default", a_conversation(agent="")) == "default"


@pytest.mark.parametrize(
    ("agent", "domain", "expected"),
    [("1000@a.example", B, A), ("1000", B, B), ("", B, B)],
    ids=["the-agents", "the-calls", "nobody-has-it"],
)
def test_the_domains_context_is_the_agents_or_else_the_calls(
    agent: str, domain: str, expected: str
) -> None:
    call = a_conversation(agent=agent, domain=domain)
    assert rules().context_for("{domain}", call) == expected


def test_the_telephones_context_is_asked_for_with_its_domain() -> None:
    asked: list[Agent] = []

    def context(agent: Agent) -> str:
        asked.append(agent)
        return "from-a"

    wanted = replace(rules(), agent_context=context)
    call = a_conversation(agent="1000", domain=A)
    assert wanted.context_for("{context}", call) == "from-a"
    assert asked == [AGENT]


@pytest.mark.parametrize("context", ["{domain}", "{context}"])
def test_where_the_context_is_not_known_nothing_is_moved(context: str) -> None:
    with pytest.raises(RefusedError) as refused:
        rules().context_for(context, a_conversation(agent=""))
    assert refused.value.code is Code.PBX_REJECTED
