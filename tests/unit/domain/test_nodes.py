"""By what a call is found on another node."""

from __future__ import annotations

import pytest

from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.nodes import wanted_names

OWN = ("a.example",)


@pytest.mark.parametrize(
    ("agent", "call", "domains", "any_domain", "names"),
    [
        (Agent("1000"), "leg-1", OWN, False, ["leg:leg-1"]),
        (Agent("1000", "b.example"), "", OWN, False, ["agent:1000@b.example"]),
        (Agent("1000", "b.example"), "", OWN, True, ["agent:1000@b.example"]),
        # Another PBX's 1000 may be another person, unless an operator asks.
        (Agent("1000"), "", OWN, False, ["agent:1000@", "agent:1000@a.example"]),
        (Agent("1000"), "", OWN, True, ["extension:1000"]),
        (Agent("1000"), "", (), False, ["extension:1000"]),
        (NOBODY, "", OWN, True, []),
    ],
)
def test_the_leg_decides_and_else_the_agent_of_the_own_domains(
    agent: Agent, call: str, domains: tuple[str, ...], any_domain: bool, names: list[str]
) -> None:
    assert wanted_names(agent, call, domains, any_domain=any_domain) == names
