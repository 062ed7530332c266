"""The log of a site's changes on a real PostgreSQL: what counts, in which order, and that no reader
ever misses one (contract, section 9)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text

from fluxcc.domain.changes import Change, Expiry, Kind, Stamp, change_of, stamped, tally_of
from fluxcc.site import log
from fluxcc.site.engines import create_pooled, parse_url
from fluxcc.site.expiries import KEPT
from fluxcc.site.postgresql import PostgresqlSite
from tests.builders import a_block


def a_change(key: str = "+5511988887777", at: int = 1, node: str = "pbx1", **more: str) -> Change:
    """A change of a block."""
    return Change(Kind.BLOCK, key, at, node, more.get("body", f'{{"of":"{node}"}}'))


def test_what_was_offered_is_read_in_its_order(site: PostgresqlSite) -> None:
    first, second = a_change("+1", 5), a_change("+2", 3)
    site.offer([first])
    site.offer([second])
    changes, last = site.changes(0, 10)
    assert changes == [first, second]
    assert site.changes(last, 10) == ([], last)
    page, number = site.changes(0, 1)
    assert page == [first]
    assert site.changes(number, 10) == ([second], last)
    assert site.open().number == last


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (a_change(at=1, node="pbx2"), a_change(at=2, node="pbx1")),
        (a_change(at=1, node="pbx1"), a_change(at=1, node="pbx2")),
        # Python orders texts by code points, most databases by a language.
        (a_change(at=1, node="PBX"), a_change(at=1, node="pbx")),
        (a_change(at=1, node="b"), a_change(at=1, node="ä")),
    ],
)
def test_of_two_changes_of_a_thing_the_later_one_counts(
    site: PostgresqlSite, earlier: Change, later: Change
) -> None:
    assert later.stamp > earlier.stamp
    site.offer([earlier])
    site.offer([later])
    site.offer([later])
    site.offer([earlier])
    assert site.standing(("", ""), 10) == [later]
    assert site.changes(0, 10)[0] == [earlier, later]


def test_the_last_change_of_everything_is_read_page_by_page(site: PostgresqlSite) -> None:
    changes = [a_change(key, 1) for key in ("+1", "+1@b.example", "+2", "A", "a", "ä")]
    site.offer(list(reversed(changes)))
    found: list[Change] = []
    while page := site.standing((found[-1].kind, found[-1].key) if found else ("", ""), 2):
        found += page
    assert found == changes


def test_any_text_can_be_a_body(site: PostgresqlSite) -> None:
    change = a_change(body='{"reason":"\\u0000 \'; -- \\\\ %s :x é"}')
    site.offer([change])
    assert site.changes(0, 1)[0] == [change]


def test_a_node_that_was_away_for_too_long_is_told(site: PostgresqlSite, site_url: str) -> None:
    site.offer([a_change("+1")])
    last = site.open().number
    prune(site_url, -1)
    assert site.changes(0, 10) == ([], 0)
    assert site.is_pruned(0)
    assert not site.is_pruned(last)
    assert site.open().number == last


def prune(url: str, seconds: float) -> None:
    """Delete what is older than that."""
    engine = create_pooled(parse_url(url))
    with engine.connect() as connection:
        log.prune(connection, seconds)
    engine.dispose()


def a_mark(key: str, until: float, at: float) -> Change:
    """A block that was marked and ends then, seconds from now."""
    block = a_block(f"b{key}", number=key, until=int(time.time() + until), reason="a\0b")
    return change_of(stamped(block, Stamp(int((time.time() + at) * 1e6), "pbx1")))


def test_what_ended_long_ago_goes_and_what_may_still_hold_somewhere_stays(
    site: PostgresqlSite, site_url: str
) -> None:
    over, held = a_mark("+1", until=-200, at=-300), a_mark("+2", until=500, at=-300)
    late = a_mark("+3", until=-200, at=-10)
    tally = tally_of(a_block("b+1", number="+1", attempts=3), "pbx2")
    kept = tally_of(a_block("b+2", number="+2", attempts=3), "pbx2")
    site.offer([over, held, late, tally, kept])
    prune(site_url, 100)
    assert site.standing(("", ""), 10) == [held, late, kept]
    site.prune()
    assert site.standing(("", ""), 10) == [held, late, kept]


def test_one_node_writes_of_a_blocks_end_and_knows_it_when_it_asks_again(
    site: PostgresqlSite,
) -> None:
    until = int(time.time()) - 5
    mine = Expiry("b1", until, 1)
    assert site.claim("pbx1", [mine, Expiry("b2", until, 2)]) == [mine, Expiry("b2", until, 2)]
    assert site.claim("pbx2", [Expiry("b1", until, 7)]) == []
    assert site.claim("pbx1", [Expiry("b1", until, 9)]) == [mine]
    # Renewed since then, it ended once more.
    assert site.claim("pbx2", [Expiry("b1", until + 1, 8)]) == [Expiry("b1", until + 1, 8)]
    # A new node hears of blocks that ended long ago.
    assert site.claim("pbx2", [Expiry("b9", until - KEPT, 8)]) == []


# Transactions that overlap

INSERT = text("INSERT INTO site_log (kind, key, at, node, body) VALUES ('block', :key, 1, 'n', '')")


def insert_alone(connection: Connection, key: str) -> None:
    """What a sequence alone would do."""
    connection.execute(INSERT, {"key": key})


def offer(connection: Connection, key: str) -> None:
    """What is done."""
    log.offer(connection, [a_change(key)])


class Reader:
    """A node that reads what comes after the last number that it took."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._number = 0
        self.taken: list[str] = []

    def read(self) -> None:
        """Take what is there."""
        with self._engine.connect() as connection:
            changes, self._number = log.after(connection, self._number, 100)
        self.taken += [change.key for change in changes]


def commit_crosswise(engine: Engine, write: Callable[[Connection, str], None]) -> list[str]:
    """Two writers, the first of which gets its number first and commits last, where it can; what a
    reader took that looks all the time."""
    reader = Reader(engine)
    slow = engine.connect().execution_options(isolation_level="READ COMMITTED")
    write(slow, "first")

    def write_second() -> None:
        with engine.connect() as connection:
            write(connection, "second")

    other = threading.Thread(target=write_second)
    other.start()
    other.join(0.5)
    reader.read()
    slow.commit()
    slow.close()
    other.join()
    reader.read()
    return reader.taken


def test_no_change_is_skipped_where_transactions_commit_crosswise(
    site: PostgresqlSite, site_url: str
) -> None:
    engine = create_pooled(parse_url(site_url))
    assert commit_crosswise(engine, offer) == ["first", "second"]
    engine.dispose()


def test_with_a_sequence_alone_one_would_be(site: PostgresqlSite, site_url: str) -> None:
    engine = create_pooled(parse_url(site_url))
    assert commit_crosswise(engine, insert_alone) == ["second"]
    engine.dispose()


def test_no_change_is_skipped_where_many_write_at_once(site: PostgresqlSite, site_url: str) -> None:
    writers, each = 4, 50
    engine = create_pooled(parse_url(site_url))
    reader = Reader(engine)

    def write(name: int) -> None:
        own = create_pooled(parse_url(site_url))
        for number in range(each):
            with own.connect() as connection:
                offer(connection, f"{name}-{number}")
        own.dispose()

    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reader.read()
    reader.read()
    assert sorted(reader.taken) == sorted(f"{n}-{i}" for n in range(writers) for i in range(each))
    for name in range(writers):
        own_order = [key for key in reader.taken if key.startswith(f"{name}-")]
        assert own_order == [f"{name}-{number}" for number in range(each)]
    engine.dispose()
