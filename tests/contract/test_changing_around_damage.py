"""One row that cannot be read, or one page of the file, keeps nothing else from being deleted,
erased, read as another person's, or found again as a reply."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch, Moment
from fluxcc.domain.blocks import BlockState
from fluxcc.domain.persons import Persons
from fluxcc.domain.retention import WITH_TEXTS, RecordKind
from fluxcc.store.sql_store import SqlStore
from tests.builders import SAO_PAULO
from tests.contract.records import NOW, a_block, a_call, a_survey, an_audit
from tests.contract.test_unreadable import spoil, spoil_page

MANY = 200
LATER = NOW + 86400.0
FIRST = Moment(float(NOW), None)
PERSONS = Persons(SAO_PAULO, "reading")
PERSON = PERSONS.find("+5511988887777")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with many old rows of one person in each table."""
    path = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{path}", "n")
    over = {"state": BlockState.EXPIRED, "ended_at": NOW + 1800.0}
    ended = {"ended": NOW + 500.0, "outcome": "answered", "sequel": f"transfer:{PERSON.seen}"}
    about = {"reason": f"as {PERSON.seen} did"}
    store.write(
        Batch(
            calls=tuple(a_call(at, **ended) for at in range(MANY)),
            blocks=tuple(a_block(f"b{at:03}", **over, **about) for at in range(MANY)),
            audit=tuple(an_audit(at, request=f"r-{at}", **about) for at in range(MANY)),
            surveys=tuple(a_survey(f"s{at:03}", at) for at in range(MANY)),
        )
    )
    store.close()
    return path


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    """The daemon's store on that file, which knows people by another reading than it was written
    by."""
    opened = SqlStore(f"sqlite:///{file}", "n", PERSONS)
    yield opened
    opened.close()


def spoil_page_or_skip(file: Path, table: str) -> None:
    try:
        spoil_page(file, table)
    except sqlite3.OperationalError as error:
        pytest.skip(f"this SQLite has no dbstat: {error}")


def fill(store: SqlStore) -> int:
    """Read every number again, in parts; how many records were looked at."""
    count = 0
    while (filled := store.fill(7)).unread:
        count += filled.rows
    return count + filled.rows


def purge(store: SqlStore, kind: RecordKind, size: int) -> int:
    """Delete in parts what is old; how much."""
    count = 0
    while deleted := store.purge(kind, LATER, size):
        count += deleted
    return count


def erase(store: SqlStore, kind: RecordKind, size: int) -> int:
    """Erase the person in parts; how many records."""
    count = 0
    while erased := store.erase(kind, PERSON, size):
        count += erased
    return count


def erase_mentions(store: SqlStore, kind: RecordKind) -> int:
    count, after = store.erase_mentions(kind, PERSON, None)
    while after is not None:
        more, after = store.erase_mentions(kind, PERSON, after)
        count += more
    return count


@pytest.mark.parametrize("kind", RecordKind)
@pytest.mark.parametrize("size", [7, 500])
def test_what_is_on_other_pages_is_deleted(
    file: Path, store: SqlStore, kind: RecordKind, size: int
) -> None:
    spoil_page_or_skip(file, kind)
    assert store.share(kind, LATER, 60.0) > 0.5
    assert MANY / 3 < purge(store, kind, size) < MANY
    assert store.purge(kind, LATER, size) == 0
    assert list(store.unreadable) == [kind]
    assert {purge(store, other, 500) for other in RecordKind if other is not kind} == {MANY}
    assert store.recreated == 0


@pytest.mark.parametrize("kind", RecordKind)
@pytest.mark.parametrize("size", [7, 500])
def test_what_is_on_other_pages_is_erased(
    file: Path, store: SqlStore, kind: RecordKind, size: int
) -> None:
    spoil_page_or_skip(file, kind)
    assert MANY / 3 < erase(store, kind, size) < MANY
    assert store.erase(kind, PERSON, size) == 0
    assert list(store.unreadable) == [kind]


@pytest.mark.parametrize("kind", WITH_TEXTS)
def test_texts_on_other_pages_are_erased(file: Path, store: SqlStore, kind: RecordKind) -> None:
    spoil_page_or_skip(file, kind)
    assert MANY / 3 < erase_mentions(store, kind) < MANY
    assert erase_mentions(store, kind) == 0


@pytest.mark.parametrize("kind", RecordKind)
def test_numbers_on_other_pages_are_read_again(
    file: Path, store: SqlStore, kind: RecordKind
) -> None:
    spoil_page_or_skip(file, kind)
    looked_at = fill(store)
    assert 3 * MANY + MANY / 3 < looked_at < 4 * MANY
    # By what was filled: the search is by the person's own column now.
    assert MANY / 3 < erase(store, kind, 500) < MANY


def test_a_reply_on_another_page_is_found(file: Path, store: SqlStore) -> None:
    spoil_page_or_skip(file, "audit")
    replies = [store.find_reply(f"r-{at}", FIRST) for at in range(MANY)]
    assert MANY / 3 < sum(reply is not None for reply in replies) < MANY
    assert all(r is None or r.asked.id == f"r-{at}" for at, r in enumerate(replies))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calls SET number = CAST(x'fffe' AS TEXT) WHERE rowid = 7",
        "UPDATE calls SET number = x'00' WHERE rowid = 7",
        "UPDATE calls SET id = 'noon' WHERE rowid = 7",
        "UPDATE blocks SET number = x'00' WHERE rowid = 7",
        "UPDATE blocks SET id = x'00' WHERE rowid = 7",
        "UPDATE surveys SET number = x'00' WHERE rowid = 7",
        "UPDATE audit SET number = x'00' WHERE rowid = 7",
        "UPDATE audit SET id = 'noon' WHERE rowid = 7",
    ],
)
def test_a_bad_row_keeps_no_other(file: Path, store: SqlStore, statement: str) -> None:
    spoil(file, statement)
    assert fill(store) == 4 * MANY - 1
    assert sum(erase(store, kind, 7) for kind in RecordKind) == 4 * MANY - 1
    for kind in RecordKind:
        store.share(kind, LATER, 60.0)


def test_a_row_that_cannot_be_read_is_no_reply(file: Path, store: SqlStore) -> None:
    spoil(file, "UPDATE audit SET nth = 'many' WHERE rowid = 7")
    assert store.find_reply("r-6", FIRST) is None
    assert store.find_reply("r-7", FIRST) is not None
    assert store.unreadable == {"audit": 1}
