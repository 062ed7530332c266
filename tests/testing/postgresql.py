"""A PostgreSQL server of the tests' own, on a Unix socket in a folder of its own, which is removed
afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def find_program(name: str) -> str | None:
    """Where PostgreSQL's program is: on the PATH or where Debian puts it."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def find_unprivileged_user() -> pwd.struct_passwd:
    """Whom the server runs as where the tests run as root, which it refuses."""
    names = {user.pw_name: user for user in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of an empty database on a server of our own, in a ``with``; skips where there is
    none."""
    initdb, postgres = find_program("initdb"), find_program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    # Not below pytest's own folder: only root may enter that one, and its path may be too long
    # for a socket.
    folder = Path(tempfile.mkdtemp(prefix="fluxcc-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        user = find_unprivileged_user()
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data = folder / "data"
    log = folder / "log"
    server = None
    try:
        subprocess.run(
            [*prefix, initdb, "-D", data, "-A", "trust", "-U", "fluxcc", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*prefix, postgres, "-D", data, "-k", folder, "-c", "listen_addresses=", "-F"],
                stdout=output,
                stderr=output,
                cwd=folder,
            )
        url = f"postgresql+psycopg://fluxcc@/postgres?host={folder}"
        await_server(url, server, log)
        yield url
    finally:
        if server is not None:
            # At once, and not when the last client has gone.
            server.send_signal(signal.SIGINT)
            server.wait(20)
        shutil.rmtree(folder)


def await_server(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server takes connections; fail with its log where it does not."""
    psycopg = pytest.importorskip("psycopg")
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url.replace("+psycopg", "", 1)).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {log.read_text()}")
            time.sleep(0.02)
        else:
            return


def empty_schema(server: str) -> str:
    """The URL of a new schema on the server."""
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", "", 1)) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path={name}"


@contextmanager
def stopped_server(url: str) -> Iterator[None]:
    """Every process of the server stands still, in a ``with``: it takes what is sent to it, and
    answers nothing."""
    data = Path(url.partition("host=")[2]) / "data"
    server = int((data / "postmaster.pid").read_text().split()[0])
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--pid", str(server), "--ppid", str(server)],
        check=True,
        capture_output=True,
        text=True,
    )
    processes = [int(each) for each in listed.stdout.split()]
    try:
        _signal(processes, signal.SIGSTOP)
        yield
    finally:
        _signal(processes, signal.SIGCONT)


def _signal(processes: Sequence[int], number: signal.Signals) -> None:
    for each in processes:
        # One that served a client may have ended since it was listed.
        with suppress(ProcessLookupError):
            os.kill(each, number)
