"""One daemon alone: what it holds ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fluxcc.domain.errors import AnotherDaemonError
from fluxcc.single import FileLock, SignOfLife

PROGRAM = """
import sys
from pathlib import Path
from fluxcc.single import FileLock, SignOfLife
FileLock(Path(sys.argv[1])).take()
life = SignOfLife()
life.take()
print(life.name, life.place, flush=True)
sys.stdin.read()
"""


@contextmanager
def another(path: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Another process that holds both: itself, its name and its place."""
    arguments = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name, place = process.stdout.readline().split()
        try:
            yield process, name, place
        finally:
            process.kill()


def test_a_lock_is_anothers_until_that_process_is_killed(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "new" / "fluxcc.db")
    with another(tmp_path / "new" / "fluxcc.db") as (process, _, _):
        for _ in range(2):
            with pytest.raises(AnotherDaemonError, match=rf"process {process.pid}\).*fluxcc\.db"):
                lock.take()
        # One that is stopped is alive.
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(AnotherDaemonError):
            lock.take()
        process.kill()
        process.wait()
        lock.take()
    lock.release()


def test_a_sign_of_life_ends_with_its_process(tmp_path: Path) -> None:
    own = SignOfLife()
    assert not own.is_alive(own.name)
    own.take()
    with another(tmp_path / "f") as (process, name, place):
        assert place == own.place
        assert own.is_alive(name)
        process.send_signal(signal.SIGSTOP)
        assert own.is_alive(name)
        process.kill()
        process.wait()
        assert not own.is_alive(name)
    assert own.is_alive(own.name)
    own.release()
    assert not own.is_alive(own.name)


def test_where_there_can_be_no_lock_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").touch()
    FileLock(tmp_path / "folder" / "fluxcc.db").take()
    os.mkfifo(tmp_path / "fluxcc.db.lock")
    FileLock(tmp_path / "link.db").path.symlink_to(tmp_path / "elsewhere")
    FileLock(tmp_path / "link.db").take()
    assert (
        caplog.messages == ["a second daemon could not be told from this one: there is no lock"] * 2
    )
    assert not (tmp_path / "elsewhere").exists()
