"""The floor of row 6: ``python -m bench.bare_promise PORT FOLDER``.

A gevent program that does what a prank cannot do without, and nothing else: read a request between
other things, commit two rows to SQLite on a thread, write a command. Counterpart: ``marking.bare``.
"""

from __future__ import annotations

import socket
import sqlite3
import sys
import time
from pathlib import Path

import gevent
from gevent import socket as green
from gevent.threadpool import ThreadPool

from bench.replay import say

REQUEST, OTHER, COMMAND = b"R", b"E", b"K"
SIZE = 8 * 1024
"""Bytes of a message, as of an event."""


def open_store(folder: Path) -> sqlite3.Connection:
    """With the daemon's own settings."""
    store = sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    for table in ("blocks", "audit"):
        store.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, text TEXT)")
    return store


def commit(store: sqlite3.Connection) -> None:
    """A block and its audit row."""
    store.execute("BEGIN IMMEDIATE")
    for table in ("blocks", "audit"):
        store.execute(f"INSERT INTO {table} (text) VALUES (?)", ("x" * 200,))  # ours
    store.execute("COMMIT")


def main(port: int, folder: Path) -> None:
    """Until the connection ends; then tell how long each took."""
    store, pool, latencies = open_store(folder), ThreadPool(1), []
    link = green.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def promise(read: float) -> None:
        pool.apply(commit, (store,))
        link.sendall(COMMAND)
        latencies.append(time.perf_counter() - read)

    waiting = b""
    while data := link.recv(256 * 1024):
        read, waiting = time.perf_counter(), waiting + data
        while len(waiting) >= SIZE:
            if waiting.startswith(REQUEST):
                gevent.spawn(promise, read)
            waiting = waiting[SIZE:]
    say(latencies=latencies)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
