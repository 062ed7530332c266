"""Reading a long history of a site: each question reads what it needs, and no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event, text

from fluxcc.site.engines import connected, create_pooled, parse_url
from fluxcc.site.history import SiteHistory
from tests.site import long_history

CALLS, NODES = 60_000, 3


@pytest.fixture(scope="module")
def url(postgresql_server: str) -> str:
    """A site with a year of calls."""
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgresql_server.replace("+psycopg", "", 1)) as connection:
        connection.execute("CREATE SCHEMA long_history")
    found = f"{postgresql_server}&options=-csearch_path=long_history"
    long_history.fill(found, CALLS, NODES)
    return found


def plans(url: str, question: Any, nodes: tuple[str, ...] = ()) -> Iterator[str]:
    """How PostgreSQL carries out what is asked, with what it really read."""
    with closing(SiteHistory(url, nodes)) as history:
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(history._engine, "before_cursor_execute", note)
        question(history)
    engine = create_pooled(parse_url(url))
    with connected(engine) as connection:
        for statement, parameters in asked:
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {statement}", parameters
            )
            yield "\n".join(explained.scalars())
    engine.dispose()


def read(plan: str) -> list[str]:
    """The partitions that were read."""
    lines = [line for line in plan.splitlines() if " on " in line and "never executed" not in line]
    found = [line.partition(" on ")[2].split()[0] for line in lines]
    return sorted({name for name in found if name[-3:-2] == "_" and "_20" in name})


@pytest.mark.parametrize("nodes", [(), ("pbx2",)])
def test_the_last_hours_are_read_out_of_their_month(url: str, nodes: tuple[str, ...]) -> None:
    since = time.time() - 7200
    (plan,) = plans(url, lambda h: h.ended_calls(since=since, limit=1_000), nodes)
    # Two where a month has just begun.
    assert len({name.rpartition("calls_")[2][:7] for name in read(plan)}) <= 2, plan


@pytest.mark.parametrize("nodes", [(), ("pbx2",)])
def test_the_newest_are_read_without_the_others_or_a_sort(url: str, nodes: tuple[str, ...]) -> None:
    (plan,) = plans(url, lambda h: h.ended_calls(limit=100), nodes)
    assert "Sort" not in plan, plan
    assert len(read(plan)) <= 2, plan
    assert "never executed" in plan


def test_a_person_is_found_by_an_index(url: str) -> None:
    (plan,) = plans(url, lambda h: h.ended_calls(number="+5511900000000", limit=1_000))
    assert "Filter" not in plan, plan
    assert "Index Cond: ((person = " in plan


def test_every_question_gets_its_answer(url: str) -> None:
    answers = {name: found for name, found, _ in long_history.ask(url, NODES, rounds=1)}
    assert answers["calls --ended --since 300d"] == 1_000
    assert answers["audit --number"] > 0
    assert answers["audit --number, never heard of"] == 0
    engine = create_pooled(parse_url(url))
    with connected(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM calls")).scalar() == CALLS
    engine.dispose()
