"""The databases that the store's contract is held against.

PostgreSQL is started here, once a session, on a Unix socket in a folder of its own, and stopped
and removed afterwards. Where it is not installed its tests are skipped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from fluxcc.core.ports import Store
from fluxcc.store.history import History
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade
from tests.contract.fake_history import FakeHistory
from tests.fakes import FakeStore


def find_program(name: str) -> str | None:
    """Where PostgreSQL's program is: on the PATH or where Debian puts it."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def find_unprivileged_user() -> pwd.struct_passwd:
    """Whom the server runs as where the tests run as root, which it refuses."""
    names = {user.pw_name: user for user in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of an empty database on a server of our own; skips where there is none."""
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
            server.terminate()
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


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every kind of store that outlives its process."""
    return resolve_url(request, tmp_path)


def resolve_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """A store of this kind that is empty: a new file, or a new schema on the one server."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/state/fluxcc.db"
    server: str = request.getfixturevalue("postgresql_server")
    return new_schema(server)


def new_schema(server: str) -> str:
    """The URL of an empty schema on the server."""
    psycopg = pytest.importorskip("psycopg")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path={name}"


class Kept(NamedTuple):
    """One store under the contract: what the daemon uses, and what people ask of it."""

    store: Store
    history: History | FakeHistory


FAKE = "fake"
"""In place of a URL: the store of the core's tests."""


@contextmanager
def opened(url: str, node: str) -> Iterator[Kept]:
    """A node's store, in a ``with``."""
    if url == FAKE:
        fake = FakeStore()
        yield Kept(fake, FakeHistory(fake))
        return
    with closing(SqlStore(url, node)) as store, closing(History(url, [node])) as history:
        store.open()
        yield Kept(store, history)


@pytest.fixture(params=[FAKE, "sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every kind of store, the fake one of the core's tests among them."""
    return FAKE if request.param == FAKE else resolve_url(request, tmp_path)


@pytest.fixture
def kept(any_url: str) -> Iterator[Kept]:
    """An open, empty store."""
    with opened(any_url, "pbx1") as kept:
        yield kept


@pytest.fixture
def store(kept: Kept) -> Store:
    """As the daemon sees it."""
    return kept.store


@pytest.fixture
def history(kept: Kept) -> History | FakeHistory:
    """As people see it."""
    return kept.history


@pytest.fixture
def migrated_url(lasting_url: str) -> str:
    """A lasting store whose tables are there."""
    upgrade(lasting_url)
    return lasting_url
