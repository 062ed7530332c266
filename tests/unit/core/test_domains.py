"""The SIP domains that were seen: which count, and who has an extension (contract, section 8)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.core.domains import KEPT, NOTED_EVERY, Domains
from fluxcc.domain.agents import NOBODY, Agent, SeenDomain
from tests.builders import World
from tests.fakes import NOW

A, B = "a.example", "b.example"


def seen(world: World, *names: str) -> Domains:
    """These telephones were seen just now."""
    for name in names:
        extension, _at, domain = name.partition("@")
        world.domains.see(Agent(extension, domain))
    return world.domains


def stored(world: World) -> list[SeenDomain]:
    world.journal.flush()
    return world.store.domains()


def test_a_domain_is_known_from_the_first_telephone_on() -> None:
    world = World()
    assert seen(world).known == []
    assert seen(world, f"1000@{A}").known == [A]
    assert not world.domains.are_several
    assert seen(world, f"1001@{B}").known == [A, B]
    assert world.domains.are_several


@pytest.mark.parametrize("agent", [NOBODY, Agent("", A), Agent("1000")])
def test_who_has_no_extension_or_no_domain_tells_of_none(agent: Agent) -> None:
    world = World()
    world.domains.see(agent)
    assert (world.domains.known, stored(world)) == ([], [])


def test_a_domain_that_is_not_seen_for_a_week_does_not_count_any_more() -> None:
    """The PBX was renamed: ``1000`` alone is enough again."""
    world = World()
    seen(world, f"1000@{A}")
    world.clock.step(KEPT - 1)
    seen(world, f"1000@{B}")
    assert world.domains.are_several
    assert world.domains.owners("1000") == {A, B}
    world.clock.step(1)
    assert world.domains.known == [B]
    assert not world.domains.are_several
    assert world.domains.owners("1000") == {B}


def test_a_domain_is_noted_at_once_and_then_once_an_hour() -> None:
    world = World()
    seen(world, f"1000@{A}")
    assert stored(world) == [SeenDomain(A, NOW)]
    world.clock.step(NOTED_EVERY - 1)
    seen(world, f"1000@{A}", f"1001@{A}")
    assert stored(world) == [SeenDomain(A, NOW)]
    world.clock.step(1)
    seen(world, f"1000@{A}")
    assert stored(world) == [SeenDomain(A, NOW + NOTED_EVERY)]


def test_what_the_store_remembers_counts_from_the_start() -> None:
    """And the later of two notes, where a domain was seen before the store could be read."""
    world = World()
    seen(world, f"1000@{A}")
    world.domains.load([SeenDomain(A, NOW - 9), SeenDomain(B, NOW - 9), SeenDomain("old", 0.0)])
    assert world.domains.known == [A, B]
    world.clock.step(KEPT - 9)
    assert world.domains.known == [A]


def test_a_store_that_is_created_anew_gets_every_domain_again() -> None:
    world = World()
    seen(world, f"1000@{A}", f"1000@{B}")
    world.journal.flush()
    world.store.seen.clear()
    world.domains.write_again()
    assert {domain.name for domain in stored(world)} == {A, B}


def test_an_agent_is_told_once_in_each_domain() -> None:
    """Rooms of all domains are published for them."""
    world = World()
    heard: list[Agent] = []
    world.happenings.agent_appeared.connect(heard.append)
    seen(world, f"1000@{A}", f"1000@{A}", f"1001@{A}", f"1000@{B}")
    assert heard == [Agent("1000", A), Agent("1001", A), Agent("1000", B)]


@pytest.mark.parametrize(
    ("context", "domain"),
    [(A, A), (A.upper(), A), (B, ""), ("public", ""), ("", ""), ("a example", "")],
)
def test_a_context_is_a_domains_where_the_domain_was_seen(context: str, domain: str) -> None:
    assert seen(World(), f"1000@{A}").of_context(context) == domain


AGENTS = st.builds(Agent, st.sampled_from(["1000", "1001"]), st.sampled_from(["", A, B]))


@given(asked=AGENTS, own=AGENTS, names=st.sets(st.sampled_from([A, B])))
def test_a_wish_never_means_the_twin_of_who_is_named(
    asked: Agent, own: Agent, names: Iterable[str]
) -> None:
    """A domain that is not known is the one that there is, and none of several."""
    domains = seen(World(), *(f"1009@{name}" for name in names))
    is_meant = domains.is_meant(asked, own)
    if asked == own:
        assert is_meant
    if asked.extension != own.extension or (
        asked.domain and own.domain and asked.domain != own.domain
    ):
        assert not is_meant
    if asked.domain and not own.domain and asked.extension == own.extension:
        assert is_meant is not domains.are_several
