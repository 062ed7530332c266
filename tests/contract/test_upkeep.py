"""What looks after a store tells what it finds, and changes only what it is asked to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store import engines
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import revision, try_writing, upgrade
from tests.contract.records import a_call


def test_the_revision_of_a_store_is_told(lasting_url: str) -> None:
    assert revision(lasting_url) == ""
    upgrade(lasting_url)
    assert revision(lasting_url).isdigit()


def test_a_corrupt_file_has_no_revision_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "fluxcc.db"
    path.write_bytes(b"no database" * 999)
    assert revision(f"sqlite:///{path}") == ""
    assert path.read_bytes() == b"no database" * 999


def test_a_file_in_the_place_of_a_folder_has_no_revision(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert revision(f"sqlite:///{tmp_path}/state/fluxcc.db") == ""


def test_a_store_that_can_be_written_is_tried_without_a_trace(migrated_url: str) -> None:
    with closing(SqlStore(migrated_url, "pbx1")) as store:
        store.write(Batch(calls=(a_call(),)))
        try_writing(migrated_url)
        assert store.live_calls() == [a_call()]
        store.write(Batch(calls=(a_call(1),)))


def test_a_store_without_its_tables_cannot_be_written(lasting_url: str) -> None:
    with pytest.raises(StoreUnavailableError):
        try_writing(lasting_url)


def test_no_file_is_made_by_the_trial(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="unable to open"):
        try_writing(f"sqlite:///{tmp_path}/fluxcc.db")
    assert list(tmp_path.iterdir()) == []


def test_a_locked_file_cannot_be_written_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    upgrade(url)
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.01)
    with closing(sqlite3.connect(tmp_path / "fluxcc.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            try_writing(url)
    try_writing(url)
