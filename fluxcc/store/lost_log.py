"""SQLite's write-ahead log that was deleted beside its file: only connections that are open still
see what is in it, and nobody would after a restart. It is written into the file.

Counterpart: ``sql_store`` asks before each transaction.
"""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import Engine

from fluxcc.domain.errors import StoreUnavailableError
from fluxcc.store.engines import empty_wal
from fluxcc.store.sqlite_file import WAL, FileIdentity, SqliteFile, is_corrupt

log = logging.getLogger(__name__)


class WriteAheadLog:
    """The log of one file, as it is known to be."""

    def __init__(self, file: SqliteFile, writer: Engine) -> None:
        self._file = file
        self._writer = writer
        self._identity: FileIdentity | None = None

    def note(self) -> None:
        """The log that is there now is the one in use."""
        self._identity = self._file.identity(WAL)

    def is_there(self) -> bool:
        """Whether the log that was noted is still beside the file."""
        return self._file.identity(WAL) == self._identity

    def is_lost(self) -> bool:
        """Whether it was deleted while it was in use."""
        if self._identity is None:
            self.note()
        if self.is_there():
            return False
        if self._writer.pool.checkedin():  # type: ignore[attr-defined]  # a QueuePool
            return True
        # The last connection that was closed deleted it, and the next one makes it again.
        self._identity = None
        return False

    def save(self) -> bool:
        """Write it into the file; False where that is corrupt. Raises ``StoreUnavailableError``."""
        log.error("store: the write-ahead log was deleted; what is in it is saved")
        try:
            if empty_wal(self._writer):
                return True
            reason = "cannot be saved while another process reads"
        except sqlite3.DatabaseError as error:
            if is_corrupt(error):
                return False
            reason = str(error)
        raise StoreUnavailableError(f"the store's write-ahead log was deleted: {reason}")
