"""How long people wait for the history of a whole site: 20 million ended calls of a year.

Measured as a command does it: a connection of its own, the query, the records.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from statistics import median

from sqlalchemy import text

from fluxcc.core.ports import Batch
from fluxcc.domain.retention import RecordKind
from fluxcc.site import months
from fluxcc.site.engines import begun, connected, create_pooled, parse_url
from fluxcc.site.history import SiteHistory
from fluxcc.site.months import Month
from fluxcc.site.postgresql import PostgresqlSite
from tests.contract.records import a_call
from tests.testing.postgresql import running_server

BAR = 0.5
"""Seconds that any of these questions may take."""
DAY = 86_400
DAYS = 365
AUDITED = 50
"""One call in so many was acted on."""
NUMBERS = 500_000
"""Callers."""
AGENTS = 2_000
MOST = 1_000
"""Rows that a command lists."""
BATCH, BATCHES = 500, 40

CALLS = """
    INSERT INTO calls (node, id, direction, customer_leg, agent_leg, number, agent, "group",
        started, bridged, ended, cause, outcome, parted, domain, person)
    SELECT 'pbx' || 1 + i % :nodes, began * 1000000 + i % 1000000, 'received', md5('c' || i),
        md5('a' || i), '0' || number, CAST(1000 + i % :agents AS text), 'group' || i % 20, began,
        began + 8, began + 180, 'NORMAL_CLEARING', 'completed', began + 180, '', '+55' || number
    FROM (
        SELECT i, CAST(:first + i * CAST(:step AS double precision) AS bigint) AS began,
            11900000000 + i * CAST(7919 AS bigint) % :numbers AS number
        FROM generate_series(CAST(:from AS bigint), CAST(:to AS bigint)) AS i
    ) AS each
"""
AUDIT = """
    INSERT INTO audit (node, id, at, request, action, "by", agent, call, number, reason, status,
        code, ended, language, blocked, expires, content, person)
    SELECT node, id, id / 1000000.0, md5('r' || id), 'prank', 'agent:' || agent, agent,
        customer_leg, number, '', 'ok', 'blocked', ended, 'pt', true, CAST(ended AS bigint), '',
        person
    FROM calls WHERE id / 7 % :audited = 0
"""
CHUNK = 1_000_000


def fill(url: str, calls: int, nodes: int) -> None:
    """A site in which so many calls ended in the last year, the last one now."""
    first = time.time() - DAYS * DAY
    with closing(PostgresqlSite(url)) as site:
        site.open()
    engine = create_pooled(parse_url(url))
    known = {"nodes": nodes, "agents": AGENTS, "numbers": NUMBERS, "first": first}
    known["step"] = DAYS * DAY / calls
    with begun(engine) as connection:
        for kind in (RecordKind.CALLS, RecordKind.AUDIT):
            passed = {Month.of(first + day * DAY) for day in range(DAYS + 2)}
            months.make(connection, kind, passed)
    for start in range(0, calls, CHUNK):
        with begun(engine) as connection:
            end = min(start + CHUNK, calls) - 1
            connection.execute(text(CALLS), {**known, "from": start, "to": end})
    with begun(engine) as connection:
        connection.execute(text(AUDIT), {"audited": AUDITED})
    with connected(engine) as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def questions(url: str) -> dict[str, Callable[[SiteHistory], int]]:
    """What people ask, and how many records they get."""
    now = time.time()
    engine = create_pooled(parse_url(url))
    with connected(engine) as connection:
        # The first of the year, so that a search by time would read all the others.
        query = "SELECT person, agent FROM audit ORDER BY id LIMIT 1"
        person, agent = connection.execute(text(query)).one()
    engine.dispose()
    return {
        "audit --number": lambda h: len(h.audit(number=person, limit=MOST)),
        "audit --number, never heard of": lambda h: len(h.audit(number="+1", limit=MOST)),
        "audit --agent": lambda h: len(h.audit(agent=agent, limit=MOST)),
        "audit": lambda h: len(h.audit(limit=MOST)),
        "calls --ended --since 2h": lambda h: len(h.ended_calls(since=now - 7200, limit=MOST)),
        "calls --ended --since 300d": lambda h: len(
            h.ended_calls(since=now - 300 * DAY, limit=MOST)
        ),
        "calls --ended --number": lambda h: len(h.ended_calls(number=person, limit=MOST)),
        "calls --ended --agent": lambda h: len(h.ended_calls(agent=agent, limit=MOST)),
    }


def ask(url: str, nodes: int, rounds: int = 5) -> Iterator[tuple[str, int, list[float]]]:
    """Each question: what it is, how many records, and the seconds of each time."""
    for one in ("", f"pbx{nodes}"):
        for name, question in questions(url).items():
            took = []
            for _ in range(rounds):
                began = time.perf_counter()
                with closing(SiteHistory(url, [one] if one else [])) as history:
                    found = question(history)
                took.append(time.perf_counter() - began)
            yield name + (f" --node {one}" if one else ""), found, took


def write(url: str) -> list[float]:
    """The seconds that each batch of ended calls takes that a node tells."""
    took = []
    now = time.time()
    with closing(PostgresqlSite(url)) as site:
        site.open()
        for each in range(BATCHES):
            moment = int(now * 1e6) + each * BATCH
            calls = tuple(
                a_call(id=moment + i, number=f"+55{moment + i}", ended=now) for i in range(BATCH)
            )
            began = time.perf_counter()
            site.record("pbx1", Batch(calls=calls))
            took.append(time.perf_counter() - began)
    return took


def measure(wanted: argparse.Namespace) -> bool:
    """Print the figures; whether each is within its bar."""
    with running_server() as url:
        began = time.perf_counter()
        fill(url, wanted.calls, wanted.nodes)
        engine = create_pooled(parse_url(url))
        with connected(engine) as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
            gigabytes = size.scalar_one() / 1e9
        engine.dispose()
        print(
            f"history: {wanted.calls} calls of {wanted.nodes} nodes in {DAYS} days,"
            f" {gigabytes:.1f} GB, filled in {time.perf_counter() - began:.0f} s"
        )
        is_right = True
        for name, found, took in ask(url, wanted.nodes):
            print(f"  {name}: {found} rows, {median(took):.3f} s, at worst {max(took):.3f} s")
            is_right &= median(took) <= BAR
        took = write(url)
        print(
            f"  {BATCH} ended calls told: {median(took) * 1000:.0f} ms, at worst"
            f" {max(took) * 1000:.0f} ms"
        )
    return is_right
