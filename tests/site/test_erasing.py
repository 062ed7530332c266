"""Erasing a person from a site's tables: nothing in any of them has their number afterwards, and
nobody is blocked by what was erased."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import msgspec
from msgspec.structs import replace
from sqlalchemy import text

from fluxcc.core.ports import Batch
from fluxcc.domain.agents import Agent
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.changes import Change, Kind, Stamp, Tally, change_of, stamped
from fluxcc.domain.erasing import Remains
from fluxcc.domain.nodes import Letter, NodeCall, NodeState, Sign
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import Persons
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.neighbours import PostgresqlNeighbours
from fluxcc.site.postgresql import PostgresqlSite
from tests.builders import a_block
from tests.scenarios.people import Person
from tests.site.test_commands import wait_both
from tests.site.test_two_pbxs import SOON, Pair, labs, pair, person, wait_blocked, wait_free
from tests.testing.gate import is_refused
from tests.testing.waiting import until

__all__ = ["labs", "pair", "person"]

PERSONS = Persons(NumberPlan("BR", "11", ()), "test")
NUMBER, OTHER = "+5511988887777", "+5521977776666"
SPELLINGS = (NUMBER, "11 98888-7777", "(011) 98888.7777", "988887777")
DIGITS = "988887777"
OVER, LIVE = 1_000_000_000, 4_000_000_000


def texts(url: str) -> Iterator[tuple[str, str]]:
    """Every text of every column of every table of the schema, with its table's name."""
    engine = create_pooled(parse_url(url))
    with connected(engine) as connection:
        tables = connection.execute(
            text(
                "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n"
                " ON n.oid = relnamespace"
                " WHERE nspname = current_schema() AND relkind IN ('r', 'p')"
            )
        ).scalars()
        for table in tables.all():
            rows = connection.execute(text(f"SELECT t::text FROM {table} AS t"))
            yield from ((table, row) for row in rows.scalars())
    engine.dispose()


def named(url: str) -> set[str]:
    """The tables in which the person's digits are, in whichever spelling."""
    return {table for table, row in texts(url) if DIGITS in "".join(filter(str.isdecimal, row))}


def erase(site: PostgresqlSite, number: str = SPELLINGS[1]) -> None:
    """Until it is done."""
    _, after = site.erase(PERSONS.find(number), None)
    while after is not None:
        _, after = site.erase(PERSONS.find(number), after)


def ended(id: str, at: int = 5, **facts: object) -> Block:
    """A released block of the person."""
    block = a_block(id, number=NUMBER, keys=(NUMBER, "11988887777"), until=OVER, **facts)
    over = replace(block, state=BlockState.RELEASED, ended_at=block.since + 1)
    return stamped(replace(over, ended_by="operator:m"), Stamp(at, "pbx1"))


def a_tally(block: str, node: str = "pbx2", number: str = NUMBER) -> Change:
    """What a node counted."""
    body = msgspec.json.encode(Tally(block, number, "", 3, 1.0)).decode()
    return Change(Kind.TALLY, f"{block}/{node}", 3, node, body)


def changes(site: PostgresqlSite, after: int = 0) -> list[Change]:
    """Those after that number."""
    return site.changes(after, 100)[0]


def test_nothing_in_any_table_has_the_digits_of_a_person_who_was_erased(
    site: PostgresqlSite, site_url: str
) -> None:
    # Marked, renewed and released; then another one, which ran out; and a third in a domain.
    first = stamped(a_block("b1", number=NUMBER, until=OVER), Stamp(1, "pbx2"))
    for change in (first, ended("b1"), stamped(replace(first, id="b2"), Stamp(9, "pbx1"))):
        site.offer([change_of(change), a_tally(change.id)])
    site.offer([change_of(ended("b3", domain="a.example"))])
    mentioning = a_block("b4", number=OTHER, until=LIVE, reason=f"wife of {SPELLINGS[2]}")
    site.offer([change_of(stamped(mentioning, Stamp(3, "pbx1")))])
    with closing(PostgresqlNeighbours(site_url)) as neighbours:
        neighbours.beat("pbx2", Sign(token="t"), NodeState(version="2"))
        neighbours.show("pbx2", [a_call(OTHER)], [], False)
        neighbours.show("pbx9", [a_call(NUMBER)], [], False)
        letter = Letter(id="r", content="c", sender="pbx1", body=f'{{"reason":"{SPELLINGS[1]}"}}')
        neighbours.post(letter, [f"leg:{OTHER}"], 4e9)
        neighbours.reply(replace(letter, id="r2"), f'{{"number":"{NUMBER}"}}')
    assert named(site_url) == {
        "site_registers", "site_log", "site_live_calls", "site_requests", "site_replies"
    }  # fmt: skip
    before = site.open().number
    erase(site)
    assert named(site_url) == set()
    # Others' stay, and the log's numbers.
    assert site.open().number > before
    kinds = [change.kind for change in site.standing(("", ""), 100)]
    assert kinds == ["block", "erased", "erased", "erased"]
    assert "wife of ***" in changes(site)[6].body


def a_call(number: str) -> NodeCall:
    """A live call with somebody."""
    return NodeCall(
        id=1,
        call="leg-1",
        direction="received",
        number=number,
        agent="1000",
        domain="",
        group="",
        started=1.0,
        bridged=None,
        talking=True,
        legs=[OTHER],
        agents=[Agent("1000", "")],
    )


def test_entries_stay_as_they_are_and_what_they_were_before_goes(
    site: PostgresqlSite, site_url: str
) -> None:
    def offer(key: str, at: int, body: str) -> None:
        site.offer([Change(Kind.ENTRY, key, at, "pbx1", body)])

    offer(f"protected/{NUMBER}", 1, f'{{"number":"{NUMBER}"}}')
    offer(f"protected/{NUMBER}", 2, "")
    offer("group/8000", 1, f'{{"name":"8000","destination":"{NUMBER}"}}')
    offer("group/8000", 2, '{"name":"8000","destination":"1000"}')
    erase(site)
    assert named(site_url) == set()
    assert [change.key for change in site.standing(("", ""), 9)] == ["group/8000"]
    # One that names the person now is for the operator to change.
    offer("group/8001", 1, f'{{"name":"8001","destination":"{NUMBER}"}}')
    erase(site)
    assert named(site_url) == {"site_registers", "site_log"}


def test_a_block_that_holds_stays_with_its_attempts_and_its_changes(
    site: PostgresqlSite, site_url: str
) -> None:
    block = stamped(a_block("b1", number=NUMBER, until=LIVE), Stamp(5, "pbx1"))
    site.offer([change_of(block), a_tally("b1")])
    erase(site)
    assert [change.kind for change in site.standing(("", ""), 9)] == ["block", "tally"]
    assert {change.kind for change in changes(site)} == {"block", "tally"}


def test_an_erased_block_is_told_to_those_who_did_not_hear_of_its_end(
    site: PostgresqlSite,
) -> None:
    site.offer([change_of(ended("b1"))])
    erase(site)
    told = changes(site)[-1]
    assert (told.kind, told.key, told.stamp) == ("erased", "b1", (5, "pbx1"))
    remains = msgspec.json.decode(told.body, type=Remains)
    assert (remains.state, remains.ended_by) == (BlockState.RELEASED, "operator:m")


def test_what_is_offered_of_an_erased_block_counts_only_if_it_is_later(
    site: PostgresqlSite, site_url: str
) -> None:
    site.offer([change_of(ended("b1"))])
    erase(site)
    number = site.open().number
    live = a_block("b1", number=NUMBER, until=LIVE)
    for at in (4, 5):
        site.offer([change_of(stamped(live, Stamp(at, "pbx1")))])
    site.offer([a_tally("b1")])
    assert site.open().number == number
    assert named(site_url) == set()
    site.offer([change_of(stamped(live, Stamp(6, "pbx1")))])
    assert [change.kind for change in changes(site, number)] == ["block"]


def test_an_offer_that_an_erasure_overtook_is_erased_by_its_second_look(
    site: PostgresqlSite, site_url: str
) -> None:
    site.offer([change_of(ended("b1"))])
    _, after = site.erase(PERSONS.find(NUMBER), None)
    while after is not None and after[0] == 0:
        _, after = site.erase(PERSONS.find(NUMBER), after)
    # Its statement began before the first look had been seen.
    engine = create_pooled(parse_url(site_url))
    with connected(engine) as connection:
        live = stamped(a_block("b1", number=NUMBER, until=OVER), Stamp(4, "pbx1"))
        connection.execute(
            text("INSERT INTO site_registers VALUES ('block', :key, 4, 'pbx1', :body)"),
            {"key": NUMBER, "body": change_of(live).body},
        )
    engine.dispose()
    number = site.open().number
    while after is not None:
        _, after = site.erase(PERSONS.find(NUMBER), after)
    assert named(site_url) == set()
    (told,) = changes(site, number)
    # Not earlier than before.
    assert (told.kind, told.key, told.stamp) == ("erased", "b1", (5, "pbx1"))


def test_history_of_an_erased_block_that_comes_late_is_not_taken(
    site: PostgresqlSite, site_url: str
) -> None:
    site.offer([change_of(ended("b1"))])
    erase(site)
    site.record("pbx2", Batch(blocks=(ended("b1"),)))
    assert named(site_url) == set()
    site.record("pbx2", Batch(blocks=(ended("b1", at=6),)))
    assert "blocks" in named(site_url)


def test_what_remains_of_erased_blocks_goes_with_the_blocks_of_their_age(
    site: PostgresqlSite,
) -> None:
    site.offer([change_of(ended("b1"))])
    erase(site)
    site.prune()
    assert site.standing(("", ""), 9) == []


def test_a_person_who_was_erased_with_their_block_is_blocked_and_named_nowhere(
    pair: Pair, person: Person, site_url: str
) -> None:
    here, there = pair
    wait_both(pair)
    assert here.cli("block", person.number).code == 0
    wait_blocked(there, person.number)
    assert is_refused(there.lab, person.number)
    until(lambda: wait_blocked(here, person.number)["attempts"] == 1, "it is counted", SOON)
    erased = here.cli("db", "purge", "--number", person.number, "--with-live-block", "--json").json
    assert "site" not in erased["left"], here.log
    wait_free(there, person.number)
    until(lambda: not is_refused(there.lab, person.number), "it is let in", SOON)
    digits = "".join(filter(str.isdecimal, person.number))[-9:]
    assert [
        table for table, row in texts(site_url) if digits in "".join(filter(str.isdecimal, row))
    ] == []

    def kept() -> list[Block]:
        return [each for daemon in pair for each in daemon.store.blocks(limit=100)]

    until(lambda: not kept(), lambda: f"no store has the block: {kept()}", SOON)
