"""One row that cannot be read, or one page of the file, keeps nothing else from being read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch
from fluxcc.domain.provisioning import Room
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_block, a_call, a_survey, an_audit

MANY = 200


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with many rows in each table."""
    path = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{path}", "n")
    store.write(
        Batch(
            calls=tuple(a_call(at) for at in range(MANY)),
            blocks=tuple(a_block(f"b{at:03}") for at in range(MANY)),
            audit=tuple(an_audit(at) for at in range(MANY)),
            surveys=tuple(a_survey(f"s{at}", at) for at in range(MANY)),
            entries=tuple(Room(f"{at:05}") for at in range(MANY)),
        )
    )
    store.close()
    return path


def spoil(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement)
    connection.close()


def spoil_page(file: Path, table: str) -> None:
    """One leaf of the table's own tree, somewhere in the middle, becomes zeros."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (table,)
        ).fetchall()
    connection.close()
    (page,) = pages[len(pages) // 2]
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(bytes(size))


def read_counts(store: SqlStore) -> dict[str, int]:
    """How many rows of each table the daemon reads when it starts."""
    return {
        "blocks": len(store.live_blocks()),
        "calls": len(store.live_calls()),
        "entries": len(store.entries()),
        "audit": len(store.unfinished()),
    }


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE calls SET outcome = 'levitated' WHERE rowid = 7", "calls"),
        ("UPDATE calls SET direction = 'sideways' WHERE rowid = 7", "calls"),
        ("UPDATE calls SET started = 'noon' WHERE rowid = 7", "calls"),
        ("UPDATE calls SET number = CAST(x'fffe' AS TEXT) WHERE rowid = 7", "calls"),
        ("UPDATE blocks SET keys = '{' WHERE rowid = 7", "blocks"),
        ("UPDATE blocks SET until = 'noon' WHERE rowid = 7", "blocks"),
        ("UPDATE blocks SET number = x'00' WHERE rowid = 7", "blocks"),
        ("UPDATE entries SET kind = 'spaceship' WHERE rowid = 7", "entries"),
        ("UPDATE entries SET fields = '[]' WHERE rowid = 7", "entries"),
        ("UPDATE audit SET at = 'noon' WHERE rowid = 7", "audit"),
    ],
)
def test_a_row_that_cannot_be_read_keeps_no_other(file: Path, statement: str, table: str) -> None:
    spoil(file, statement)
    store = SqlStore(f"sqlite:///{file}", "n")
    store.open()
    counts = read_counts(store)
    assert counts == dict.fromkeys(counts, MANY) | {table: MANY - 1}
    assert store.unreadable == {table: 1}
    store.write(Batch(blocks=(a_block("new"),)))
    store.close()
    assert store.recreated == 0
    with sqlite3.connect(file) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= MANY
    connection.close()


@pytest.mark.parametrize("table", ["blocks", "calls", "entries", "audit"])
def test_a_page_that_cannot_be_read_keeps_no_other(file: Path, table: str) -> None:
    try:
        spoil_page(file, table)
    except sqlite3.OperationalError as error:
        pytest.skip(f"this SQLite has no dbstat: {error}")
    store = SqlStore(f"sqlite:///{file}", "n")
    store.open()
    counts = read_counts(store)
    assert MANY / 3 < counts.pop(table) < MANY
    assert counts == dict.fromkeys(counts, MANY)
    assert store.unreadable[table] > 0
    store.close()


def test_people_are_shown_what_can_be_read(file: Path) -> None:
    spoil(file, "UPDATE audit SET at = 'noon' WHERE rowid = 7")
    spoil(file, "UPDATE surveys SET answers = 'x' WHERE rowid = 7")
    history = History(f"sqlite:///{file}", ["n"])
    rows = history.audit(limit=MANY)
    assert len(rows) == MANY - 1
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
    assert len(history.surveys()) == MANY - 1
    assert history.unreadable == {"audit": 1, "surveys": 1}
    history.close()
