"""SQLite's file: its permissions, whether it is still the same one, and how a corrupt one is set
aside. Counterparts: ``sql_store`` and ``upkeep``."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError

FOLDER_MODE, FILE_MODE = 0o750, 0o640
WAL = "-wal"
"""Suffix of the write-ahead log: transactions that are committed and not yet in the file."""
COMPANIONS = (WAL, "-shm")
"""Suffixes of the files that SQLite puts beside its own."""
LOCK_PATIENCE, LOCK_POLL = 5.0, 0.02
"""Seconds for which another process that prepares the file is waited for, and between two tries."""
FileIdentity = tuple[int, int]
"""Device and inode. No other file gets them while a process has this one open."""
PRIMARY_CODE = 0xFF
"""The bits of SQLite's extended error codes that are the primary code."""


def is_corrupt(error: DatabaseError | sqlite3.DatabaseError) -> bool:
    """Whether the error says that the file is corrupt, or no SQLite file."""
    native = error if isinstance(error, sqlite3.DatabaseError) else error.orig
    code = getattr(native, "sqlite_errorcode", 0) & PRIMARY_CODE
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _lock(descriptor: int) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                reason = "another process has locked its folder, to create or migrate the store"
                raise BlockingIOError(errno.EWOULDBLOCK, reason) from None
            time.sleep(LOCK_POLL)
        else:
            return


class SqliteFile:
    """One path. Every method may raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, url: URL) -> SqliteFile | None:
        """The file that the URL names, None for a server."""
        if url.get_backend_name() != "sqlite":
            return None
        return cls(Path(str(url.database)))

    def identity(self, companion: str = "") -> FileIdentity | None:
        """The identity of this file, or of its companion; None where it does not exist."""
        try:
            found = os.stat(f"{self._path}{companion}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    def size(self, companion: str = "") -> int:
        """The bytes of this file, or of its companion; 0 where it does not exist."""
        try:
            return os.stat(f"{self._path}{companion}").st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from creating, migrating or replacing it; waits for them, but not
        for ever: one of them may be stopped.

        The lock is on the folder, which is created where it is missing: the file itself may have
        to be renamed meanwhile.
        """
        folder = self._path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(FOLDER_MODE)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(descriptor)
            yield
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def create(self) -> None:
        """Make an empty file where there is none. Companions of an earlier file are set aside:
        SQLite would apply its -wal to this one."""
        if self._path.exists():
            return
        self.set_aside(COMPANIONS)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE)
        os.fchmod(descriptor, FILE_MODE)
        if os.geteuid() == 0:
            # After ``fluxcc db upgrade`` as root the service must be able to use its store. SQLite
            # gives the companions the same owner.
            folder = self._path.parent.stat()
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
        os.close(descriptor)

    def set_aside(self, tails: tuple[str, ...] = ("", *COMPANIONS)) -> Path:
        """Rename it and its companions (``tails`` are their suffixes) to a dated, unused name.

        Returns that name.
        """
        dated = f"{self._path}.corrupt-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        aside, attempt = dated, 1
        while any(os.path.lexists(aside + tail) for tail in ("", *COMPANIONS)):
            attempt += 1
            aside = f"{dated}-{attempt}"
        for tail in tails:
            with suppress(FileNotFoundError):
                os.rename(f"{self._path}{tail}", aside + tail)
        return Path(aside)

    def kept_aside(self) -> list[Path]:
        """The files that were set aside, and not deleted since."""
        return sorted(self._path.parent.glob(f"{glob.escape(self._path.name)}.corrupt-*"))
