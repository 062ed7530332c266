"""Which agent an extension means that several SIP domains may have (contract, section 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.core.requests import directory
from fluxcc.core.requests.directory import KEPT, Directory
from fluxcc.domain.agents import NOBODY, Agent
from fluxcc.domain.codes import Code
from fluxcc.domain.errors import RefusedError
from tests.builders import World

A, B, C = "a.example", "b.example", "c.example"


class Site:
    """A PBX with domains, each of which telephones were seen in."""

    def __init__(self, *domains: str) -> None:
        self.world = World()
        for domain in domains:
            self.world.domains.see(Agent("1999", domain))
        world = self.world
        self.directory = Directory(world.pbx, world.views, world.domains, world.clock)

    def has(self, *names: str) -> Site:
        """FreeSWITCH's directory has these users."""
        for name in names:
            extension, _at, domain = name.partition("@")
            self.world.pbx.users.add(Agent(extension, domain))
        return self

    def resolve(self, extension: str, domain: str = "") -> str:
        return str(self.directory.resolve(Agent(extension, domain)))

    def is_ambiguous(self, extension: str) -> bool:
        with pytest.raises(RefusedError) as refused:
            self.resolve(extension)
        return refused.value.code is Code.AMBIGUOUS_AGENT


@pytest.mark.parametrize("domains", [(), (A,)], ids=["none", "one"])
def test_where_there_are_not_several_domains_the_extension_is_enough(
    domains: tuple[str, ...],
) -> None:
    """Nothing changes there for anybody, and FreeSWITCH is not asked."""
    site = Site(*domains).has(f"1000@{A}", f"1000@{B}")
    assert site.resolve("1000") == "1000"
    assert site.world.pbx.directory_questions == []


def test_an_extension_of_one_domain_is_in_that_one() -> None:
    assert Site(A, B).has(f"1000@{B}").resolve("1000") == f"1000@{B}"


def test_an_extension_of_two_domains_has_to_be_named_with_its_own() -> None:
    site = Site(A, B).has(f"1000@{A}", f"1000@{B}")
    assert site.is_ambiguous("1000")
    assert site.resolve("1000", A) == f"1000@{A}"


def test_a_telephone_that_was_seen_has_a_domain_though_no_directory_tells_it() -> None:
    site = Site(A, B).has(f"1000@{A}")
    site.world.domains.see(Agent("1000", B))
    assert site.is_ambiguous("1000")


def test_a_live_telephone_has_a_domain_too() -> None:
    site = Site(A, B).has(f"1000@{A}")
    ring(site, "1000", B)
    assert site.is_ambiguous("1000")


def test_an_extension_that_nobody_knows_stays_as_it_was_asked() -> None:
    assert Site(A, B).resolve("1000") == "1000"
    assert Site(A, B).directory.resolve(NOBODY) == NOBODY


def test_another_name_of_a_live_telephones_agent_means_that_agent() -> None:
    """A UUID of mod_callcenter's, as on FusionPBX."""
    site = Site(A, B)
    name = "f7d80643-20ed-5ab4-8100-8c17c4caaf11"
    ring(site, "1000", A, variable_cc_agent=name, variable_cc_side="agent")
    assert site.resolve(name) == f"1000@{A}"


def test_freeswitch_is_asked_once_a_minute() -> None:
    site = Site(A, B).has(f"1000@{A}")
    assert site.resolve("1000") == site.resolve("1000") == f"1000@{A}"
    assert len(site.world.pbx.directory_questions) == 2
    site.has(f"1000@{B}").world.clock.step(KEPT)
    assert site.is_ambiguous("1000")


def test_what_was_known_counts_while_freeswitch_does_not_answer() -> None:
    site = Site(A, B).has(f"1000@{A}", f"1000@{B}")
    assert site.is_ambiguous("1000")
    site.world.clock.step(KEPT)
    site.world.pbx.broken.add("are_users")
    assert site.is_ambiguous("1000")


def test_answers_that_are_forgotten_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is not there is no answer that the extension is not."""
    monkeypatch.setattr(directory, "MOST_KEPT", 1)
    site = Site(A, B).has(f"1000@{A}", f"1000@{B}")
    assert site.is_ambiguous("1000")
    assert site.is_ambiguous("1000")


@given(
    domains=st.sets(st.sampled_from([A, B, C])),
    users=st.sets(st.tuples(st.sampled_from(["1000", "1001"]), st.sampled_from([A, B, C]))),
)
def test_a_bare_extension_never_means_one_of_two(
    domains: set[str], users: set[tuple[str, str]]
) -> None:
    site = Site(*domains).has(*(f"{extension}@{domain}" for extension, domain in users))
    owners = {domain for extension, domain in users if extension == "1000"} & domains
    if len(domains) < 2:
        assert site.resolve("1000") == "1000"
    elif len(owners) > 1:
        assert site.is_ambiguous("1000")
    else:
        assert site.resolve("1000") == str(Agent("1000", *owners))


def ring(site: Site, extension: str, domain: str, **variables: str) -> None:
    """A telephone of that agent rings."""
    site.world.hear(
        "CHANNEL_CREATE",
        f"leg-{extension}-{domain}",
        Call_Direction="outbound",
        variable_dialed_user=extension,
        variable_dialed_domain=domain,
        **variables,
    )
