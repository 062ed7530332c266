"""Who is logged in: sessions on the server's side, in memory and in a file of this process's own.

A browser holds a random name of its session and nothing else. The file keeps a digest of it, so
that who reads the file cannot use it; it is there so that a restart of this process logs nobody
out. Counterparts: ``guards`` asks at every request, ``pages.entering`` begins and ends them.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

TOUCHED_EVERY = 60.0
"""Seconds after which a use of a session is written down again."""
MOST_OF_ONE_USER = 20
"""Sessions that one user may have; a further one ends the oldest."""


class Session(msgspec.Struct, kw_only=True):
    """One log-in of one browser."""

    digest: str
    """Of the name that the browser holds."""
    user: str
    stamp: str
    """``stamp`` of the password with which it began: another one ends it."""
    csrf: str
    began: float
    used: float


class Sessions:
    """One per process. Its methods are called on the event loop, and wait for no disk."""

    def __init__(
        self, path: Path | None, idle: float, absolute: float, now: Callable[[], float]
    ) -> None:
        """``idle`` and ``absolute`` are seconds after which an unused, and any, session ends;
        without a ``path`` a restart ends all."""
        self._idle = idle
        self._absolute = absolute
        self._now = now
        self._file = SessionsFile(path) if path else None
        self._sessions = {each.digest: each for each in self._file.read()} if self._file else {}

    def begin(self, user: str, stamp: str) -> tuple[str, Session]:
        """A new session, with the name that the browser is to hold."""
        name, now = secrets.token_urlsafe(32), self._now()
        begun = Session(
            digest=digest(name),
            user=user,
            stamp=stamp,
            csrf=secrets.token_urlsafe(32),
            began=now,
            used=now,
        )
        theirs = sorted(self.of(user), key=lambda each: each.used)
        for oldest in theirs[: max(0, len(theirs) + 1 - MOST_OF_ONE_USER)]:
            self.end(oldest)
        self._put(begun)
        return name, begun

    def find(self, name: str, *, is_use: bool = True) -> Session | None:
        """The session of that name, if it goes on; one that is over is forgotten. A stream that
        only listens is no use of it."""
        found = self._sessions.get(digest(name))
        if found is None:
            return None
        now = self._now()
        if now - found.used >= self._idle or now - found.began >= self._absolute:
            self.end(found)
            return None
        if is_use:
            is_worth_writing = now - found.used >= TOUCHED_EVERY
            found.used = now
            if is_worth_writing:
                self._put(found)
        return found

    def of(self, user: str) -> list[Session]:
        """The sessions of a user."""
        return [each for each in self._sessions.values() if each.user == user]

    def end(self, session: Session) -> None:
        """Forget it."""
        self._sessions.pop(session.digest, None)
        if self._file:
            self._file.remove(session.digest)

    def end_all_of(self, user: str) -> None:
        """Forget every session of a user."""
        for each in self.of(user):
            self.end(each)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _put(self, session: Session) -> None:
        self._sessions[session.digest] = session
        if self._file:
            self._file.put(session)


class SessionsFile:
    """The sessions on disk. SQLite never waits for the disk here: what a power cut takes is a
    log-in that is repeated."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS sessions (digest TEXT PRIMARY KEY, content BLOB NOT NULL)"
        )

    def read(self) -> list[Session]:
        """Every session that it has."""
        rows = self._connection.execute("SELECT content FROM sessions")
        return [msgspec.json.decode(content, type=Session) for (content,) in rows]

    def put(self, session: Session) -> None:
        """Write one."""
        row = (session.digest, msgspec.json.encode(session))
        self._connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", row)

    def remove(self, digest: str) -> None:
        """Remove one."""
        self._connection.execute("DELETE FROM sessions WHERE digest = ?", (digest,))

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def digest(name: str) -> str:
    """What is kept of a random name: nobody can come from it to the name."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def stamp(password_hash: str) -> str:
    """A short text that another password changes, and that says nothing of it."""
    return digest(password_hash)[:16]
