"""A good file of the store's is never set aside as corrupt."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from fluxcc.core.ports import Batch
from fluxcc.store.sql_store import SqlStore
from tests.contract.records import a_block
from tests.testing.waiting import until


def is_waited_for(folder: Path) -> bool:
    """Whether the store has the folder open too, to lock it."""
    opened = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            opened += descriptor.readlink() == folder
    return opened > 1


def test_one_that_was_away_for_a_moment_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "fluxcc.db"
    store = SqlStore(f"sqlite:///{file}", "n")
    store.write(Batch(blocks=(a_block("b1"),)))
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    file.rename(tmp_path / "away")
    writer = threading.Thread(target=store.write, args=(Batch(blocks=(a_block("b2"),)),))
    writer.start()
    # It has seen that the file is gone, and waits until it may make another.
    until(lambda: is_waited_for(tmp_path), "the writer waits")
    (tmp_path / "away").rename(file)
    os.close(folder)
    writer.join()
    store.close()
    assert not list(tmp_path.glob("*.corrupt-*"))
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM blocks").fetchone() == (2,)
    connection.close()
