"""What can happen to SQLite's file, and what the store does about it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fluxcc.core.ports import Batch
from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store import sqlite_file
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import is_current, upgrade
from tests.contract.records import a_block, a_call

BATCH = Batch(calls=(a_call(),), blocks=(a_block(),))
LATER = Batch(blocks=(a_block("b2", since=2.0),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "fluxcc.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    store = SqlStore(f"sqlite:///{path}", "pbx1")
    store.open()
    store.write(BATCH)
    yield store
    store.close()


def blocks_on_disk(path: Path) -> set[str]:
    """What another program reads in the file."""
    with closing(SqlStore(f"sqlite:///{path}", "pbx1")) as reader:
        return {block.id for block in reader.live_blocks()}


def files_beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def damage(path: Path) -> None:
    """Overwrite everything behind the first page, as a failing disk might."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def test_folder_and_files_are_closed_to_others(path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(SqlStore(f"sqlite:///{path}", "pbx1")) as store:
            store.write(BATCH)
            modes = {name: stat.S_IMODE((path.parent / name).stat().st_mode)
                     for name in files_beside(path)}  # fmt: skip
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert modes == {"fluxcc.db": 0o640, "fluxcc.db-shm": 0o640, "fluxcc.db-wal": 0o640}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    upgrade(f"sqlite:///{tmp_path}/fluxcc.db")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_path_may_hold_what_a_uri_escapes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/100% sure#1.db"
    upgrade(url)
    assert is_current(url)


def test_commits_are_synchronous_and_in_the_wal(store: SqlStore) -> None:
    with store._writer.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 1000,
    }


def test_reading_creates_nothing_and_writes_nothing(path: Path, store: SqlStore) -> None:
    nowhere = SqlStore(f"sqlite:///{path}.other", "pbx1")
    with pytest.raises(StoreUnavailableError, match="unable to open"):
        nowhere.live_calls()
    with pytest.raises(StoreUnavailableError, match="unable to open"):
        is_current(f"sqlite:///{path}.other")
    assert not Path(f"{path}.other").exists()
    with store._reader.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM calls")


@pytest.mark.parametrize("content", [b"no database" * 400, b"SQLite format 3\0" + b"x" * 8192])
def test_a_corrupt_file_is_set_aside_when_it_is_opened(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    wal = Path(f"{path}-wal")
    wal.write_bytes(b"left over")
    aside = upgrade(f"sqlite:///{path}")
    assert aside is not None
    assert re.fullmatch(r"fluxcc\.db\.corrupt-\d{8}T\d{6}Z", aside.name)
    assert aside.read_bytes() == content
    assert is_current(f"sqlite:///{path}")
    assert upgrade(f"sqlite:///{path}") is None


def test_files_set_aside_in_the_same_second_do_not_overwrite_each_other(path: Path) -> None:
    path.parent.mkdir()
    contents = [b"corrupt %d" % n * 100 for n in range(3)]
    found = []
    for content in contents:
        path.write_bytes(content)
        aside = upgrade(f"sqlite:///{path}")
        assert aside is not None
        found.append(aside.read_bytes())
        path.unlink()
    assert found == contents


def test_a_wal_without_its_file_is_not_taken_for_the_new_ones(path: Path) -> None:
    path.parent.mkdir()
    Path(f"{path}-wal").write_bytes(b"somebody's last commits")
    upgrade(f"sqlite:///{path}")
    (aside,) = path.parent.glob("*.corrupt-*-wal")
    assert aside.read_bytes() == b"somebody's last commits"


def test_a_file_that_turns_out_corrupt_in_use_is_replaced(path: Path, store: SqlStore) -> None:
    # Nothing of it is in memory any more, as after many other pages.
    store._writer.dispose()
    damage(path)
    store.write(LATER)
    assert store.recreated == 1
    assert blocks_on_disk(path) == {"b2"}
    assert any(".corrupt-" in name for name in files_beside(path))


def test_a_file_found_corrupt_when_it_is_opened_again_counts_as_recreated(
    path: Path, store: SqlStore
) -> None:
    store.close()
    damage(path)
    store.write(LATER)
    assert store.recreated == 1
    assert blocks_on_disk(path) == {"b2"}


@pytest.mark.parametrize("names", [["fluxcc.db"], ["fluxcc.db", "fluxcc.db-wal", "fluxcc.db-shm"]])
def test_a_file_deleted_in_use_is_noticed_and_a_new_one_written(
    path: Path, store: SqlStore, names: list[str]
) -> None:
    assert store.live_blocks() == [a_block()]
    for name in names:
        (path.parent / name).unlink()
    store.write(LATER)
    assert store.recreated == 1
    assert blocks_on_disk(path) == {"b2"}
    assert [block.id for block in store.live_blocks()] == ["b2"]
    store.write(BATCH)
    assert store.recreated == 1
    assert blocks_on_disk(path) == {"b1", "b2"}


def test_a_write_ahead_log_deleted_in_use_is_saved(path: Path, store: SqlStore) -> None:
    """What was acknowledged is in it alone, and a restart would find nothing of it."""
    (path.parent / "fluxcc.db-wal").unlink()
    store.write(LATER)
    assert sorted(blocks_after_a_crash(path)) == ["b1", "b2"]
    assert store.recreated == 0


def test_a_write_ahead_log_deleted_while_it_is_read_is_unavailable_until_it_is_saved(
    path: Path, store: SqlStore
) -> None:
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN").execute("SELECT * FROM blocks").fetchone()
        store.write(LATER)
        (path.parent / "fluxcc.db-wal").unlink()
        with pytest.raises(StoreUnavailableError, match="write-ahead log"):
            store.write(BATCH)
    store.write(BATCH)
    assert sorted(blocks_after_a_crash(path)) == ["b1", "b2"]


def test_a_write_ahead_log_that_ends_with_a_wipe_was_not_deleted(store: SqlStore) -> None:
    store.wipe()
    store.write(LATER)
    store.write(BATCH)
    assert store.recreated == 0


def blocks_after_a_crash(path: Path) -> set[str]:
    """What the next process finds, of which no file is open yet."""
    with tempfile.TemporaryDirectory() as folder:
        for each in path.parent.glob("fluxcc.db*"):
            shutil.copy(each, folder)
        return blocks_on_disk(Path(folder, path.name))


def test_a_process_that_is_stopped_while_it_prepares_the_store_is_not_waited_for_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suspended ``fluxcc db upgrade``: the daemon starts without its store, and tries again."""
    monkeypatch.setattr(sqlite_file, "LOCK_PATIENCE", 0.1)
    path.parent.mkdir()
    holder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with closing(SqlStore(f"sqlite:///{path}", "pbx1")) as store:
        with pytest.raises(StoreUnavailableError, match="another process has locked its folder"):
            store.open()
        os.close(holder)
        store.write(BATCH)
    assert blocks_on_disk(path) == {"b1"}


def test_a_folder_deleted_in_use_is_made_again(path: Path, store: SqlStore) -> None:
    for name in files_beside(path):
        (path.parent / name).unlink()
    path.parent.rmdir()
    store.write(LATER)
    assert blocks_on_disk(path) == {"b2"}


def test_a_file_put_in_the_place_of_ours_is_used_as_it_is(path: Path, store: SqlStore) -> None:
    backup = path.parent / "backup.db"
    with closing(SqlStore(f"sqlite:///{backup}", "pbx1")) as other:
        other.write(Batch(blocks=(a_block("from-backup"),)))
    backup.rename(path)
    store.write(LATER)
    assert store.recreated == 1
    assert blocks_on_disk(path) == {"from-backup", "b2"}


def test_a_locked_file_is_unavailable_until_it_is_unlocked(
    path: Path, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.write(LATER)
        assert store.live_blocks() == [a_block()]
    store.write(LATER)
    assert {block.id for block in store.live_blocks()} == {"b1", "b2"}
    assert store.recreated == 0


def test_a_full_disk_loses_the_batch_and_nothing_else(path: Path, store: SqlStore) -> None:
    with store._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    many = Batch(calls=tuple(a_call(n) for n in range(1, 2000)))
    with pytest.raises(StoreUnavailableError, match="full"):
        store.write(many)
    assert store.live_calls() == [a_call()]
    with store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    store.write(many)
    assert len(store.live_calls()) == 2000


def test_a_store_that_could_not_be_opened_is_opened_by_a_later_write(tmp_path: Path) -> None:
    blocker = tmp_path / "state"
    blocker.write_text("a file where the folder should be")
    with closing(SqlStore(f"sqlite:///{blocker}/fluxcc.db", "pbx1")) as store:
        with pytest.raises(StoreUnavailableError):
            store.open()
        with pytest.raises(StoreUnavailableError):
            store.write(BATCH)
        blocker.unlink()
        store.write(BATCH)
        assert store.live_blocks() == [a_block()]
        assert store.recreated == 0
