"""The blocked numbers in memory: which, until when, under which keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fluxcc.core.blocks.blocklist import Blocklist
from fluxcc.domain.blocks import Block, BlockState, is_name
from fluxcc.domain.clocks import Clocks
from tests.builders import NO_HOME, NUMBER, OTHER, SAO_PAULO, SPELLINGS, a_block
from tests.fakes import NOW

FAR = a_block("far", number=OTHER, keys=(OTHER, "5521977776666"), until=int(NOW) + 3600)


@pytest.fixture
def blocklist() -> Blocklist:
    """With nothing in it."""
    return Blocklist(SAO_PAULO)


def make(blocklist: Blocklist, seen: str = NUMBER, now: float = NOW) -> Block:
    number = SAO_PAULO.read(seen)
    return blocklist.make(number, 1800, now, by="agent:1000", reason="", call="")


def due(blocklist: Blocklist, now: float) -> Iterator[Block]:
    """What is due where both clocks say this."""
    return blocklist.due(Clocks(now, now))


def fill(blocklist: Blocklist, *blocks: Block) -> None:
    for block in blocks:
        blocklist.put(block)


# Make and renew


def test_a_new_block_has_every_spelling_as_key(blocklist: Blocklist) -> None:
    assert set(make(blocklist).keys) == set(SPELLINGS)


def test_every_blocks_name_can_be_told_from_a_number(blocklist: Blocklist) -> None:
    made = [make(blocklist) for _ in range(200)]
    assert all(is_name(block.name) for block in made)
    assert len({block.id for block in made}) == len(made)


@pytest.mark.parametrize(("now", "until"), [(100.0, 1900), (100.001, 1901), (100.999, 1901)])
def test_a_block_never_holds_for_less_than_was_promised(
    blocklist: Blocklist, now: float, until: int
) -> None:
    """mod_hash holds full seconds."""
    assert make(blocklist, now=now).until == until


def test_making_a_block_changes_nothing_yet(blocklist: Blocklist) -> None:
    """It is committed to the store before it counts."""
    make(blocklist)
    assert len(blocklist) == 0


def test_a_second_mark_renews_the_time_from_now(blocklist: Blocklist) -> None:
    """Contract, section 1."""
    first = make(blocklist)
    blocklist.put(first)
    second = make(blocklist, now=NOW + 600)
    assert (second.id, second.since) == (first.id, first.since)
    assert second.until == first.until + 600


def test_a_renewal_keeps_the_attempts_and_every_key_that_the_gate_has(blocklist: Blocklist) -> None:
    blocklist.put(make(blocklist, "02111988887777"))
    blocklist.count_attempt(blocklist.blocks()[0], NOW + 1)
    renewed = make(blocklist, "01511988887777", NOW + 2)
    assert {"02111988887777", "01511988887777"} < set(renewed.keys)
    assert (renewed.attempts, renewed.last_attempt) == (1, NOW + 1)


# Find and match


@pytest.mark.parametrize("spelling", [*SPELLINGS, "02111988887777", "+55 (11) 98888-7777"])
def test_a_caller_is_matched_in_every_spelling(blocklist: Blocklist, spelling: str) -> None:
    blocklist.put(a_block())
    assert blocklist.match(spelling) is not None


@pytest.mark.parametrize(
    "caller", ["", "anonymous", OTHER, "11", "1198888777", "119888877771", "5521988887777", "1000"]
)
def test_nobody_else_is_matched(blocklist: Blocklist, caller: str) -> None:
    """A block is never a prefix."""
    blocklist.put(a_block())
    assert blocklist.match(caller) is None


def test_a_short_number_is_matched_as_seen_only() -> None:
    blocklist = Blocklist(NO_HOME)
    number = NO_HOME.read("988887777")
    blocklist.put(blocklist.make(number, 60, NOW, by="", reason="", call=""))
    assert blocklist.match("988887777") is not None
    assert blocklist.match("11988887777") is None


def test_withheld_callers_never_match_although_somebody_is_blocked(blocklist: Blocklist) -> None:
    blocklist.put(a_block())
    for caller in ("", "anonymous", "Restricted", "+", "0000000000"):
        assert blocklist.match(caller) is None


@given(st.text())
def test_any_text_can_be_matched(caller: str) -> None:
    blocklist = Blocklist(SAO_PAULO)
    blocklist.put(a_block())
    found = blocklist.match(caller)
    assert found is None or SAO_PAULO.read(caller).canonical == NUMBER


# End


def test_a_block_is_due_on_its_second(blocklist: Blocklist) -> None:
    """The gate lets the caller through from the same second on."""
    blocklist.put(a_block(until=100))
    assert list(due(blocklist, 99.999)) == []
    assert [block.until for block in due(blocklist, 100.0)] == [100]


def test_blocks_are_due_the_oldest_first(blocklist: Blocklist) -> None:
    fill(blocklist, FAR, a_block())
    assert [block.number for block in due(blocklist, NOW + 9999)] == [NUMBER, OTHER]


def test_a_renewal_overtakes_the_earlier_end(blocklist: Blocklist) -> None:
    blocklist.put(a_block(until=100))
    blocklist.put(a_block(until=200))
    assert blocklist.next_end() == 200
    assert list(due(blocklist, 150)) == []
    assert [block.until for block in due(blocklist, 200)] == [200]


def test_a_shorter_renewal_overtakes_too(blocklist: Blocklist) -> None:
    blocklist.put(a_block(until=200))
    blocklist.put(a_block(until=100))
    assert blocklist.next_end() == 100
    ended = [
        blocklist.remove(block, BlockState.EXPIRED, 100, "time") for block in due(blocklist, 100)
    ]
    assert len(ended) == 1
    assert list(due(blocklist, 200)) == []
    assert blocklist.next_end() is None


def test_a_renewal_within_the_same_second_is_due_once(blocklist: Blocklist) -> None:
    blocklist.put(a_block(until=100))
    blocklist.put(a_block(until=100, reason="again"))
    ended = [
        blocklist.remove(block, BlockState.EXPIRED, 100, "time") for block in due(blocklist, 100)
    ]
    assert len(ended) == 1


def test_a_block_renewed_while_others_end_is_not_due_any_more(blocklist: Blocklist) -> None:
    """Ending one takes a command to the PBX, in which an agent may renew the next."""
    fill(blocklist, a_block(until=100), replace(FAR, until=101))
    numbers = []
    for block in due(blocklist, 101):
        numbers.append(block.number)
        blocklist.put(replace(FAR, until=500))
    assert numbers == [NUMBER]


def test_a_block_released_meanwhile_is_not_due(blocklist: Blocklist) -> None:
    blocklist.put(a_block(until=100))
    blocklist.remove(blocklist.blocks()[0], BlockState.RELEASED, 50, "operator:maria")
    assert list(due(blocklist, 100)) == []
    assert blocklist.next_end() is None


def test_an_ended_block_says_how_and_gives_its_keys_back(blocklist: Blocklist) -> None:
    blocklist.put(a_block())
    ended, keys = blocklist.remove(a_block(), BlockState.RELEASED, 50.0, "operator:maria")
    assert (ended.state, ended.ended_at, ended.ended_by) == ("released", 50.0, "operator:maria")
    assert set(keys) == set(SPELLINGS)
    assert len(blocklist) == 0
    assert not any(blocklist.is_key(key) for key in SPELLINGS)


def test_a_key_that_another_block_holds_by_now_stays_at_the_gate(blocklist: Blocklist) -> None:
    """The same local spelling under two area codes, after the configuration changed."""
    older = a_block("older", number=OTHER, keys=(OTHER, "988887777"))
    fill(blocklist, older, a_block())
    _, keys = blocklist.remove(older, BlockState.EXPIRED, NOW, "time")
    assert keys == [OTHER]
    assert blocklist.is_key("988887777")


# What the gate must hold


def test_the_gate_gets_every_key_with_its_end_the_newest_block_first(blocklist: Blocklist) -> None:
    fill(blocklist, a_block(), FAR)
    entries = list(blocklist.entries())
    assert entries[:2] == [(key, FAR.until) for key in FAR.keys]
    assert dict(entries) == {
        **dict.fromkeys(SPELLINGS, int(NOW) + 1800),
        **dict.fromkeys(FAR.keys, FAR.until),
    }


def test_the_gate_gets_the_end_as_it_is_when_its_turn_comes(blocklist: Blocklist) -> None:
    """Publishing thousands takes a while, in which blocks are renewed and released."""
    third = a_block("third", number="+5531955554444", keys=("+5531955554444",), until=int(NOW) + 9)
    fill(blocklist, a_block(), FAR, third)
    entries = blocklist.entries()
    published = [next(entries), next(entries)]
    blocklist.put(a_block(until=int(NOW) + 7200))
    blocklist.remove(third, BlockState.RELEASED, NOW, "operator:maria")
    published += entries
    assert dict(published) == {
        **dict.fromkeys(FAR.keys, FAR.until),
        **dict.fromkeys(SPELLINGS, int(NOW) + 7200),
    }


def test_a_shared_key_is_published_once_for_the_block_that_holds_it(blocklist: Blocklist) -> None:
    longer = a_block("longer", number=OTHER, keys=(OTHER, "988887777"), until=int(NOW) + 9000)
    fill(blocklist, longer, a_block())
    entries = list(blocklist.entries())
    assert entries.count(("988887777", int(NOW) + 1800)) == 1
    assert ("988887777", longer.until) not in entries


# SIP domains

A, B = "a.example", "b.example"


def in_domain(domain: str, number: str = NUMBER) -> Block:
    """A block in that domain, in all where it is empty."""
    read = SAO_PAULO.read(number)
    return Blocklist(SAO_PAULO).make(
        read, 1800, NOW, by="agent:1000", reason="", call="", domain=domain
    )


SCOPES = st.sampled_from(["", A, B])
WRITTEN = st.sampled_from([*SPELLINGS, "0 15 11 98888-7777", "(11) 98888-7777"])


@given(domains=st.sets(SCOPES), domain=SCOPES, spelling=WRITTEN)
def test_a_block_of_one_domain_refuses_nobody_in_another(
    domains: set[str], domain: str, spelling: str
) -> None:
    """Contract, section 8; one for all refuses in each. Every spelling counts alike."""
    blocklist = Blocklist(SAO_PAULO)
    fill(blocklist, *map(in_domain, domains))
    found = blocklist.match(spelling, domain)
    assert (found is not None) is bool(domains & {"", domain})
    assert found is None or found.domain in ("", domain)


@given(domains=st.sets(SCOPES, min_size=1), removed=SCOPES)
def test_a_number_that_is_free_in_one_domain_stays_refused_in_the_others(
    domains: set[str], removed: str
) -> None:
    blocklist = Blocklist(SAO_PAULO)
    fill(blocklist, *map(in_domain, domains))
    number = SAO_PAULO.read(NUMBER)
    held = blocklist.find(number, removed)
    assert (held is not None) is (removed in domains)
    if held is not None:
        _, keys = blocklist.remove(held, BlockState.RELEASED, NOW, "operator:maria")
        assert set(keys) == set(held.keys)
    left = domains - {removed}
    assert {block.domain for block in blocklist.find_all(number)} == left
    assert {key for key, _ in blocklist.entries()} == {
        key for domain in left for key in in_domain(domain).keys
    }


def test_the_gate_knows_a_domains_block_by_other_keys() -> None:
    assert set(in_domain(A).keys) == {f"{spelling}@{A}" for spelling in SPELLINGS}


def test_a_stored_block_is_found_by_the_key_of_now(blocklist: Blocklist) -> None:
    """An older program knew a mobile without its ninth digit as another number."""
    stored = a_block(number="1188887777", keys=("1188887777",))
    block = blocklist.rederived(stored)
    blocklist.put(block)
    assert block.number == NUMBER
    assert {"1188887777", "11988887777"} <= set(block.keys)
    for spelling in (NUMBER, "1188887777", "02111988887777"):
        assert blocklist.match(spelling) == block


def test_the_way_by_which_a_call_came_says_where_a_local_number_is(blocklist: Blocklist) -> None:
    blocklist.put(make(blocklist, "+5521988887777"))
    assert blocklist.match("988887777") is None
    assert blocklist.match("988887777", homes="/21") is not None
    assert blocklist.match("988887777", homes="21/31") is not None
