"""SQLite's write-ahead log does not stay as large as it became while somebody read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fluxcc.core.happenings import Happenings
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Batch
from fluxcc.store.engines import LARGEST_WAL_AT_REST
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_call
from tests.fakes import InlineRuntime, SteppedClock

BATCHES, CALLS = 40, 1_000
LONG = 20.0
"""Seconds in which even a busy machine writes the log into the file."""


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Another process holds a state of the store."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM calls").fetchone()
    try:
        yield
    finally:
        connection.close()


def grown(file: Path, store: SqlStore) -> int:
    """The log's bytes after many calls while somebody reads."""
    store.open()
    with reading(file):
        for batch in range(BATCHES):
            store.write(Batch(calls=tuple(a_call(batch * CALLS + at) for at in range(CALLS))))
        return wal(file)


def wal(file: Path) -> int:
    return file.with_name(f"{file.name}-wal").stat().st_size


def test_it_is_cut_off_at_rest(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{file}", "n")
    assert grown(file, store) > LARGEST_WAL_AT_REST
    store.write(Batch())
    assert wal(file) == 0
    store.close()


def test_it_is_cut_off_while_the_daemon_has_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{file}", "n")
    assert grown(file, store) > LARGEST_WAL_AT_REST
    for at in range(3):
        store.write(Batch(calls=(a_call(-at - 1),)))
    assert 0 < wal(file) <= LARGEST_WAL_AT_REST
    store.close()


def test_nobody_waits_for_a_reader_at_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxcc.store.engines.BUSY_TIMEOUT", LONG)
    file = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{file}", "n")
    assert grown(file, store) > LARGEST_WAL_AT_REST
    with reading(file):
        began = time.monotonic()
        store.write(Batch())
        assert time.monotonic() - began < LONG / 2
    store.close()


def test_a_daemon_without_work_has_it_cut_off(tmp_path: Path) -> None:
    """The journal tries at rest whether the store can be written."""
    file = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{file}", "n")
    assert grown(file, store) > LARGEST_WAL_AT_REST
    clock = SteppedClock()
    Journal(store, InlineRuntime(clock), clock, Happenings()).step()
    assert wal(file) == 0
    store.close()
