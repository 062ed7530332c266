"""The site's history on a real PostgreSQL: what nodes tell, everybody reads, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import text

from fluxcc.core.ports import Batch
from fluxcc.domain.blocks import Block, BlockState
from fluxcc.domain.changes import Change, change_of, tally_of
from fluxcc.domain.numbers import NumberPlan
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import RecordKind
from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.history import SiteHistory
from fluxcc.site.months import Month
from fluxcc.site.postgresql import PostgresqlSite
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit

NUMBER, OTHER = "+5511988887777", "+5521977776666"
DAY, MONTH = 86_400, 31 * 86_400
PERSONS = Persons(NumberPlan("BR", "11", (r"^\d{2,6}$",)), "test")


@pytest.fixture
def site(site_url: str) -> Iterator[PostgresqlSite]:
    """A node's way to an empty site, which reads numbers as in São Paulo."""
    with closing(PostgresqlSite(site_url, persons=PERSONS)) as opened:
        opened.open()
        yield opened


@pytest.fixture
def history(site: PostgresqlSite, site_url: str) -> Iterator[SiteHistory]:
    """What a person reads."""
    with closing(SiteHistory(site_url, persons=PERSONS)) as opened:
        yield opened


def ended(at: int = 0, **changes: Any) -> Any:
    """An ended call."""
    facts = {"ended": NOW + at + 60.0, "cause": "NORMAL_CLEARING", "outcome": "completed"}
    return a_call(at, **facts | changes)


def expired(id: str = "b1", **changes: Any) -> Block:
    """A block that ended by its time, of node pbx1."""
    facts = {
        "state": BlockState.EXPIRED,
        "ended_at": NOW + 1800.0,
        "ended_by": "time",
        "origin": "pbx1",
        "changed": NOW * 1_000_000,
        "changer": "pbx1",
    }
    facts |= changes
    return a_block(id, **{"keys": (facts.get("number", NUMBER),), **facts})


def rows_of(url: str) -> dict[str, list[str]]:
    """Every row of history, and where it stands: a row that is written anew stands elsewhere."""
    engine = create_pooled(parse_url(url))
    found = {}
    with connected(engine) as connection:
        for table in ("calls", "audit", "surveys", "blocks"):
            query = f"SELECT ctid::text || CAST({table} AS text) FROM {table} ORDER BY 1"
            found[table] = list(connection.execute(text(query)).scalars())
    engine.dispose()
    return found


BATCH = Batch(
    calls=(ended(), ended(1, number=OTHER, agent="1001", domain="a.example")),
    audit=(an_audit(), an_audit(1, number="011 98888-7777", reason='"não"')),
    surveys=(a_survey(), a_survey("s2", 1, answers=(None, -1))),
    blocks=(expired(), a_block("b2")),
)


def test_what_two_nodes_tell_is_read_as_one_history_with_its_node(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    site.record("pbx1", BATCH)
    site.record(
        "pbx2", Batch(calls=(ended(2),), audit=(an_audit(2),), surveys=(a_survey("s3", -9),))
    )
    calls = history.ended_calls(limit=10)
    assert [(call.node, call.id) for call in calls] == [
        ("pbx2", ended(2).id),
        ("pbx1", ended(1).id),
        ("pbx1", ended().id),
    ]
    assert {key: value for key, value in asdict(calls[1]).items() if key != "node"} == asdict(
        BATCH.calls[1]
    )
    assert [survey.id for survey in history.surveys()] == ["s3", "s1", "s2"]
    assert history.surveys()[2].answers == (None, -1)
    (block,) = history.blocks(10)
    assert (block.node, block.keys, block.state) == ("pbx1", (NUMBER,), BlockState.EXPIRED)
    assert [row.node for row in history.audit(limit=10)] == [
        "pbx2",
        "pbx1",
        "pbx1",
    ]


def test_a_call_is_found_by_its_leg_on_all_nodes_or_on_one(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    site.record("pbx1", Batch(calls=(ended(customer_leg="one"),)))
    site.record("pbx2", Batch(calls=(ended(1, customer_leg="two", agent_leg="one"),)))
    found = history.call("one")
    assert found is not None
    assert found.node == "pbx2"
    narrowed = history.of("pbx1").call("one")
    assert narrowed is not None
    assert narrowed.node == "pbx1"
    assert history.of("pbx1").call("two") is None
    assert [call.node for call in history.of("pbx2").ended_calls(limit=9)] == ["pbx2"]


def test_what_is_told_twice_changes_nothing(site: PostgresqlSite, site_url: str) -> None:
    site.record("pbx1", BATCH)
    before = rows_of(site_url)
    site.record("pbx1", BATCH)
    assert rows_of(site_url) == before


def test_a_record_becomes_what_it_is_now_and_never_what_it_was(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    begun, done = an_audit(), an_audit(status="ok", code="blocked", ended=NOW + 1.0)
    for row in (begun, done, begun):
        site.record("pbx1", Batch(audit=(row,)))
    assert [row.code for row in history.audit(limit=9)] == ["blocked"]
    site.record("pbx1", Batch(audit=(replace(done, sequel="answered:1001"),)))
    assert [row.sequel for row in history.audit(limit=9)] == ["answered:1001"]


def test_a_question_is_narrowed(site: PostgresqlSite, history: SiteHistory, site_url: str) -> None:
    site.record("pbx1", BATCH)
    site.record("pbx2", BATCH)
    with closing(SiteHistory(site_url, ["pbx2"], PERSONS)) as narrowed:
        assert {call.node for call in narrowed.ended_calls(limit=9)} == {"pbx2"}
        assert len(narrowed.ended_calls(agent="1001", domain="a.example", limit=9)) == 1
        assert narrowed.ended_calls(agent="1001", domain="b.example", limit=9) == []
        assert len(narrowed.surveys(group="sales", since=NOW + 1)) == 1
    # In any spelling, as the node that told it has read it.
    assert len(history.audit(number="11988887777", limit=9)) == 4
    assert len(history.ended_calls(number=OTHER, since=NOW, limit=9)) == 2
    assert history.ended_calls(since=NOW + 2, limit=9) == []
    assert len(history.ended_calls(limit=3)) == 3


def test_a_text_that_no_database_can_hold_keeps_nothing_else(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    site.record("pbx1", Batch(audit=(an_audit(), an_audit(1, reason="a\0b\ud800"))))
    assert [row.reason for row in history.audit(limit=9)] == [r"a\x00b\ud800", ""]


def test_rows_of_any_time_have_a_month_of_their_own(
    site: PostgresqlSite, history: SiteHistory, site_url: str
) -> None:
    moments = (-NOW, -3 * 365 * DAY, 0, 3 * 365 * DAY)
    site.record("pbx1", Batch(calls=tuple(ended(at) for at in moments)))
    assert len(history.ended_calls(since=-1, limit=9)) == len(moments)


def test_a_block_that_ran_out_is_one_row_whichever_nodes_tell_it_at_once(
    site_url: str, site: PostgresqlSite, history: SiteHistory
) -> None:
    blocks = tuple(expired(f"b{i}", number=f"+55119{i:08}") for i in range(50))
    sites = [PostgresqlSite(site_url, persons=PERSONS) for _ in range(4)]
    threads = [
        threading.Thread(target=each.record, args=(f"pbx{i}", Batch(blocks=blocks)))
        for i, each in enumerate(sites)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in sites:
        each.close()
    found = history.blocks(99)
    assert sorted(block.id for block in found) == sorted(block.id for block in blocks)
    assert {block.node for block in found} == {"pbx1"}


def test_a_block_that_was_renewed_is_live_until_that_has_ended(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    renewed = replace(
        a_block("b1"), until=NOW + 9000, origin="pbx1", changed=NOW * 1_000_000 + 5, changer="pbx2"
    )
    site.offer([change_of(renewed)])
    site.record("pbx1", Batch(blocks=(expired(),)))
    (block,) = history.blocks(9)
    assert (block.state, block.until) == (BlockState.LIVE, NOW + 9000)
    again = replace(renewed, state=BlockState.EXPIRED, ended_at=NOW + 9000.0, ended_by="time")
    site.record("pbx2", Batch(blocks=(again, expired("b2"))))
    # A node that had not heard of it tells later than the one that had.
    site.record("pbx3", Batch(blocks=(expired(),)))
    (block,) = (each for each in history.blocks(9) if each.id == "b1")
    assert (block.state, block.until) == (BlockState.EXPIRED, NOW + 9000)


def test_attempts_are_those_of_all_nodes(site: PostgresqlSite, history: SiteHistory) -> None:
    live = replace(a_block("b1"), origin="pbx1", changed=1, changer="pbx1")
    counted = replace(live, attempts=3, last_attempt=NOW + 7.0)
    also = replace(live, attempts=4, last_attempt=NOW + 6.0)
    site.offer([change_of(live), tally_of(counted, "pbx1"), tally_of(also, "pbx2")])
    (block,) = history.blocks(9)
    assert (block.attempts, block.last_attempt) == (7, NOW + 7.0)
    over = replace(counted, attempts=7, elsewhere={"pbx2": 4}, state=BlockState.EXPIRED)
    site.record("pbx1", Batch(blocks=(over,)))
    site.record("pbx3", Batch(blocks=(replace(over, attempts=4, elsewhere={"pbx1": 3}),)))
    (block,) = history.blocks(9)
    assert (block.attempts, block.elsewhere) == (7, {"pbx2": 4})


def test_live_blocks_are_those_of_the_last_change_of_each(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    live = replace(a_block("b1"), origin="pbx1", changed=1, changer="pbx1")
    gone = replace(a_block("b2", number=OTHER), origin="pbx2", changed=2, changer="pbx2")
    gone = replace(gone, state=BlockState.RELEASED, ended_at=NOW + 1.0, ended_by="operator:maria")
    site.offer([change_of(live), change_of(gone), Change("later", "x", 1, "pbx9", "?")])
    assert [(block.node, block.number) for block in history.blocks(9)] == [("pbx1", NUMBER)]
    site.record("pbx2", Batch(blocks=(gone,)))
    assert {block.id for block in history.blocks(9)} == {"b1", "b2"}


# Erasure


def erase(site: PostgresqlSite, number: str) -> int:
    """Erase the person to the end; how many records and texts."""
    erased, after = site.erase(PERSONS.find(number), None)
    while after is not None:
        counted, after = site.erase(PERSONS.find(number), after)
        erased += counted
    return erased


def test_a_person_is_erased_from_the_rows_of_every_node_and_nobody_else_is(
    site: PostgresqlSite, history: SiteHistory, site_url: str
) -> None:
    for node in ("pbx1", "pbx2", "pbx3"):
        # By a node that reads numbers in its own way.
        with closing(PostgresqlSite(site_url)) as unreading:
            unreading.record(
                node,
                Batch(
                    calls=(
                        ended(number="011 98888-7777"),
                        ended(1, number=OTHER, sequel=f"handed-over:{NUMBER}"),
                    ),
                    audit=(
                        an_audit(reason="mine"),
                        an_audit(1, number=OTHER, reason=f"not {NUMBER}"),
                    ),
                    surveys=(a_survey(f"s-{node}"), a_survey(f"t-{node}", number=OTHER)),
                    blocks=(
                        expired(f"b-{node}", origin=node, number="5511988887777"),
                        expired(f"c-{node}", origin=node, number=OTHER),
                    ),
                ),
            )
    assert erase(site, NUMBER) > 0
    told = str(rows_of(site_url))
    assert "88887777" not in told
    assert "98888-7777" not in told
    assert told.count("mine") == 0
    assert [call.number for call in history.ended_calls(limit=9)] == [OTHER] * 3
    assert {call.sequel for call in history.ended_calls(limit=9)} == {"handed-over:***"}
    assert [survey.number for survey in history.surveys()] == [OTHER] * 3
    assert {block.number for block in history.blocks(99)} == {OTHER}
    # What was done, by whom and when stays.
    assert len(history.audit(limit=99)) == 6
    assert erase(site, NUMBER) == 0


# Retention


def months_of(url: str) -> set[str]:
    """The names of the calls' partitions."""
    engine = create_pooled(parse_url(url))
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'calls'::regclass"
    with connected(engine) as connection:
        found = set(connection.execute(text(query)).scalars())
    engine.dispose()
    return found


def test_months_are_made_ahead(site: PostgresqlSite, site_url: str) -> None:
    site.keep("pbx1", {RecordKind.CALLS: 365.0 * DAY})
    site.keep("pbx1", {RecordKind.CALLS: 365.0 * DAY})
    assert len(months_of(site_url)) == 3


def test_a_month_goes_once_it_is_too_old_for_every_node(
    site: PostgresqlSite, history: SiteHistory, site_url: str
) -> None:
    month = Month.of(NOW)
    site.record("pbx1", Batch(calls=(ended(),)))
    site.keep("pbx1", {RecordKind.CALLS: 0.0})
    site.keep("pbx2", {RecordKind.CALLS: 40 * 365.0 * DAY})
    after = float(month.next.begins)
    assert site.drop(RecordKind.CALLS, after) == []
    site.keep("pbx2", {RecordKind.CALLS: 0.0})
    assert site.drop(RecordKind.CALLS, after - 1) == []
    # Not before it is over by the server's clock.
    assert (site.drop(RecordKind.CALLS, after) != []) is (Month.of(NOW) < Month.of(_now(site_url)))


def _now(url: str) -> float:
    engine = create_pooled(parse_url(url))
    with connected(engine) as connection:
        now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    engine.dispose()
    return float(now)


def test_old_months_are_dropped_and_their_rows_may_come_again(
    site: PostgresqlSite, history: SiteHistory, site_url: str
) -> None:
    old = -400 * DAY
    site.record("pbx1", Batch(calls=(ended(old), ended())))
    (dropped,) = site.drop(RecordKind.CALLS, NOW - 300.0 * DAY)
    assert dropped.startswith("calls ")
    assert [call.id for call in history.ended_calls(limit=9)] == [ended().id]
    # Another node had dropped it, of which this one knows nothing.
    site.record("pbx1", Batch(calls=(ended(old),)))
    with closing(PostgresqlSite(site_url)) as other:
        other.drop(RecordKind.CALLS, NOW - 300.0 * DAY)
    with pytest.raises(Exception, match="partition"):
        site.record("pbx1", Batch(calls=(ended(old),)))
    site.record("pbx1", Batch(calls=(ended(old),)))
    assert len(history.ended_calls(limit=9)) == 2


def test_a_month_of_blocks_stays_as_long_as_one_that_began_in_it(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    began = NOW - 400.0 * DAY
    long = expired(since=began, ended_at=NOW - 200.0 * DAY)
    site.record("pbx1", Batch(blocks=(long,)))
    assert site.drop(RecordKind.BLOCKS, NOW - 300.0 * DAY) == []
    assert site.drop(RecordKind.BLOCKS, NOW - 100.0 * DAY) != []
    assert history.blocks(9) == []


def test_a_node_deletes_its_own_rows_by_their_age(
    site: PostgresqlSite, history: SiteHistory
) -> None:
    for node in ("pbx1", "pbx2"):
        site.record(
            node,
            Batch(
                calls=tuple(ended(at) for at in range(5)),
                audit=(an_audit(), an_audit(3)),
                surveys=(a_survey(f"s-{node}"), a_survey(f"t-{node}", 3)),
                blocks=(expired(f"b-{node}", origin=node),),
            ),
        )
    assert site.purge(RecordKind.CALLS, "pbx1", NOW + 3.0, 2) == 2
    assert site.purge(RecordKind.CALLS, "pbx1", NOW + 3.0, 2) == 1
    assert site.purge(RecordKind.CALLS, "pbx1", NOW + 3.0, 2) == 0
    assert site.purge(RecordKind.AUDIT, "pbx1", NOW + 3.0, 9) == 1
    assert site.purge(RecordKind.SURVEYS, "pbx1", NOW + 3.0, 9) == 1
    assert site.purge(RecordKind.BLOCKS, "pbx1", NOW + 1800.0, 9) == 0
    assert site.purge(RecordKind.BLOCKS, "pbx1", NOW + 1801.0, 9) == 1
    assert (
        sorted(call.node for call in history.ended_calls(limit=99)) == ["pbx1"] * 2 + ["pbx2"] * 5
    )
